"""Import of a user's own data: files, folders, pipes, dry runs, review, undo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from movierec import db
from movierec.cli import imports
from movierec.cli.imports import ImportFormat
from movierec.exchange.formats.registry import FORMATS
from tests.cli.running import Shell
from tests.exchange.reading import zip_archive
from tests.films import movie_id

RATINGS = "Date,Name,Year,Letterboxd URI,Rating\n2020-05-01,Heat,1995,u1,4.5\n2020-05-02,Alien,1980,u2,5\n"


@pytest.fixture
def ratings(tmp_path: Path) -> str:
    path = tmp_path / "ratings.csv"
    path.write_text(RATINGS)
    return str(path)


def cells(result: Any) -> dict[str, str]:
    assert result.code == 0, result
    return dict(line.split("\t") for line in result.out.splitlines())


def test_formats_are_those_of_the_daemon() -> None:
    assert [format.value for format in ImportFormat] == list(FORMATS)


def test_file_is_imported_reviewed_and_undone(ada: Shell, ratings: str) -> None:
    result = ada.run("import", ratings)
    counts = cells(result)
    assert (counts["format"], counts["rows"], counts["new"], counts["ambiguous"]) == (
        "letterboxd",
        "2",
        "1",
        "1",
    )
    assert (
        "ratings.csv:3: ambiguous: Alien (1980): a movie with this title is known, but of 1979" in result.err
    )
    assert "movierec import review" in result.err
    [question] = ada.run("import", "review", "--json").json()
    assert question["candidates"][0]["movie_detail"]["title"] == "Alien"
    assert ada.run("import", "review").rows()[0][1:4] == ["ambiguous", "Alien (1980)", "1"]
    assert "1 change" in ada.run("import", "resolve", str(question["id"]), "Alien").ok()
    ada.run("import", "resolve", str(question["id"]), "Alien").failed(1)
    assert len(ada.run("ratings", "--json").json()) == 2
    again = ada.run("import", ratings)
    assert cells(again)["same"] == "2"
    assert "Nothing was changed" in again.err
    first = ada.run("import", "list", "--ids").ok().split()[-1]
    ada.run("rate", "Heat (1995)", "1").ok()
    undone = ada.run("import", "undo", first)
    assert (undone.code, undone.out) == (0, f"Import {first} is undone: 1 change.\n")
    assert undone.err == "Not reverted, because changed since: Heat (1995)\n"
    assert [row[1] for row in ada.run("ratings").rows()] == ["Heat"]
    ada.run("import", "undo", first).failed(1)
    assert ada.run("import", "problems", first).rows() == [
        ["ratings.csv:3", "ambiguous", "Alien (1980): a movie with this title is known, but of 1979"]
    ]


def test_dry_run_prints_the_changes(ada: Shell, ratings: str) -> None:
    for arguments in (("--dry-run", ratings), (ratings, "--dry-run"), ("file", ratings, "--dry-run")):
        result = ada.run("import", *arguments)
        assert result.code == 0, result
        lines = [line.split("\t")[1:] for line in result.out.splitlines()]
        assert lines[0] == ["new", "Heat (1995)", "ratings", "", "4.5 stars"]
        assert lines[1][0] == "ambiguous"
        assert "1 new, 1 ambiguous. Nothing was changed." in result.err
    assert ada.run("ratings", "--json").json() == []
    report = ada.run("import", ratings, "--dry-run", "--json").json()["report"]
    assert (report["dry_run"], report["new"]) == (True, 1)


def test_dry_run_describes_a_viewing(ada: Shell, tmp_path: Path) -> None:
    table = tmp_path / "seen.csv"
    table.write_text('title,year,watched_at,rewatch,tags\nHeat,1995,2024-05-01,yes,"cinema, 35mm"\n')
    result = ada.run("import", str(table), "--dry-run")
    assert result.out.rstrip("\n").split("\t")[1:] == [
        "new",
        "Heat (1995)",
        "history",
        "",
        "seen 2024-05-01, again, tagged cinema, 35mm",
    ]
    assert ada.run("import", "list").rows()[0][2] == "yes"


def test_folders_zip_archives_and_pipes_are_imported(ada: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "letterboxd-ada"
    (folder / "likes").mkdir(parents=True)
    (folder / "ratings.csv").write_text(RATINGS)
    (folder / "likes" / "films.csv").write_text("Date,Name,Year,Letterboxd URI\n2020-05-01,Heat,1995,u1\n")
    (folder / "picture.png").write_bytes(b"\x89PNG" * 100)
    (folder / "elsewhere.csv").symlink_to("/etc/passwd")
    assert cells(ada.run("import", str(folder)))["new"] == "2"
    archive = tmp_path / "export.zip"
    archive.write_bytes(zip_archive({"ratings.csv": RATINGS}))
    assert cells(ada.run("import", str(archive)))["same"] == "1"
    assert cells(ada.run("import", "-", stdin=RATINGS))["rows"] == "2"
    watched = "Date,Name,Year,Letterboxd URI\n2020-05-01,Alien,1979,u2\n"
    assert "under its original name" in ada.run("import", "-", stdin=watched).err
    assert cells(ada.run("import", "-", "--name", "watchlist.csv", stdin=watched))["new"] == "1"


def test_unreadable_file_exits_with_2(ada: Shell, tmp_path: Path) -> None:
    assert "matches no known format" in ada.run("import", str(_file(tmp_path, "hello\n"))).failed(2)
    assert "empty" in ada.run("import", str(_file(tmp_path, ""))).failed(2)
    assert "does not match the format" in ada.run(
        "import", "-f", "imdb", str(_file(tmp_path, RATINGS))
    ).failed(2)
    (tmp_path / "folder").mkdir()
    assert "is a folder without a" in ada.run("import", str(tmp_path / "folder")).failed(2)
    assert ada.run("import", str(tmp_path / "absent.csv")).code == 2
    entry = {"rated_at": "2020-05-01T00:00:00Z", "rating": 9, "movie": {"title": "Heat", "year": 1995}}
    broken = ada.run("import", str(_file(tmp_path, f"[{json.dumps(entry)},\n")))
    assert (broken.code, broken.out) == (2, "")
    assert "sent.csv, line 2" in broken.err
    assert ada.run("ratings", "--json").json() == []


def _file(folder: Path, content: str) -> Path:
    path = folder / "sent.csv"
    path.write_text(content)
    return path


def test_review_asks_questions_at_a_terminal(ada: Shell, tmp_path: Path) -> None:
    rows = "title,year,rating\nAlien,1980,5\nHeat,1996,4\nNobody Knows It,2001,2\nGladiator,1991,3\n"
    ada.run("import", str(_file(tmp_path, rows)))
    # the first by its number, one skipped, one for later, the last by its title
    result = ada.run_at_terminal("import", "review", typed="1\ns\n\nSpider-Man 2\n")
    assert result.code == 0, result
    assert "[1/4] Alien (1980)" in result.out
    assert "rated 5" in result.out
    assert "Skipped." in result.out
    assert "3 of 4 answered" in result.err
    assert {row[0] for row in db.rows("SELECT movie_id FROM ratings")} == {
        movie_id("tt0078748"),
        movie_id("tt0316654"),
    }
    assert "[1/1] " in ada.run_at_terminal("import", "review", typed="q\n").out


def test_questions_are_resolved_in_a_script(ada: Shell, ratings: str) -> None:
    ada.run("import", ratings)
    number = ada.run("import", "review", "--ids").ok().strip()
    ada.run("import", "resolve", number).failed(2)
    ada.run("import", "resolve", number, "Alien", "--leave-out").failed(2)
    ada.run("import", "resolve", "999", "--leave-out").failed(3)
    ada.run("import", "resolve", number, "--leave-out").ok()
    assert cells(ada.run("import", ratings))["skipped"] == "1"
    ada.run("import", "resolve", number, "--forget").ok()
    assert cells(ada.run("import", ratings))["ambiguous"] == "1"


def test_scale_and_conflict_policy(ada: Shell, tmp_path: Path) -> None:
    ada.run("rate", "Heat (1995)", "2").ok()
    path = _file(tmp_path, "title,year,rating\nHeat,1995,70\nAlien,1979,55\n")
    result = ada.run("import", "--scale", "100", "--on-conflict", "overwrite", str(path))
    assert (cells(result)["changed"], cells(result)["rejected"]) == ("1", "1")
    assert "falls between two half stars" in result.err
    assert ada.run("ratings", "--json").json()[0]["rating"] == 3.5


@pytest.mark.parametrize("option", [(), ("--dry-run",), ("--json",)])
def test_import_of_rejected_rows_only_fails(ada: Shell, tmp_path: Path, option: tuple[str, ...]) -> None:
    path = _file(tmp_path, "title,year,rating\nHeat,1995,8\n")
    result = ada.run("import", *option, str(path))
    assert result.code == 2
    assert "Nothing was imported: 1 rejected." in result.err
    assert "already in your library" not in result.err
    assert "(try --scale 10)" in result.out + result.err
    path = _file(tmp_path, "title,year,rating\nHeat,1995,8\nAlien,1979,4\n")
    assert ada.run("import", *option, str(path)).code == 0


def test_reported_file_name(tmp_path: Path) -> None:
    """The folder is included only where Letterboxd's files have the same name."""
    names = {
        "r2w/r10.csv": "r10.csv",
        "likes/films.csv": "likes/films.csv",
        "deleted/diary.csv": "deleted/diary.csv",
    }
    for path, name in names.items():
        assert imports._reported_name(tmp_path / path) == name


def test_unknown_import_exits_with_3(ada: Shell) -> None:
    for command in ("undo", "problems"):
        assert "There is no import 7. See: movierec import list" in ada.run("import", command, "7").failed(3)
