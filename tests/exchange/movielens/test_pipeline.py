"""Import of MovieLens datasets: outcome of every row, hostile archives, changes of the catalogue."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from movierec import community, db
from movierec.config import Settings
from movierec.errors import UnreadableImport
from movierec.exchange.movielens import check_source, import_movielens
from tests import datasets

LIMIT = 50_000_000


@pytest.fixture
def run(database: Settings, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Import files by name, an archive's bytes, or a folder."""

    def run(source: dict[str, bytes] | bytes | Path, **options: Any) -> dict[str, Any]:
        if isinstance(source, dict):
            source = datasets.zip_archive(source)
        if isinstance(source, bytes):
            (tmp_path / "dataset.zip").write_bytes(source)
            source = tmp_path / "dataset.zip"
        return import_movielens(source, tmp_path, limit_bytes=LIMIT, now=1_700_000_000, **options)

    return run


def tally(report: dict[str, Any], file: str) -> tuple[int, int, int, int]:
    """Return rows, accepted, duplicates, rejected; check that they add up."""
    counts = report["files"][file]
    assert counts["rows"] == counts["accepted"] + counts["duplicates"] + counts["rejected"]
    return counts["rows"], counts["accepted"], counts["duplicates"], counts["rejected"]


def stored() -> list[tuple[int, int, int, int]]:
    """Return the community ratings as (rater, movie id, steps, time)."""
    ratings = community.all_ratings()
    return sorted(
        zip(
            ratings.raters.tolist(),
            ratings.movie_ids.tolist(),
            ratings.steps.tolist(),
            ratings.rated_at.tolist(),
            strict=True,
        )
    )


def movie_id_by(**column: Any) -> Any:
    ((name, value),) = column.items()
    return db.value(f"SELECT id FROM movies WHERE {name} = ?", value)


def test_movies_are_linked_by_imdb_id_and_missing_movies_created(run: Any) -> None:
    matching_id = movie_id_by(imdb_id="tt0114709")
    report = run(datasets.dataset_files())
    matched = db.value("SELECT COUNT(*) FROM movies WHERE movielens_id IS NOT NULL AND source = 'starter'")
    created = db.value("SELECT COUNT(*) FROM movies WHERE source = 'movielens'")
    assert report["movies"] == {"matched": matched, "created": created}
    assert matched + created == 5
    assert movie_id_by(movielens_id=1) == matching_id
    row = db.row("SELECT title, original_title, year, tmdb_id FROM movies WHERE movielens_id = 900001")
    assert row == ("The Postman", "Il Postino", 1994, 11010)


def test_ratings_are_stored_as_half_stars_with_catalogue_ids(run: Any) -> None:
    report = run(datasets.dataset_files())
    assert (report["ratings"], report["raters"], report["unchanged"]) == (4, 2, False)
    assert stored() == sorted(
        [
            (1, movie_id_by(movielens_id=1), 8, 964982703),
            (1, movie_id_by(movielens_id=6), 9, 964982224),
            (2, movie_id_by(movielens_id=296), 10, 1445714835),
            (2, movie_id_by(movielens_id=900001), 1, 1445714836),
        ]
    )


def test_folder_and_archive_give_the_same_result(run: Any, tmp_path: Path) -> None:
    first = run(datasets.write_folder(tmp_path / "ml", datasets.dataset_files()))
    again = run(datasets.dataset_files())
    assert again["unchanged"]
    assert again["files"] == first["files"]


def test_changed_ratings_replace_the_dataset(run: Any) -> None:
    run(datasets.dataset_files())
    revision = community.revision()
    report = run(datasets.dataset_files(ratings="userId,movieId,rating,timestamp\n7,1,3.0,5\n"))
    assert not report["unchanged"]
    assert stored() == [(7, movie_id_by(movielens_id=1), 6, 5)]
    assert community.revision() == revision + 1
    assert db.value("SELECT COUNT(*) FROM datasets") == db.value("SELECT COUNT(*) FROM dataset_blocks") == 1


