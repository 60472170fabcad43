"""Imports of one user's history: changes, conflicts, repetition, dry runs, undo, reviews."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from movierec import db, jobs, library, movies
from movierec.config import Settings
from movierec.errors import Conflict, NotFound, UnreadableImport
from movierec.exchange import importing
from movierec.exchange.importing import pipeline
from tests.exchange.import_files import NOW, TABLES, import_file, library_rows, new_user
from tests.films import movie_id

DAY = 86_400
MAY_1 = 1_588_291_200
RATINGS = "Date,Name,Year,Letterboxd URI,Rating\n"
DIARY = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
WATCHED = "Date,Name,Year,Letterboxd URI\n"
EXPORT = {
    "ratings.csv": RATINGS
    + "2020-05-01,Heat,1995,u1,4.5\n2020-05-01,Alien,1979,u2,5\n2020-05-01,Nobody Knows It,2001,u3,1\n",
    "diary.csv": DIARY
    + "2020-05-01,Alien,1979,e1,5,,cinema,2020-04-30\n2020-05-01,Alien,1979,e2,5,Yes,,2020-04-30\n",
    "reviews.csv": "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Review,Tags,Watched Date\n"
    '2020-05-01,Alien,1979,e1,5,,"In space,\nno one","cinema",2020-04-30\n'
    "2020-05-01,Fargo,1996,e3,,,Only words,,\n",
    "watched.csv": WATCHED + "2020-05-01,Alien,1979,u2\n2020-05-01,Fargo,1996,u4\n",
    "watchlist.csv": WATCHED + "2020-05-01,Vertigo,1958,u5\n",
    "likes/films.csv": WATCHED + "2020-05-01,Heat,1995,u1\n",
    "lists/best.csv": "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n2020-05-01,Best,,u,\n\n"
    "Position,Name,Year,URL,Description\n1,Heat,1995,u1,\n",
}


@pytest.fixture
def ada(database: Settings) -> int:
    return new_user()


def test_letterboxd_export(ada: int, tmp_path: Path) -> None:
    report = import_file(tmp_path, ada, EXPORT)
    assert report["format"] == "letterboxd"
    assert library_rows(ada) == {
        "ratings": [
            ("Alien", 1979, 10, "In space,\nno one", MAY_1, MAY_1),
            ("Heat", 1995, 9, "", MAY_1, MAY_1),
        ],
        "favorites": [("Heat", 1995, "", MAY_1)],
        "watchlist": [("Vertigo", 1958, "", MAY_1)],
        "history": [
            ("Alien", 1979, "2020-04-30", "e1", 0, '["cinema"]', MAY_1),
            ("Alien", 1979, "2020-04-30", "e2", 1, "[]", MAY_1),
            ("Fargo", 1996, "", "", 0, "[]", MAY_1),
        ],
    }
    problems = [(problem["file"], problem["line"], problem["outcome"]) for problem in report["problems"]]
    assert sorted(problems) == [
        ("lists/best.csv", 6, "skipped"),
        ("ratings.csv", 4, "unmatched"),
        ("reviews.csv", 4, "skipped"),
    ]
    assert report["rows"] == 12


def test_second_import_of_a_file_changes_nothing(ada: int, tmp_path: Path) -> None:
    first = import_file(tmp_path, ada, EXPORT)
    before = library_rows(ada), db.rows("SELECT * FROM waiting_rows"), db.rows("SELECT * FROM acts")
    again = import_file(tmp_path, ada, EXPORT, now=NOW + DAY)
    assert (again["nothing_changed"], again["act"]) == (True, None)
    assert again["unchanged"] == first["accepted"] + first["unchanged"]
    assert (library_rows(ada), db.rows("SELECT * FROM waiting_rows"), db.rows("SELECT * FROM acts")) == before


def test_dry_run_reports_the_same_and_changes_nothing(ada: int, tmp_path: Path) -> None:
    tables = (*TABLES, "acts", "film_questions", "waiting_rows", "import_problems")
    before = [db.rows(f"SELECT * FROM {table}") for table in tables]
    dry = import_file(tmp_path, ada, EXPORT, dry_run=True)
    assert [db.rows(f"SELECT * FROM {table}") for table in tables] == before
    real = import_file(tmp_path, ada, EXPORT)
    timeless = ("dry_run", "act", "job", "seconds", "rows_per_second")
    assert {k: v for k, v in dry.items() if k not in timeless} == {
        k: v for k, v in real.items() if k not in timeless
    }
    assert (dry["dry_run"], dry["act"]) == (True, None)
    heat = next(
        change for change in dry["changes"] if change["shelf"] == "ratings" and change["title"] == "Heat"
    )
    assert (heat["file"], heat["line"], heat["before"], heat["after"]["steps"]) == ("ratings.csv", 2, None, 9)


def test_undo_is_exact(ada: int, tmp_path: Path) -> None:
    library.rate(ada, movie_id("tt0113277"), 2.0, review="Mine.", now=MAY_1 - DAY)
    before = [db.rows(f"SELECT * FROM {shelf} ORDER BY id") for shelf in TABLES]
    report = import_file(tmp_path, ada, EXPORT)
    assert library_rows(ada)["ratings"][1] == ("Heat", 1995, 9, "Mine.", MAY_1 - DAY, MAY_1)
    library.undo(ada, report["act"], now=NOW, is_unfinished=jobs.is_unfinished)
    assert [db.rows(f"SELECT * FROM {shelf} ORDER BY id") for shelf in TABLES] == before


@pytest.mark.parametrize(
    ("policy", "rated_at", "stars"),
    [
        ("newest", MAY_1 - 1, 4.5),
        ("newest", MAY_1, 2.0),
        ("newest", MAY_1 + 1, 2.0),
        ("keep", MAY_1 - 1, 2.0),
        ("overwrite", MAY_1 + 1, 4.5),
    ],
)
def test_conflict_policies(ada: int, tmp_path: Path, policy: str, rated_at: int, stars: float) -> None:
    heat = movie_id("tt0113277")
    library.rate(ada, heat, 2.0, now=rated_at)
    report = import_file(tmp_path, ada, RATINGS + "2020-05-01,Heat,1995,u1,4.5\n", on_conflict=policy)
    assert library.rating_of_movie(ada, heat).stars == stars
    assert (report["changed"], report["kept"]) == ((1, 0) if stars == 4.5 else (0, 1))


def test_row_without_time_counts_as_older(ada: int, tmp_path: Path) -> None:
    heat = movie_id("tt0113277")
    library.rate(ada, heat, 2.0, now=MAY_1)
    assert import_file(tmp_path, ada, "title,year,rating,review\nHeat,1995,4,Good.\n")["changed"] == 1
    rating = library.rating_of_movie(ada, heat)
    # a review where there was none is no conflict
    assert (rating.stars, rating.review) == (2.0, "Good.")


def test_newer_of_two_rows_about_a_movie_counts(ada: int, tmp_path: Path) -> None:
    rows = (
        "title,year,rating,rated_at\nHeat,1995,4,2021-01-01\nHeat,1995,2,2020-01-01\nHeat,1995,5,2019-01-01\n"
    )
    report = import_file(tmp_path, ada, rows)
    assert (report["new"], report["same"]) == (1, 2)
    assert [row[2] for row in library_rows(ada)["ratings"]] == [8]
    assert import_file(tmp_path, ada, rows)["nothing_changed"]


def test_truncated_json_changes_nothing(ada: int, tmp_path: Path) -> None:
    entry = '{"rated_at": "2020-05-01T00:00:00Z", "rating": 9, "movie": {"title": "Heat", "year": 1995, "ids": {}}}'
    with pytest.raises(UnreadableImport, match=r"sent\.json, line 2"):
        import_file(tmp_path, ada, f"[{entry},\n{entry}", name="sent.json")
    assert not any(library_rows(ada).values())
    assert db.value("SELECT COUNT(*) FROM acts") == 0


# Reviews


def open_reviews(user_id: int) -> list[importing.ReviewItem]:
    return importing.review_queue(user_id, limit=100, offset=0)[1]


def test_uncertain_match_is_reviewed_once_and_decision_reused(ada: int, tmp_path: Path) -> None:
    rows = RATINGS + "2020-05-01,Heat,1996,u1,4.5\n2020-05-02,The Matrx,1999,u2,3\n"
    report = import_file(tmp_path, ada, rows)
    assert (report["ambiguous"], report["accepted"]) == (2, 0)
    import_file(tmp_path, ada, rows)
    heat, matrix = open_reviews(ada)
    assert (heat.title, heat.rows, heat.line) == ("Heat", 1, 2)
    assert heat.candidates[0].movie_id == movie_id("tt0113277")
    assert matrix.candidates[0].movie_id == movie_id("tt0133093")
    applied = importing.resolve_review(ada, heat.id, heat.candidates[0].movie_id, now=NOW)
    assert applied.added == 1
    assert [review.id for review in open_reviews(ada)] == [matrix.id]
    assert importing.resolve_review(ada, matrix.id, None, now=NOW).added == 0
    # by another file, in another format
    report = import_file(
        tmp_path, ada, "title,year,watched_at\nHeat,1996,2020-05-03\nThe Matrx,1999,2020-05-03\n"
    )
    assert (report["new"], report["skipped"]) == (1, 1)
    assert [row[0] for row in library_rows(ada)["history"]] == ["Heat"]


def test_decision_counts_for_its_user_and_reference(ada: int, tmp_path: Path) -> None:
    import_file(tmp_path, ada, RATINGS + "2020-05-01,Heat,1996,u1,4.5\n")
    [review] = open_reviews(ada)
    bob = new_user("bob")
    with pytest.raises(NotFound):
        importing.resolve_review(bob, review.id, None, now=NOW)
    with pytest.raises(NotFound, match="no such movie"):
        importing.resolve_review(ada, review.id, 10**9, now=NOW)
    importing.resolve_review(ada, review.id, movie_id("tt0113277"), now=NOW)
    with pytest.raises(Conflict):
        importing.resolve_review(ada, review.id, None, now=NOW)
    # another movie of that title and year, by its URI
    assert import_file(tmp_path, ada, RATINGS + "2020-05-01,Heat,1996,u9,1\n")["ambiguous"] == 1
    assert import_file(tmp_path, bob, RATINGS + "2020-05-01,Heat,1996,u1,1\n")["ambiguous"] == 1


def test_delete_reviews_of_an_import(ada: int, tmp_path: Path) -> None:
    first = import_file(tmp_path, ada, RATINGS + "2020-05-01,Heat,1996,u1,4.5\n2020-05-01,Alien,1980,u2,4\n")
    heat, _ = open_reviews(ada)
    applied = importing.resolve_review(ada, heat.id, heat.candidates[0].movie_id, now=NOW)
    assert importing.entries_of_reviews(ada, first["job"]) == [applied.entry_id]
    importing.delete_reviews(ada, first["job"])
    assert importing.entries_of_reviews(ada, first["job"]) == []
    assert open_reviews(ada) == []


def test_references_that_contest_a_movie_are_reviewed(ada: int, tmp_path: Path) -> None:
    """A service that lists two movies of one title, in the same or adjacent years, knows them as different."""
    report = import_file(tmp_path, ada, RATINGS + "2020-05-01,Alien,1979,u1,4\n2020-05-01,Alien,1979,u2,3\n")
    assert (report["ambiguous"], report["accepted"]) == (2, 0)
    report = import_file(tmp_path, ada, RATINGS + "2020-05-01,Alien,1979,u1,4\n2020-05-01,Alien,1980,u2,3\n")
    assert (report["ambiguous"], report["accepted"]) == (2, 0)


def test_fetched_movies_are_matched(ada: int, tmp_path: Path) -> None:
    names: list[Any] = []

    def fetch_movies(batch: Any) -> bool:
        names.extend(batch)
        movies.upsert([movies.MovieRecord("Nobody Knows It", "tmdb", tmdb_id=77, year=2001)], NOW)
        return True

    report = import_file(tmp_path, ada, EXPORT, fetch_movies=fetch_movies)
    assert [name.title for name in names] == ["Nobody Knows It"]
    assert report["unmatched"] == 0
    assert "Nobody Knows It" in [row[0] for row in library_rows(ada)["ratings"]]


def test_fetched_movies_are_matched_to_other_references(ada: int, tmp_path: Path) -> None:
    """A reference with candidates is not fetched, but a movie fetched for another reference may be its match."""
    movies.upsert([movies.MovieRecord("The Long Row", "tmdb", tmdb_id=78, year=2018)], NOW)

    def fetch_movies(_batch: Any) -> bool:
        nobody = movies.MovieRecord("Nobody Knows It", "tmdb", tmdb_id=77, year=2001)
        movies.upsert([nobody, movies.MovieRecord("The Long Row", "tmdb", tmdb_id=79, year=2020)], NOW)
        return True

    rows = "2020-05-01,Nobody Knows It,2001,u3,1\n2020-05-01,The Long Row,2020,u4,3\n"
    report = import_file(tmp_path, ada, RATINGS + rows, fetch_movies=fetch_movies)
    assert report["problems"] == []
    assert [row[:3] for row in library_rows(ada)["ratings"]] == [
        ("Nobody Knows It", 2001, 2),
        ("The Long Row", 2020, 6),
    ]


def test_waiting_rows_are_applied_once_the_catalogue_has_the_movie(ada: int, tmp_path: Path) -> None:
    import_file(tmp_path, ada, EXPORT)
    import_file(tmp_path, ada, RATINGS + "2020-05-01,Alien,1979,u7,4\n2020-05-01,Alien,1979,u8,3\n")
    assert [review.title for review in open_reviews(ada)] == ["Alien", "Alien", "Nobody Knows It"]
    movies.upsert([movies.MovieRecord("Nobody Knows It", "tmdb", tmdb_id=77, year=2001)], NOW)
    # by whatever import comes next
    report = import_file(tmp_path, ada, "title,year,rating\nHeat,1995,4.5\n")
    assert report["settled"] == 1
    assert "Nobody Knows It" in [row[0] for row in library_rows(ada)["ratings"]]
    # two movies of one title stay in review
    assert [review.title for review in open_reviews(ada)] == ["Alien", "Alien"]


def test_import_that_ends_early_changes_nothing(
    ada: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changes that were applied are undone, after a cancellation and after an error."""
    rows = EXPORT["ratings.csv"] + "2020-05-01,Vertigo,1968,u8,4\n"
    before = library_rows(ada)

    def stop(stage: str, _percent: int) -> None:
        if stage == "asking":
            raise KeyboardInterrupt

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    for error, options in ((KeyboardInterrupt, {"progress": stop}), (ZeroDivisionError, {})):
        if error is ZeroDivisionError:
            monkeypatch.setattr(pipeline, "store_problems", fail)
        with pytest.raises(error):
            import_file(tmp_path, ada, rows, job_id=77, **options)
        assert library_rows(ada) == before
        assert [db.value(f"SELECT COUNT(*) FROM {each}") for each in ("acts", "changes")] == [0, 0]
        assert open_reviews(ada) == []
    monkeypatch.undo()
    assert import_file(tmp_path, ada, rows, job_id=77)["new"] == 2


