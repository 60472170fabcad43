"""Undo restores every change exactly; rows that were changed again since are kept and reported."""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import peewee
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movierec import db, jobs, library
from movierec.config import LibrarySettings, Settings
from movierec.errors import Conflict, NotFound
from movierec.library import (
    FAVORITES,
    HISTORY,
    RATINGS,
    WATCHLIST,
    rating_change,
    removal_change,
    viewing_change,
    watchlist_change,
)
from tests.films import MOVIE_TITLES, movie_id
from tests.library.users import NOW, everything_of, make_user

ALIEN, HEAT, UP = "tt0078748", "tt0113277", "tt1049413"
IMDB_IDS = sorted(MOVIE_TITLES)[:6]
DAY = 86_400
_users = itertools.count(1)
undo = functools.partial(library.undo, is_unfinished=jobs.is_unfinished)
undo_step = functools.partial(library.undo_step, is_unfinished=jobs.is_unfinished)


def test_undo_reverts_the_last_change_and_undo_of_the_undo_redoes_it(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    library.rate(user, alien, 4.0, review="In space…", now=NOW)
    rated = everything_of(user)
    library.rate(user, alien, 1.0, review="", now=NOW + 1)
    worse = everything_of(user)
    result = undo(user, now=NOW + 2)
    assert everything_of(user) == rated
    assert (result.entry.what, result.entry.undone, result.reverted, result.left) == (
        "Rated Alien (1979)",
        True,
        1,
        [],
    )
    undo(user, result.by.id, now=NOW + 3)
    assert everything_of(user) == worse
    assert [(entry.what, entry.undone) for entry in library.journal_entries(user, limit=9)[1]] == [
        ("Rated Alien (1979)", False)
    ] * 2
    for _ in range(2):
        undo(user, now=NOW + 4)
    assert not any(everything_of(user).values())
    with pytest.raises(NotFound, match="nothing to undo"):
        undo(user, now=NOW + 5)
    with pytest.raises(Conflict):
        undo(user, result.entry.id, now=NOW + 5)
    entries = library.journal_entries(user, limit=9)[1]
    results = [undo(user, entry.id, now=NOW) for entry in entries if entry.undoes]
    assert [result.entry.what for result in results] == ["Undid: Rated Alien (1979)"] * 2
    assert everything_of(user) == worse


def test_undo_keeps_and_reports_rows_changed_again_since(database: Settings) -> None:
    user, alien, heat = make_user(), movie_id(ALIEN), movie_id(HEAT)
    imported = library.apply(
        user, [rating_change(alien, 2), rating_change(heat, 3)], what="Imported a file", now=NOW, job_id=7
    )
    library.rate(user, heat, 5, now=NOW + 1)
    assert imported.entry_id is not None
    result = undo(user, imported.entry_id, now=NOW + 2)
    assert (result.reverted, result.left_count, result.left) == (1, 1, [(heat, "Heat (1995)")])
    assert library.rating_of_movie(user, heat).stars == 5
    with pytest.raises(NotFound):
        library.rating_of_movie(user, alien)
    entry = library.entry_of_job(user, 7)
    assert entry is not None
    assert (entry.id, entry.size, entry.undone) == (imported.entry_id, 2, True)


def test_rating_a_movie_takes_it_off_the_watchlist_and_undo_puts_it_back(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    library.add_to_watchlist(user, alien, note="with Bob", now=NOW)
    wanted = everything_of(user)
    library.rate(user, alien, 4, now=NOW)
    assert not everything_of(user)["watchlist"]
    undo(user, now=NOW)
    assert everything_of(user) == wanted
    library.add_to_history(user, alien, "2024-05-01", now=NOW)
    assert not everything_of(user)["watchlist"]
    undo(user, now=NOW)
    db.execute("UPDATE profiles SET seen_leaves_watchlist = ? WHERE user_id = ?", False, user)
    library.rate(user, alien, 4, now=NOW)
    assert everything_of(user)["watchlist"] == wanted["watchlist"]


def test_a_change_without_effect_makes_no_journal_entry(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    library.rate(user, alien, 4, review="Quiet.", now=NOW)
    library.rate(user, alien, 4, now=NOW + 5)
    library.add_favorite(user, alien, now=NOW)
    library.add_favorite(user, alien, now=NOW)
    assert library.journal_entries(user, limit=9)[0] == 2
    assert library.rating_of_movie(user, alien).updated_at == NOW
    same = library.apply(
        user, [rating_change(alien, 4), removal_change(WATCHLIST, alien)], what="x", now=NOW + 9
    )
    assert (same.entry_id, same.same) == (None, 2)


def test_a_failed_change_set_is_rolled_back(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    with pytest.raises(NotFound):
        library.apply(
            user, [rating_change(alien, 4), rating_change(10**9, 4)], what="Imported a file", now=NOW
        )
    assert not any(everything_of(user).values())
    assert library.journal_entries(user, limit=9) == (0, [])


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of three changes, undone two at a time."""
    monkeypatch.setattr("movierec.library.apply_changes.BATCH", 3)
    monkeypatch.setattr(sys.modules["movierec.library.undo"], "BATCH", 2)


@pytest.mark.usefixtures("small_steps")
def test_a_change_set_that_fails_after_some_batches_is_rolled_back(database: Settings) -> None:
    user = make_user()
    library.rate(user, movie_id(IMDB_IDS[0]), 1, review="Before", now=NOW)
    before, entries = everything_of(user), library.journal_entries(user, limit=9)
    many = [rating_change(movie_id(movie), 4) for movie in IMDB_IDS]
    with pytest.raises(NotFound):
        library.apply(user, [*many, rating_change(10**9, 4)], what="Imported a file", now=NOW, job_id=3)
    assert (everything_of(user), library.journal_entries(user, limit=9)) == (before, entries)


@pytest.mark.usefixtures("small_steps")
def test_a_job_killed_after_some_batches_starts_over(database: Settings, monkeypatch: Any) -> None:
    user = make_user()
    many = [rating_change(movie_id(movie), 4) for movie in IMDB_IDS]

    def killed() -> Any:
        yield from many[:4]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("movierec.library.apply_changes.undo_entry", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            library.apply(user, killed(), what="Imported a file", now=NOW, job_id=3)
    assert len(everything_of(user)["ratings"]) == 3
    result = library.apply(user, many, what="Imported a file", now=NOW, job_id=3)
    assert (result.added, result.same) == (len(IMDB_IDS), 0)
    assert [entry.size for entry in library.journal_entries(user, limit=9)[1]] == [len(IMDB_IDS)]
    undo(user, now=NOW)
    assert not any(everything_of(user).values())


@pytest.mark.usefixtures("small_steps")
def test_an_interrupted_undo_is_continued(database: Settings) -> None:
    user = make_user()
    library.apply(
        user, [rating_change(movie_id(movie), 4) for movie in IMDB_IDS], what="Imported a file", now=NOW
    )
    imported = everything_of(user)
    step = undo_step(user, now=NOW)
    assert (step.is_finished, len(everything_of(user)["ratings"])) == (False, 4)
    result = undo(user, step.entry.id, now=NOW)
    assert not any(everything_of(user).values())
    assert result.by.size == len(IMDB_IDS)
    undo_step(user, result.by.id, now=NOW)
    undo(user, result.by.id, now=NOW)
    assert everything_of(user) == imported
    undo(user, now=NOW)
    assert not any(everything_of(user).values())


@pytest.mark.usefixtures("small_steps")
def test_undo_entry_deletes_the_entry_of_a_partial_undo_too(database: Settings) -> None:
    user = make_user()
    rated = [rating_change(movie_id(movie), 4) for movie in IMDB_IDS]
    entry_id = library.apply(user, rated, what="Imported a file", now=NOW).entry_id
    assert entry_id is not None
    assert not undo_step(user, entry_id, now=NOW).is_finished
    library.undo_entry(user, entry_id)
    assert not any(everything_of(user).values())
    assert library.journal_entries(user, limit=9) == (0, [])


def test_a_journal_written_by_sqlite_is_undone_on_either_database(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    library.add_to_history(user, alien, "2024-05-01", rewatch=True, now=NOW)
    before = everything_of(user)
    library.add_to_history(user, alien, "2024-05-01", rewatch=False, now=NOW)
    assert everything_of(user) != before
    db.execute("UPDATE changes SET before = REPLACE(before, '\"rewatch\":true', '\"rewatch\":1')")
    undo(user, now=NOW)
    assert everything_of(user) == before


def test_a_duplicate_id_is_not_reported_as_a_missing_movie(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user()
    library.rate(user, movie_id(ALIEN), 4, now=NOW)
    taken = db.value("SELECT MAX(id) FROM ratings")
    with monkeypatch.context() as patch:
        patch.setattr("movierec.db.allocate_ids", lambda *_: [taken])
        with pytest.raises(peewee.IntegrityError):
            library.rate(user, movie_id(HEAT), 4, now=NOW)
    with pytest.raises(NotFound):
        library.apply(user, [rating_change(10**9, 4)], what="x", now=NOW)


def test_several_changes_of_one_movie_in_one_set_apply_in_order(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    changes = [
        rating_change(alien, 4, review="A"),
        rating_change(alien, 5),
        watchlist_change(alien),
        removal_change(WATCHLIST, alien),
    ]
    library.apply(user, changes, what="Imported a file", now=NOW)
    assert (library.rating_of_movie(user, alien).stars, library.rating_of_movie(user, alien).review) == (
        5,
        "A",
    )
    undo(user, now=NOW)
    assert not any(everything_of(user).values())


def test_users_cannot_undo_changes_of_others(database: Settings) -> None:
    ann, bob = make_user(), make_user("bob")
    library.rate(ann, movie_id(ALIEN), 4, now=NOW)
    entry = library.journal_entries(ann, limit=1)[1][0]
    for entry_id in (None, entry.id):
        with pytest.raises(NotFound):
            undo(bob, entry_id, now=NOW)
    assert library.journal_entries(bob, limit=9)[0] == 0


def test_an_unfinished_import_cannot_be_undone(database: Settings) -> None:
    user, alien, heat = make_user(), movie_id(ALIEN), movie_id(HEAT)
    library.apply(user, [rating_change(alien, 4)], what="Imported a file", now=NOW, job_id=7)
    asked: list[int] = []

    def is_unfinished(job_id: int) -> bool:
        assert db.in_transaction(), "the answer must hold until the undo is committed"
        asked.append(job_id)
        return job_id == 7

    for undo_function in (library.undo, library.undo_step):
        with pytest.raises(Conflict, match="has not come to its end"):
            undo_function(user, now=NOW, is_unfinished=is_unfinished)
    library.rate(user, heat, 3, now=NOW)
    assert library.undo(user, now=NOW, is_unfinished=is_unfinished).reverted == 1
    assert asked == [7, 7], "entries without a job are not asked for"
    assert undo(user, now=NOW).reverted == 1


def test_expiry_keeps_an_import_for_its_days_whatever_follows(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    library.apply(user, [rating_change(alien, 0.5)], what="Imported a file", now=NOW, job_id=1)
    for step in range(2, 9):
        library.rate(user, alien, step / 2, now=NOW + step)
    library.delete_expired_entries(LibrarySettings(undo_days=2, undo_acts=3), NOW + DAY)
    assert [entry.at - NOW for entry in library.journal_entries(user, limit=99)[1]] == [8, 7, 6, 0]
    library.delete_expired_entries(LibrarySettings(undo_days=1, undo_acts=3), NOW + DAY + 7)
    assert [entry.at - NOW for entry in library.journal_entries(user, limit=99)[1]] == [8, 7]
    assert db.value("SELECT COUNT(*) FROM changes") == 2


def test_expiry_limits_the_rows_of_the_journal_but_keeps_the_last_entry(database: Settings) -> None:
    user, other = make_user(), make_user("bob")
    for job, chosen in ((1, IMDB_IDS[:2]), (2, IMDB_IDS[:3]), (3, IMDB_IDS)):
        changes = [rating_change(movie_id(movie), job) for movie in chosen]
        library.apply(user, changes, what="Imported a file", now=NOW, job_id=job)
    library.rate(other, movie_id(ALIEN), 4, now=NOW)
    for rows, job_ids in ((11, [3, 2, 1]), (9, [3, 2]), (7, [3, 2]), (6, [3]), (1, [3])):
        library.delete_expired_entries(LibrarySettings(undo_rows=rows), NOW)
        assert [entry.job_id for entry in library.journal_entries(user, limit=9)[1]] == job_ids, rows
    assert library.journal_entries(other, limit=9)[0] == 1


def test_undo_applies_to_the_survivor_of_a_merge(database: Settings) -> None:
    user, alien, heat = make_user(), movie_id(ALIEN), movie_id(HEAT)
    library.rate(user, alien, 4, now=NOW)
    library.rate(user, alien, 5, now=NOW)
    for table in ("ratings", "changes"):
        db.execute(f"UPDATE {table} SET movie_id = ? WHERE movie_id = ?", heat, alien)
    undo(user, now=NOW)
    assert library.rating_of_movie(user, heat).stars == 4


def test_simultaneous_undos_of_one_entry_succeed_once(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    library.rate(user, alien, 4, now=NOW)
    entry = library.journal_entries(user, limit=1)[1][0]

    def try_undo(_: int) -> str:
        try:
            return db.run_with_retry(undo, user, entry.id, now=NOW).entry.what
        except Conflict:
            return "already"
        finally:
            db.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(try_undo, range(8)))
    assert sorted(answers) == ["Rated Alien (1979)", *["already"] * 7]
    assert library.journal_entries(user, limit=9)[0] == 2


def test_concurrent_changes_are_each_undone_exactly(database: Settings) -> None:
    """The recorded row before a change is the stored one, whoever wrote it last."""
    user, movies = make_user(), list(map(movie_id, IMDB_IDS[:3]))

    def change(number: int) -> None:
        try:
            movie = movies[number % 3]
            db.run_with_retry(
                library.rate, user, movie, number % 10 / 2 + 0.5, review=str(number), now=NOW + number
            )
            db.run_with_retry(library.add_favorite, user, movie, note=str(number), now=NOW + number)
            if number % 4 == 0:
                db.run_with_retry(
                    library.apply, user, [removal_change(RATINGS, movie)], what="x", now=NOW + number
                )
        finally:
            db.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(32)))
    results = [undo(user, now=NOW) for _ in range(library.journal_entries(user, limit=1)[0])]
    assert [result.left for result in results] == [[]] * len(results)
    assert not any(everything_of(user).values())


# Property: after any changes, each undo restores exactly the state before.

movie = st.sampled_from(IMDB_IDS)
moment = st.sampled_from([None, "2024-05-01", "2024-05-01T20:15:00Z"])
CHANGES = st.one_of(
    st.tuples(st.just("rate"), movie, st.integers(1, 10), st.sampled_from([None, "", "Two\nlines “x”\t\\"])),
    st.tuples(st.just("favorite"), movie, st.just(0), st.sampled_from([None, "", "!"])),
    st.tuples(st.just("watchlist"), movie, st.just(0), st.sampled_from([None, "soon"])),
    st.tuples(st.just("history"), movie, st.integers(0, 1), moment),
    st.tuples(st.sampled_from(["unrate", "unfavorite", "off"]), movie, st.just(0), st.none()),
    st.tuples(st.just("unwatch"), movie, st.just(0), moment),
)


def change_of(kind: str, imdb_id: str, number: int, text: str | None) -> library.LibraryChange:
    movie = movie_id(imdb_id)
    factories: dict[str, Callable[[], library.LibraryChange]] = {
        "rate": lambda: rating_change(movie, number / 2, review=text),
        "favorite": lambda: library.favorite_change(movie, note=text),
        "watchlist": lambda: watchlist_change(movie, note=text),
        "history": lambda: viewing_change(movie, text, rewatch=bool(number), tags=["a,b", '"']),
        "unrate": lambda: removal_change(RATINGS, movie),
        "unfavorite": lambda: removal_change(FAVORITES, movie),
        "off": lambda: removal_change(WATCHLIST, movie),
        "unwatch": lambda: removal_change(HISTORY, movie, text or "", ""),
    }
    return factories[kind]()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change_sets=st.lists(st.lists(CHANGES, min_size=1, max_size=8), max_size=6))
def test_each_undo_restores_the_state_before(
    database: Settings, change_sets: list[list[tuple[Any, ...]]]
) -> None:
    user = make_user(f"user{next(_users)}")
    states = [everything_of(user)]
    for number, change_set in enumerate(change_sets, 1):
        changes = [change_of(*change) for change in change_set]
        if library.apply(user, changes, what=f"Change {number}", now=NOW + number).entry_id is not None:
            states.append(everything_of(user))
    for state in reversed(states[:-1]):
        result = undo(user, now=NOW + 99)
        assert (result.left, everything_of(user)) == ([], state)
