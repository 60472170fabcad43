"""Imports of one person's history: what is taken in, conflicts, repeats, dry runs, undoing, questions."""

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
from tests.exchange.import_files import NOW, TABLES, import_file, kept, new_user
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


def test_a_letterboxd_export(ada: int, tmp_path: Path) -> None:
    report = import_file(tmp_path, ada, EXPORT)
    assert report["format"] == "letterboxd"
    assert kept(ada) == {
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
    told = [(problem["file"], problem["line"], problem["outcome"]) for problem in report["problems"]]
    assert sorted(told) == [
        ("lists/best.csv", 6, "skipped"),
        ("ratings.csv", 4, "unmatched"),
        ("reviews.csv", 4, "skipped"),
    ]
    assert report["rows"] == 12


def test_twice_changes_nothing_and_says_so(ada: int, tmp_path: Path) -> None:
    first = import_file(tmp_path, ada, EXPORT)
    before = kept(ada), db.rows("SELECT * FROM waiting_rows"), db.rows("SELECT * FROM acts")
    again = import_file(tmp_path, ada, EXPORT, now=NOW + DAY)
    assert (again["nothing_changed"], again["act"]) == (True, None)
    assert again["unchanged"] == first["accepted"] + first["unchanged"]
    assert (kept(ada), db.rows("SELECT * FROM waiting_rows"), db.rows("SELECT * FROM acts")) == before


def test_a_dry_run_tells_the_same_and_changes_nothing(ada: int, tmp_path: Path) -> None:
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


def test_undo_takes_it_back_exactly(ada: int, tmp_path: Path) -> None:
    library.rate(ada, movie_id("tt0113277"), 2.0, review="Mine.", now=MAY_1 - DAY)
    before = [db.rows(f"SELECT * FROM {shelf} ORDER BY id") for shelf in TABLES]
    report = import_file(tmp_path, ada, EXPORT)
    assert kept(ada)["ratings"][1] == ("Heat", 1995, 9, "Mine.", MAY_1 - DAY, MAY_1)
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
def test_conflicts(ada: int, tmp_path: Path, policy: str, rated_at: int, stars: float) -> None:
    heat = movie_id("tt0113277")
    library.rate(ada, heat, 2.0, now=rated_at)
    report = import_file(tmp_path, ada, RATINGS + "2020-05-01,Heat,1995,u1,4.5\n", on_conflict=policy)
    assert library.rating_of_movie(ada, heat).stars == stars
    assert (report["changed"], report["kept"]) == ((1, 0) if stars == 4.5 else (0, 1))


def test_what_has_no_time_is_older_than_anything(ada: int, tmp_path: Path) -> None:
    heat = movie_id("tt0113277")
    library.rate(ada, heat, 2.0, now=MAY_1)
    assert import_file(tmp_path, ada, "title,year,rating,review\nHeat,1995,4,Good.\n")["changed"] == 1
    found = library.rating_of_movie(ada, heat)
    # a review where there was none is no conflict
    assert (found.stars, found.review) == (2.0, "Good.")


def test_of_two_rows_about_a_film_the_newer_counts(ada: int, tmp_path: Path) -> None:
    rows = (
        "title,year,rating,rated_at\nHeat,1995,4,2021-01-01\nHeat,1995,2,2020-01-01\nHeat,1995,5,2019-01-01\n"
    )
    report = import_file(tmp_path, ada, rows)
    assert (report["new"], report["same"]) == (1, 2)
    assert [row[2] for row in kept(ada)["ratings"]] == [8]
    assert import_file(tmp_path, ada, rows)["nothing_changed"]


def test_a_file_that_breaks_off_changes_nothing(ada: int, tmp_path: Path) -> None:
    entry = '{"rated_at": "2020-05-01T00:00:00Z", "rating": 9, "movie": {"title": "Heat", "year": 1995, "ids": {}}}'
    with pytest.raises(UnreadableImport, match=r"sent\.json, line 2"):
        import_file(tmp_path, ada, f"[{entry},\n{entry}", name="sent.json")
    assert not any(kept(ada).values())
    assert db.value("SELECT COUNT(*) FROM acts") == 0


# Questions


def asked(user_id: int) -> list[importing.ReviewItem]:
    return importing.review_queue(user_id, limit=100, offset=0)[1]


def test_what_is_not_certain_is_asked_once_and_the_answer_remembered(ada: int, tmp_path: Path) -> None:
    rows = RATINGS + "2020-05-01,Heat,1996,u1,4.5\n2020-05-02,The Matrx,1999,u2,3\n"
    report = import_file(tmp_path, ada, rows)
    assert (report["ambiguous"], report["accepted"]) == (2, 0)
    import_file(tmp_path, ada, rows)
    heat, matrix = asked(ada)
    assert (heat.title, heat.rows, heat.line) == ("Heat", 1, 2)
    assert heat.candidates[0].movie_id == movie_id("tt0113277")
    assert matrix.candidates[0].movie_id == movie_id("tt0133093")
    applied = importing.resolve_review(ada, heat.id, heat.candidates[0].movie_id, now=NOW)
    assert applied.added == 1
    assert [question.id for question in asked(ada)] == [matrix.id]
    assert importing.resolve_review(ada, matrix.id, None, now=NOW).added == 0
    # by another file, in another format
    report = import_file(
        tmp_path, ada, "title,year,watched_at\nHeat,1996,2020-05-03\nThe Matrx,1999,2020-05-03\n"
    )
    assert (report["new"], report["skipped"]) == (1, 1)
    assert [row[0] for row in kept(ada)["history"]] == ["Heat"]


def test_an_answer_counts_for_its_own_user_and_film(ada: int, tmp_path: Path) -> None:
    import_file(tmp_path, ada, RATINGS + "2020-05-01,Heat,1996,u1,4.5\n")
    [question] = asked(ada)
    bob = new_user("bob")
    with pytest.raises(NotFound):
        importing.resolve_review(bob, question.id, None, now=NOW)
    with pytest.raises(NotFound, match="no such movie"):
        importing.resolve_review(ada, question.id, 10**9, now=NOW)
    importing.resolve_review(ada, question.id, movie_id("tt0113277"), now=NOW)
    with pytest.raises(Conflict):
        importing.resolve_review(ada, question.id, None, now=NOW)
    # another film of that name and year, by its address
    assert import_file(tmp_path, ada, RATINGS + "2020-05-01,Heat,1996,u9,1\n")["ambiguous"] == 1
    assert import_file(tmp_path, bob, RATINGS + "2020-05-01,Heat,1996,u1,1\n")["ambiguous"] == 1


def test_withdrawing_an_import_forgets_what_it_asked(ada: int, tmp_path: Path) -> None:
    first = import_file(tmp_path, ada, RATINGS + "2020-05-01,Heat,1996,u1,4.5\n2020-05-01,Alien,1980,u2,4\n")
    heat, _ = asked(ada)
    applied = importing.resolve_review(ada, heat.id, heat.candidates[0].movie_id, now=NOW)
    assert importing.entries_of_reviews(ada, first["job"]) == [applied.entry_id]
    importing.delete_reviews(ada, first["job"])
    assert importing.entries_of_reviews(ada, first["job"]) == []
    assert asked(ada) == []


def test_names_of_one_file_that_could_be_one_film_are_asked(ada: int, tmp_path: Path) -> None:
    """A service that lists two films of one name and year, or of neighbouring ones, knows them apart."""
    report = import_file(tmp_path, ada, RATINGS + "2020-05-01,Alien,1979,u1,4\n2020-05-01,Alien,1979,u2,3\n")
    assert (report["ambiguous"], report["accepted"]) == (2, 0)
    report = import_file(tmp_path, ada, RATINGS + "2020-05-01,Alien,1979,u1,4\n2020-05-01,Alien,1980,u2,3\n")
    assert (report["ambiguous"], report["accepted"]) == (2, 0)


def test_what_is_found_elsewhere_is_taken(ada: int, tmp_path: Path) -> None:
    names: list[Any] = []

    def fetch_movies(batch: Any) -> bool:
        names.extend(batch)
        movies.upsert([movies.MovieRecord("Nobody Knows It", "tmdb", tmdb_id=77, year=2001)], NOW)
        return True

    report = import_file(tmp_path, ada, EXPORT, fetch_movies=fetch_movies)
    assert [name.title for name in names] == ["Nobody Knows It"]
    assert report["unmatched"] == 0
    assert "Nobody Knows It" in [row[0] for row in kept(ada)["ratings"]]


def test_what_comes_with_what_was_looked_up_is_taken_too(ada: int, tmp_path: Path) -> None:
    """A name that had candidates is not asked for elsewhere, but what comes for others may be its film."""
    movies.upsert([movies.MovieRecord("The Long Row", "tmdb", tmdb_id=78, year=2018)], NOW)

    def fetch_movies(_batch: Any) -> bool:
        nobody = movies.MovieRecord("Nobody Knows It", "tmdb", tmdb_id=77, year=2001)
        movies.upsert([nobody, movies.MovieRecord("The Long Row", "tmdb", tmdb_id=79, year=2020)], NOW)
        return True

    rows = "2020-05-01,Nobody Knows It,2001,u3,1\n2020-05-01,The Long Row,2020,u4,3\n"
    report = import_file(tmp_path, ada, RATINGS + rows, fetch_movies=fetch_movies)
    assert report["problems"] == []
    assert [row[:3] for row in kept(ada)["ratings"]] == [
        ("Nobody Knows It", 2001, 2),
        ("The Long Row", 2020, 6),
    ]


def test_what_waits_is_taken_once_the_catalogue_knows_it(ada: int, tmp_path: Path) -> None:
    import_file(tmp_path, ada, EXPORT)
    import_file(tmp_path, ada, RATINGS + "2020-05-01,Alien,1979,u7,4\n2020-05-01,Alien,1979,u8,3\n")
    assert [question.title for question in asked(ada)] == ["Alien", "Alien", "Nobody Knows It"]
    movies.upsert([movies.MovieRecord("Nobody Knows It", "tmdb", tmdb_id=77, year=2001)], NOW)
    # by whatever import comes next
    report = import_file(tmp_path, ada, "title,year,rating\nHeat,1995,4.5\n")
    assert report["settled"] == 1
    assert "Nobody Knows It" in [row[0] for row in kept(ada)["ratings"]]
    # two films of one name are asked about as before
    assert [question.title for question in asked(ada)] == ["Alien", "Alien"]


def test_whatever_ends_it_early_leaves_nothing(
    ada: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when all was applied: stopped by who watches it, or by an error further on."""
    rows = EXPORT["ratings.csv"] + "2020-05-01,Vertigo,1968,u8,4\n"
    before = kept(ada)

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
        assert kept(ada) == before
        assert [db.value(f"SELECT COUNT(*) FROM {each}") for each in ("acts", "changes")] == [0, 0]
        assert asked(ada) == []
    monkeypatch.undo()
    assert import_file(tmp_path, ada, rows, job_id=77)["new"] == 2


def test_what_was_answered_meanwhile_stops_nothing(
    ada: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_file(tmp_path, ada, EXPORT)
    movies.upsert([movies.MovieRecord("Nobody Knows It", "tmdb", tmdb_id=77, year=2001)], NOW)
    found = pipeline.open_references

    def and_answered(*args: Any, **options: Any) -> Any:
        names = found(*args, **options)
        for number, _ in names:
            importing.resolve_review(ada, number, None, now=NOW)
        return names

    monkeypatch.setattr(pipeline, "open_references", and_answered)
    report = import_file(tmp_path, ada, RATINGS + "2020-05-01,Vertigo,1958,u9,4\n")
    assert (report["new"], report["settled"]) == (1, 0)
    assert "Vertigo" in [row[0] for row in kept(ada)["ratings"]]


def test_of_two_rows_about_a_viewing_the_tags_are_no_more_than_it_has(ada: int, tmp_path: Path) -> None:
    rows = [f'Alien,1979,2020-05-01,"{",".join(map(str, range(first, first + 60)))}"\n' for first in (0, 60)]
    assert import_file(tmp_path, ada, "title,year,watched_at,tags\n" + "".join(rows))["accepted"] == 2
    [(*_, tags, _at)] = kept(ada)["history"]
    assert json.loads(tags) == [str(number) for number in range(100)]


def test_long_names_and_addresses_are_within_what_every_database_indexes(ada: int, tmp_path: Path) -> None:
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
    told = [(each["file"], each["outcome"]) for each in report["problems"]]
    rejected, unmatched = (
        (("diary.csv", "rejected"), ("ratings.csv", "rejected")),
        ("ratings.csv", "unmatched"),
    )
    assert sorted(told) == sorted([*rejected, unmatched, unmatched])
    assert len(asked(ada)) == 2
    meant = next(question for question in asked(ada) if question.title == title)
    importing.resolve_review(ada, meant.id, movie_id("tt0113277"), now=NOW)
    again = import_file(tmp_path, ada, f"{RATINGS}2020-05-01,{title},1979,{address},4\n")
    assert again["same"] == 1