def test_review_resolved_during_an_import_is_ignored(
    ada: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_file(tmp_path, ada, EXPORT)
    movies.upsert([movies.MovieRecord("Nobody Knows It", "tmdb", tmdb_id=77, year=2001)], NOW)
    open_references = pipeline.open_references

    def open_and_resolve(*args: Any, **options: Any) -> Any:
        names = open_references(*args, **options)
        for number, _ in names:
            importing.resolve_review(ada, number, None, now=NOW)
        return names

    monkeypatch.setattr(pipeline, "open_references", open_and_resolve)
    report = import_file(tmp_path, ada, RATINGS + "2020-05-01,Vertigo,1958,u9,4\n")
    assert (report["new"], report["settled"]) == (1, 0)
    assert "Vertigo" in [row[0] for row in library_rows(ada)["ratings"]]


def test_merged_tags_of_a_viewing_are_limited(ada: int, tmp_path: Path) -> None:
    rows = [f'Alien,1979,2020-05-01,"{",".join(map(str, range(first, first + 60)))}"\n' for first in (0, 60)]
    assert import_file(tmp_path, ada, "title,year,watched_at,tags\n" + "".join(rows))["accepted"] == 2
    [(*_, tags, _at)] = library_rows(ada)["history"]
    assert json.loads(tags) == [str(number) for number in range(100)]


def test_long_titles_and_uris_fit_into_database_indexes(ada: int, tmp_path: Path) -> None:
    random = Random(1)
    title, address = ("".join(chr(random.randrange(0x4E00, 0x9FA5)) for _ in range(n)) for n in (500, 166))
    report = import_file(
        tmp_path,
        ada,
        {
            "diary.csv": f"{DIARY}2020-05-01,Alien,1979,{'e' * 6_000},5,,,2020-04-30\n",
            "ratings.csv": f"{RATINGS}2020-05-01,{title},1979,{address},4\n"
            f"2020-05-01,{title[:-1]}x,1979,{address},4\n2020-05-01,Heat,1995,{address}{address},4\n",
        },
    )
    problems = [(each["file"], each["outcome"]) for each in report["problems"]]
    rejected, unmatched = (
        (("diary.csv", "rejected"), ("ratings.csv", "rejected")),
        ("ratings.csv", "unmatched"),
    )
    assert sorted(problems) == sorted([*rejected, unmatched, unmatched])
    assert len(open_reviews(ada)) == 2
    meant = next(review for review in open_reviews(ada) if review.title == title)
    importing.resolve_review(ada, meant.id, movie_id("tt0113277"), now=NOW)
    again = import_file(tmp_path, ada, f"{RATINGS}2020-05-01,{title},1979,{address},4\n")
    assert again["same"] == 1