def test_broken_rows_are_reported_by_line(run: Any) -> None:
    ratings = "\r\n".join(
        [
            "userId,movieId,rating,timestamp",
            "1,1,4.0,10",
            "1,6,4.5",  # a field too few
            "1,6,4.5,10,11",  # one too many
            "x,6,4.5,10",
            "1,,4.5,10",
            "1,6,5.5,10",
            "1,6,0,10",
            "1,6,3.3,10",
            "1,6,NaN,10",
            "1,6,1e0,10",
            "-1,6,4.5,10",
            "1,6,4.5,soon",
            "1,777,4.5,10",  # no such movie
            "99999999999,6,4.5,10",
            "",
            '"2","6","4.50","10"',  # quoted: fine
            " 3 , 6 , 4 , 10 ",  # spaces: fine
            '4,6,"4.5,10',  # an open quote
            "1,1,2.0,11",  # rated again later: the later rating counts
            "5,6,4.5,10\x00",
            "5,١,4.5,10",  # no ASCII digit
            "6,6,4.5,10",
        ]
    )
    report = run(datasets.dataset_files(ratings=ratings))
    assert tally(report, "ratings.csv") == (21, 4, 1, 16)
    messages = {problem["line"]: problem["message"] for problem in report["problems"]}
    assert sorted(messages) == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 19, 21, 22]
    assert messages[3] == "3 fields where 4 are expected"
    assert messages[7] == "rating '5.5' is not one of 0.5, 1.0 … 5.0"
    assert messages[14] == "movie 777 is not among the movies of the dataset"
    assert {problem["file"] for problem in report["problems"]} == {"ratings.csv"}
    heat, toys = movie_id_by(movielens_id=6), movie_id_by(movielens_id=1)
    assert stored() == sorted([(1, toys, 4, 11), (2, heat, 9, 10), (3, heat, 8, 10), (6, heat, 9, 10)])


def test_hundred_problems_are_listed_and_all_counted(run: Any) -> None:
    rows = ["1,777,4.0,1"] * 300 + ["1,1,9,1"] * 300 + ["1,1,4.0,1"]
    report = run(datasets.dataset_files(ratings="\n".join(["userId,movieId,rating,timestamp", *rows])))
    assert tally(report, "ratings.csv") == (601, 1, 0, 600)
    assert len(report["problems"]) == 100
    assert report["problems_total"] == 600


def test_duplicates_are_removed_in_any_order(run: Any) -> None:
    """More ratings than one partition holds, shuffled, each of them twice."""
    movielens_ids = list(range(500_001, 500_101))
    table = datasets.ratings_csv(6000, movielens_ids, 0.5).splitlines()
    header, rows = table[0], table[1:]
    shuffled = [*rows[1::2], *rows[::2], *reversed(rows)]
    report = run(
        {
            "movies.csv": datasets.movies_csv(100).encode(),
            "ratings.csv": "\n".join([header, *shuffled]).encode(),
        }
    )
    assert tally(report, "ratings.csv") == (600_000, 300_000, 300_000, 0)
    ratings = community.all_ratings()
    assert len(ratings) == 300_000
    assert len(set(zip(ratings.raters.tolist(), ratings.movie_ids.tolist(), strict=True))) == 300_000


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode("utf-8"),
        lambda text: text.encode("latin-1"),
        lambda text: text.rstrip("\n").encode("utf-8"),
    ],
    ids=["byte order mark", "utf-16", "crlf", "latin-1", "no last line feed"],
)
def test_encodings_are_detected(run: Any, encode: Callable[[str], bytes]) -> None:
    movies = 'movieId,title,genres\n900002,"Amélie (Fabuleux destin d’Amélie, Le) (2001)",Comedy\n'.replace(
        "’", "'"
    )
    ratings = "userId,movieId,rating,timestamp\n1,900002,4.5,12\n2,900002,4.5,12\n"
    report = run({"movies.csv": encode(movies), "ratings.csv": encode(ratings)})
    assert tally(report, "ratings.csv")[1] == 2
    assert db.row("SELECT title, year FROM movies WHERE movielens_id = 900002") == ("Amélie", 2001)


