"""Import of movierec exports: records, refused files, and protection of movies that other users see."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from movierec import db, jobs, library, movies
from movierec.config import Settings
from movierec.errors import UnreadableImport
from movierec.exchange import importing
from movierec.exchange.exports import FORMATS, write_export
from tests.exchange.import_files import NOW, import_file, library_rows, new_user
from tests.exchange.reading import read, records, refusals
from tests.films import movie_id

HEAD = {"format": "movierec", "version": 1}
MATRIX = {"title": "The Matrix", "year": 1999, "imdb_id": "tt0133093"}
TIME = "2020-05-17T20:15:00Z"
RATED = {"kind": "rating", "rating": 4.5, "review": "", "created_at": TIME, "updated_at": TIME}
PROFILE = {
    "kind": "profile",
    "bio": "Hello",
    "avatar": "",
    "favorite_genres": ["Drama"],
    "preferred_language": "fr",
    "mature_content": True,
    "rating_scale": 10,
    "seen_leaves_watchlist": True,
}


def lines(*records: dict[str, Any]) -> str:
    """Return a complete export in JSON Lines."""
    document = [HEAD, *records, {"kind": "end", "records": len(records)}]
    return "".join(json.dumps(record) + "\n" for record in document)


def rated(**movie: Any) -> dict[str, Any]:
    return {**RATED, "film": movie}


def exported(user_id: int, format: str) -> bytes:
    file = io.BytesIO()
    write_export(user_id, FORMATS[format], file)
    return file.getvalue()


@pytest.fixture
def ada(database: Settings) -> int:
    return new_user()


def test_export_for_letterboxd_can_be_imported(ada: int, tmp_path: Path) -> None:
    matrix, heat, up, alien = (movie_id(f"tt{n}") for n in ("0133093", "0113277", "1049413", "0078748"))
    review = ' "quoted", \r\nsecond line\n'
    changes = [
        library.rating_change(matrix, 4.5, review=review),
        library.viewing_change(matrix, "2020-05-17", tags=["cinema", "with Bea"]),
        library.viewing_change(matrix, "2021-01-01", rewatch=True),
        library.rating_change(heat, 2, review="Long."),
        library.viewing_change(up, None),
        library.watchlist_change(alien, note="soon"),
        library.favorite_change(up, note="dog"),
    ]
    library.apply(ada, changes, what="Kept", now=NOW)
    report = import_file(tmp_path, other := new_user("bea"), exported(ada, "letterboxd"))
    assert (report["format"], report["rows"], report["accepted"]) == ("movierec", 6, 6)

    def without_times(user_id: int) -> dict[str, list[Any]]:
        times = {"ratings": 2, "favorites": 1, "watchlist": 1, "history": 1}
        return {
            shelf: [row[: -times[shelf]] for row in rows] for shelf, rows in library_rows(user_id).items()
        }

    assert without_times(other) == without_times(ada)
    assert exported(other, "letterboxd") == exported(ada, "letterboxd")
    assert import_file(tmp_path, ada, exported(ada, "letterboxd"))["accepted"] == 0


def test_new_movie_is_added_as_stub_with_its_user(ada: int, tmp_path: Path) -> None:
    movie = {"title": "Nowhere Known", "year": 1999, "imdb_id": "tt9900001"}
    report = import_file(tmp_path, ada, lines(rated(**movie)))
    assert (report["new"], report["unmatched"]) == (1, 0)
    stub = movies.by_imdb_id("tt9900001")
    assert db.row("SELECT title, year, source, vote_count FROM movies WHERE id = ?", stub) == (
        "Nowhere Known",
        1999,
        "import",
        0,
    )
    assert db.value("SELECT added_by_id FROM own_ids WHERE movie_id = ?", stub) == ada
    # Whatever comes later says it better.
    movies.upsert([movies.MovieRecord("Known Well", "movielens", imdb_id="tt9900001", year=2000)], NOW)
    assert db.value("SELECT title FROM movies WHERE id = ?", stub) == "Known Well"


def test_import_does_not_change_existing_movies(ada: int, tmp_path: Path) -> None:
    before = db.rows("SELECT * FROM movies ORDER BY id")
    wrong = {**MATRIX, "title": "Spam", "original_title": "Spam", "tmdb_id": 7, "movielens_id": 8, "year": 1}
    import_file(tmp_path, ada, lines(rated(**wrong)))
    # Ids that belong to two movies add none.
    assert import_file(tmp_path, ada, lines(rated(**{**wrong, "movierec_id": "0" * 32})))["new"] == 0
    assert db.rows("SELECT * FROM movies ORDER BY id") == before


def test_rows_beyond_the_limit_of_new_movies_wait_for_review(ada: int, tmp_path: Path) -> None:
    rows = [rated(title=f"Made Up {n}", year=2000, tmdb_id=9_900_000 + n) for n in range(4)]
    first = import_file(tmp_path, ada, lines(*rows), maximum_new_movies=2)
    assert (first["new"], first["unmatched"] + first["ambiguous"]) == (2, 2)
    # The limit is of an account, not of an import.
    again = import_file(tmp_path, ada, lines(*rows), maximum_new_movies=2)
    assert (again["new"], again["same"]) == (0, 2)
    count, questions = importing.review_queue(ada, limit=10, offset=0)
    assert count == 2
    [added] = movies.upsert([movies.MovieRecord("Made Up 2", "staff", tmdb_id=9_900_002, year=2000)], NOW)
    waiting = next(question for question in questions if question.title == "Made Up 2")
    importing.resolve_review(ada, waiting.id, added, now=NOW)
    assert library.rating_of_movie(ada, added).stars == 4.5
    assert db.value("SELECT COUNT(*) FROM own_ids WHERE added_by_id = ?", ada) == 2


def test_movie_without_id_is_reviewed(ada: int, tmp_path: Path) -> None:
    report = import_file(tmp_path, ada, lines(rated(title="Nobody Knows It", year=2000)))
    assert (report["accepted"], report["unmatched"]) == (0, 1)


def test_dry_run_of_an_export_changes_nothing(ada: int, tmp_path: Path) -> None:
    before = db.value("SELECT COUNT(*) FROM movies"), exported(ada, "json")
    content = lines(PROFILE, rated(title="Nowhere Known", year=1999, tmdb_id=9_900_001), rated(**MATRIX))
    report = import_file(tmp_path, ada, content, dry_run=True)
    assert (report["new"], report["changed"], report["unmatched"]) == (1, 1, 1)
    assert (db.value("SELECT COUNT(*) FROM movies"), exported(ada, "json")) == before


def test_profile_values_that_are_set_stay(ada: int, tmp_path: Path) -> None:
    db.execute("UPDATE profiles SET bio = 'Mine' WHERE user_id = ?", ada)
    for policy, bio, outcome in (
        ("newest", "Mine", "changed"),
        ("keep", "Mine", "kept"),
        ("overwrite", "Hello", "changed"),
        ("overwrite", "Hello", "same"),
    ):
        assert import_file(tmp_path, ada, lines(PROFILE), on_conflict=policy)[outcome] == 1
        profile = db.row("SELECT bio, favorite_genres, rating_scale FROM profiles WHERE user_id = ?", ada)
        assert profile == (bio, '["Drama"]', 10)


def test_undo_of_an_import_includes_feedback(ada: int, tmp_path: Path) -> None:
    library.apply(ada, [library.rating_change(movie_id("tt0133093"), 1)], what="Rated", now=NOW)
    before = exported(ada, "json")
    feedback = {
        "kind": "feedback",
        "film": MATRIX,
        "feedback_type": "like",
        "comment": "!",
        "created_at": TIME,
    }
    report = import_file(tmp_path, ada, lines(rated(**MATRIX), feedback), on_conflict="overwrite")
    assert (report["changed"], report["new"]) == (1, 1)
    library.undo(ada, report["act"], now=NOW, is_unfinished=jobs.is_unfinished)
    assert exported(ada, "json") == before


@pytest.mark.parametrize("format", ["csv", "letterboxd"])
def test_table_saved_by_a_spreadsheet_is_accepted(ada: int, tmp_path: Path, format: str) -> None:
    """Semicolons, a header in capitals, and a blank line above it are accepted."""
    library.rate(ada, movie_id("tt0133093"), 4.5, review="One; two, three.", now=NOW)
    with zipfile.ZipFile(io.BytesIO(exported(ada, format))) as archive:
        name = next(name for name in archive.namelist() if "ratings" in name or "films" in name)
        header, *cells = csv.reader(io.StringIO(archive.read(name).decode()))
    saved = io.StringIO()
    csv.writer(saved, delimiter=";").writerows([[], list(map(str.upper, header)), *cells])
    base_name = name.rpartition("/")[2]
    report = import_file(tmp_path, other := new_user("bea"), saved.getvalue(), name=base_name)
    assert (report["format"], report["accepted"]) == ("movierec", 1)
    assert [row[:4] for row in library_rows(other)["ratings"]] == [
        ("The Matrix", 1999, 9, "One; two, three.")
    ]


@pytest.mark.parametrize(
    "ids",
    [
        ({"imdb_id": "tt9999991"}, {"imdb_id": "tt9999991"}),
        ({"movierec_id": "a" * 32}, {"movierec_id": "a" * 32}),
        ({"imdb_id": "tt9999991", "tmdb_id": 99991}, {"imdb_id": "tt9999992", "tmdb_id": 99991}),
    ],
    ids=["imdb", "own", "tmdb"],
)
def test_new_movie_of_two_rows_is_added_once(ada: int, tmp_path: Path, ids: Any) -> None:
    first, second = ids
    content = lines(
        rated(title="Nobody Knows It", year=2001, **first), rated(title="Nobody Knew It", year=2001, **second)
    )
    before = db.value("SELECT COUNT(*) FROM movies")
    report = import_file(tmp_path, ada, content)
    assert report["accepted"] > 0
    assert db.value("SELECT COUNT(*) FROM movies") == before + 1
    assert db.value("SELECT COUNT(*) FROM own_ids WHERE added_by_id = ?", ada) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Review", "a\0b"),
        ("Review", "x" * 10_001),
        ("Tags", "x" * 201),
        ("Tags", "a\0b"),
        ("Title", "x" * 501),
    ],
    ids=["NUL", "long review", "long tag", "NUL in a tag", "long title"],
)
def test_limits_of_values_in_files_for_letterboxd(tmp_path: Path, field: str, value: str) -> None:
    columns = ("tmdbID", "imdbID", "Title", "Year", "Rating", "WatchedDate", "Rewatch", "Tags", "Review")
    good = dict(zip(columns, ("", "tt0133093", "M", "1999", "4", "2020-05-17", "false", "", ""), strict=True))
    table = [",".join(row.values()) + "\n" for row in ({**good, field: value}, good)]
    content = ",".join(columns) + "\n" + "".join(table)
    _, rows = read(tmp_path, content, name="films-1.csv")
    assert [refusal.line for refusal in refusals(rows)] == [2]
    assert [record.movie.title for record in records(rows)] == ["M"]


def changed(**fields: Any) -> dict[str, Any]:
    return {**rated(**MATRIX), **fields}


@pytest.mark.parametrize(
    "record",
    [
        changed(rating=4.7),
        changed(rating="4.5"),
        changed(rating=True),
        changed(review="x" * 10_001),
        changed(review="\0"),
        changed(review="\ud800"),
        changed(created_at="yesterday"),
        changed(created_at="2020-13-01T00:00:00Z"),
        changed(film={}),
        changed(film="The Matrix"),
        changed(film={**MATRIX, "title": "x" * 501}),
        changed(film={**MATRIX, "imdb_id": "nm1"}),
        changed(film={**MATRIX, "tmdb_id": 0}),
        changed(film={**MATRIX, "movierec_id": "../../etc/passwd"}),
        changed(kind="shoe size"),
        {**PROFILE, "avatar": "javascript:alert(1)"},
        {**PROFILE, "rating_scale": 7},
        {key: value for key, value in RATED.items() if key != "rating"},
    ],
    ids=str,
)
def test_broken_record_is_rejected_and_others_imported(tmp_path: Path, record: dict[str, Any]) -> None:
    format, rows = read(tmp_path, lines(record, rated(title="Up", year=2009, imdb_id="tt1049413")))
    assert format == "movierec"
    assert [refusal.line for refusal in refusals(rows)] == [2]
    assert [record.movie.title for record in records(rows)] == ["Up"]


WHOLE = lines(rated(**MATRIX), rated(title="Up", year=2009, imdb_id="tt1049413"))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (WHOLE[: WHOLE.rindex("{")], "cut short"),
        (WHOLE[:-10], "line 4"),
        (WHOLE[: WHOLE.index("\n", 200) + 1], "cut short"),
        (WHOLE + WHOLE, "after the end"),
        (WHOLE.replace('"version": 1', '"version": 2'), "version 2"),
        (WHOLE.replace('{"kind": "rating"', "{kind: rating", 1), "line 2"),
        (WHOLE.replace('"records": 2', '"records": 3'), "cut short"),
        (WHOLE.encode().replace(b'"review": ""', b'"review": "\xff"', 1), "line 2"),
        (json.dumps(HEAD) + "\n" + '"' + "x" * 300_000, "longer"),
        (json.dumps(HEAD) + "\n[1]\n", "not a record"),
    ],
    ids=["no end", "torn", "fewer", "twice", "newer", "no JSON", "count", "no UTF-8", "endless", "a list"],
)
def test_incomplete_file_is_refused(tmp_path: Path, content: str | bytes, why: str) -> None:
    with pytest.raises(UnreadableImport, match=why):
        read(tmp_path, content)


def test_truncated_file_changes_nothing(ada: int, tmp_path: Path) -> None:
    before = exported(ada, "json")
    with pytest.raises(UnreadableImport, match="cut short"):
        import_file(tmp_path, ada, lines(PROFILE, rated(**MATRIX)).rpartition("{")[0])
    assert exported(ada, "json") == before
    assert db.value("SELECT COUNT(*) FROM acts") == 0