def test_columns_may_stand_in_any_order(run: Any) -> None:
    report = run(datasets.dataset_files(ratings="Rating,MovieID,UserID\n4.0,1,3\n3.5,6,3\n"))
    assert tally(report, "ratings.csv") == (2, 2, 0, 0)
    assert stored() == sorted(
        [(3, movie_id_by(movielens_id=1), 8, 0), (3, movie_id_by(movielens_id=6), 7, 0)]
    )


def test_dat_layout_links_movies_by_title_and_year(run: Any) -> None:
    heat = movie_id_by(imdb_id="tt0113277")
    report = run(
        {
            "movies.dat": "1::Toy Story (1995)::Animation|Children's\n6::Heat (1995)::Action\n"
            "7::Misérables, Les (1995)::Drama\n8::Heat (1999)::Drama\n".encode("latin-1"),
            "ratings.dat": b"1::1::5::978300760\n1::6::3::978302109\n2::7::1::978301968\n2::8::4::978300275\n",
            "users.dat": b"1::F::1::10::48067\n",
        }
    )
    assert tally(report, "ratings.dat") == (4, 4, 0, 0)
    assert report["files"].keys() == {"movies.dat", "ratings.dat"}
    assert report["movies"] == {"matched": 2, "created": 2}
    assert movie_id_by(movielens_id=6) == heat
    assert db.value("SELECT title FROM movies WHERE movielens_id = 7") == "Les Misérables"


def test_external_id_of_two_movies_belongs_to_the_first(run: Any) -> None:
    movies = "movieId,title,genres\n900003,One (2001),Drama\n900004,Two (2002),Drama\n"
    links = "movieId,imdbId,tmdbId\n900003,9000003,9000\n900004,9000004,9000\n"
    ratings = "userId,movieId,rating\n1,900003,4\n1,900004,3\n"
    report = run(datasets.dataset_files(movies=movies, links=links, ratings=ratings))
    assert report["movies"] == {"matched": 0, "created": 2}
    assert db.rows(
        "SELECT imdb_id, tmdb_id FROM movies WHERE movielens_id > 900000 ORDER BY movielens_id"
    ) == [
        ("tt9000003", 9000),
        ("tt9000004", None),
    ]


def test_tags_of_three_users_become_keywords(run: Any) -> None:
    tags = (
        "userId,movieId,tag,timestamp\n1,1,Pixar,1\n2,1,pixar,1\n3,1, PIXAR ,1\n3,1,pixar,2\n1,1,toys,1\n"
        f'2,1,toys,1\n2,1,,1\n2,1,{"x" * 60},1\n2,77,pixar,1\n2,6,"heist, the",1\n'
    )
    report = run(datasets.dataset_files(tags=tags))
    assert tally(report, "tags.csv") == (10, 6, 1, 3)
    keywords = db.rows(
        "SELECT keywords.name FROM movie_keywords JOIN keywords ON keywords.id = keyword_id "
        "JOIN movies ON movies.id = movie_id WHERE movielens_id = 1"
    )
    assert keywords == [("pixar",)]


def test_movies_without_better_votes_get_votes_from_ratings(run: Any) -> None:
    db.execute(
        "UPDATE movies SET source = 'tmdb', vote_count = 7, vote_average = 7.7 WHERE imdb_id = 'tt0114709'"
    )
    run(datasets.dataset_files(), minimum_raters=1)
    votes = "SELECT vote_count, vote_average FROM movies WHERE movielens_id = ?"
    assert db.row(votes, 1) == (7, 7.7)
    count, average = db.row(votes, 900001) or ()
    assert count == 1
    assert 6.0 < average < 7.0  # one lowest mark hardly moves what is usual
    assert 0 < db.value("SELECT popularity FROM movies WHERE movielens_id = 900001") < 20


def test_movies_with_few_raters_get_no_votes(run: Any) -> None:
    run(datasets.dataset_files())
    assert db.row("SELECT vote_count, vote_average FROM movies WHERE movielens_id = 900001") == (0, 0.0)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"movies": None}, "movies.csv is missing"),
        ({"ratings": None}, "ratings.csv is missing"),
        ({"movies": "movieId,name\n1,x\n"}, "movies.csv must name the columns movieId, title, genres"),
        ({"ratings": ""}, "ratings.csv must name the columns"),
        ({"ratings": "userId,movieId,rating\n"}, "No row of ratings.csv can be used"),
        ({"ratings": "userId,movieId,rating\n1,1,7\n"}, "ratings.csv, line 2: rating '7' is not"),
        ({"movies": "movieId,title,genres\nx,y,z\n"}, "No row of movies.csv can be used"),
        ({"ratings": b"\x89PNG\0\0\0\0\0\0"}, "not a text file"),
        ({"links": "movieId,imdb\n"}, "links.csv must name the columns"),
    ],
)
def test_unreadable_dataset_changes_nothing(run: Any, changed: dict[str, Any], words: str) -> None:
    before = db.rows("SELECT * FROM movies ORDER BY id")
    with pytest.raises(UnreadableImport) as refused:
        run(datasets.dataset_files(**changed))
    assert words in refused.value.detail
    assert db.rows("SELECT * FROM movies ORDER BY id") == before
    assert community.datasets() == []


def _entry(name: str, content: bytes = b"x", **attributes: Any) -> bytes:
    """Return the small dataset with one more entry that has these attributes."""
    archive = io.BytesIO(datasets.zip_archive(datasets.dataset_files()))
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as target:
        entry = zipfile.ZipInfo(name)
        for attribute, value in attributes.items():
            setattr(entry, attribute, value)
        target.writestr(entry, content)
    return archive.getvalue()


def _encrypted() -> bytes:
    """Return an archive in which ratings.csv has the flag of an encrypted entry."""
    data = bytearray(datasets.zip_archive(datasets.dataset_files()))
    place = data.index(b"PK\1\2")
    while b"ratings.csv" not in data[place : place + 80]:
        place = data.index(b"PK\1\2", place + 4)
    data[place + 8] |= 1
    return bytes(data)


def _bomb() -> bytes:
    return datasets.zip_archive(
        datasets.dataset_files(ratings=b"userId,movieId,rating\n" + b"0" * 20_000_000)
    )


def _crowded(real: bool) -> bytes:
    """Return an archive with too many entries, or with a directory that claims an enormous size."""
    if real:
        return datasets.zip_archive(
            {f"{number}.csv": b"" for number in range(1001)} | datasets.dataset_files()
        )
    data = bytearray(datasets.zip_archive(datasets.dataset_files()))
    struct.pack_into("<L", data, data.rindex(b"PK\5\6") + 12, 0x7FFFFFFF)
    return bytes(data)


def _damaged() -> bytes:
    data = bytearray(datasets.zip_archive(datasets.dataset_files()))
    start = data.index(b"ratings.csv") + 11
    data[start : start + 30] = bytes(30)
    return bytes(data)


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (lambda: b"", "empty"),
        (lambda: b"\x7fELF" * 1000, "not a zip"),
        (lambda: datasets.zip_archive(datasets.dataset_files())[:-40], "not a zip"),
        (lambda: datasets.zip_archive(datasets.dataset_files())[300:], "not a zip|damaged"),
        (lambda: _entry("../../etc/movies.csv"), "outside"),
        (lambda: _entry("/etc/passwd"), "outside"),
        (lambda: _entry("..\\ratings.csv"), "outside"),
        (lambda: _entry("C:\\ratings.csv"), "outside"),
        (lambda: _entry("link.csv", b"/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16), "symbolic"),
        (lambda: _entry("again/ratings.csv"), "two files named ratings.csv"),
        (_encrypted, "encrypted"),
        (_bomb, "100 times"),
        (
            lambda: datasets.zip_archive(datasets.dataset_files(ratings=b"1" * (LIMIT + 1))),
            "unpacks to 50,000,001 bytes",
        ),
        (lambda: _crowded(True), "too many entries"),
        (lambda: _crowded(False), "too many entries"),
        (_damaged, "damaged"),
    ],
)
def test_hostile_and_broken_archives_are_refused(run: Any, archive: Callable[[], bytes], words: str) -> None:
    with pytest.raises(UnreadableImport) as refused:
        run(archive())
    assert re.search(words, refused.value.detail), refused.value.detail
    assert community.datasets() == []


def test_overlong_line_is_one_broken_row(run: Any) -> None:
    huge = "9" * 3_000_000
    report = run(
        datasets.dataset_files(ratings=f"userId,movieId,rating\n1,1,4\n{huge},1,4\n1,6,{huge}\n2,1,3\n")
    )
    assert tally(report, "ratings.csv") == (4, 2, 0, 2)
    assert [problem["line"] for problem in report["problems"]] == [3, 4]
    assert report["problems"][0]["message"] == "longer than 65,536 bytes"
    report = run(datasets.dataset_files(tags="userId,movieId,tag\n1,1," + "é" * 3_000_000))
    assert tally(report, "tags.csv") == (1, 0, 0, 1)


class Killed(Exception):
    """Raised by a progress callback to end an import at that point."""


def test_import_killed_anywhere_and_repeated_has_the_effect_of_one_run(run: Any) -> None:
    movielens_ids = list(range(500_001, 500_401))
    source = {
        "movies.csv": datasets.movies_csv(400).encode(),
        "ratings.csv": datasets.ratings_csv(3000, movielens_ids, 0.1).encode(),
    }
    calls = 0
    ends_at = 0

    def progress(_stage: str, _percent: int) -> None:
        nonlocal calls
        calls += 1
        if calls == ends_at:
            raise Killed

    report = None
    while report is None:
        ends_at, calls = ends_at + 1, 0
        try:
            report = run(source, progress=progress)
        except Killed:
            assert community.datasets() == []
    assert ends_at > 8, "the import can hardly be stopped anywhere"
    assert tally(report, "ratings.csv") == (120_000, 120_000, 0, 0)
    assert len(stored()) == len(set(stored())) == 120_000
    assert db.value("SELECT COUNT(*) FROM movies WHERE source = 'movielens'") == 400
    assert db.value("SELECT COUNT(*) FROM datasets") == 1
    assert run(source)["unchanged"]


def test_check_source_reads_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "dataset.zip"
    path.write_bytes(
        datasets.zip_archive(datasets.dataset_files(ratings="userId,movieId,rating\nnonsense\n"))
    )
    check_source(path, LIMIT)


def test_ml_latest_small(run: Any, movielens: Path) -> None:
    report = run(movielens)
    assert tally(report, "movies.csv") == (9742, 9742, 0, 0)
    assert tally(report, "links.csv") == (9742, 9742, 0, 0)
    assert tally(report, "ratings.csv") == (100_836, 100_836, 0, 0)
    assert tally(report, "tags.csv")[0] == 3683
    assert sum(report["movies"].values()) == 9742
    assert (report["ratings"], report["raters"]) == (100_836, 610)
    assert db.value("SELECT COUNT(*) FROM movies WHERE movielens_id IS NOT NULL") == 9742
    assert db.value("SELECT title FROM movies WHERE movielens_id = 33794") == "Batman Begins"
    before = db.rows("SELECT * FROM movies ORDER BY id")
    again = run(datasets.zip_folder(movielens))
    assert again["unchanged"]
    assert again["files"] == report["files"]
    assert again["movies"] == {"matched": 9742, "created": 0}
    assert db.rows("SELECT * FROM movies ORDER BY id") == before
