"""Every change can be taken back, exactly; what was changed again since is left alone and told."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import peewee
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movierec import db, library
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
from tests import films
from tests.films import movie_id
from tests.library.users import NOW, everything_of, make_user

ALIEN, HEAT, UP = "tt0078748", "tt0113277", "tt1049413"
FILMS = sorted(films.MOVIES)[:6]
DAY = 86_400
_users = itertools.count(1)


def test_the_last_change_is_taken_back_and_brought_again(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    library.rate(user, alien, 4.0, review="In space…", now=NOW)
    rated = everything_of(user)
    library.rate(user, alien, 1.0, review="", now=NOW + 1)
    worse = everything_of(user)
    undone = library.undo(user, now=NOW + 2)
    assert everything_of(user) == rated
    assert (undone.act.what, undone.act.undone, undone.reverted, undone.left) == (
        "Rated Alien (1979)",
        True,
        1,
        [],
    )
    library.undo(user, undone.by.id, now=NOW + 3)
    assert everything_of(user) == worse
    assert [(act.what, act.undone) for act in library.journal_entries(user, limit=9)[1]] == [
        ("Rated Alien (1979)", False)
    ] * 2
    for _ in range(2):
        library.undo(user, now=NOW + 4)
    assert not any(everything_of(user).values())
    with pytest.raises(NotFound, match="nothing to undo"):
        library.undo(user, now=NOW + 5)
    with pytest.raises(Conflict):
        library.undo(user, undone.act.id, now=NOW + 5)
    everything = [
        library.undo(user, act.id, now=NOW) for act in library.journal_entries(user, limit=9)[1] if act.undoes
    ]
    assert [one.act.what for one in everything] == ["Undid: Rated Alien (1979)"] * 2
    assert everything_of(user) == worse


def test_what_was_changed_again_is_left_and_told(database: Settings) -> None:
    user, alien, heat = make_user(), movie_id(ALIEN), movie_id(HEAT)
    done = library.apply(
        user, [rating_change(alien, 2), rating_change(heat, 3)], what="Imported a file", now=NOW, job_id=7
    )
    library.rate(user, heat, 5, now=NOW + 1)
    assert done.act_id is not None
    undone = library.undo(user, done.act_id, now=NOW + 2)
    assert (undone.reverted, undone.left_count, undone.left) == (1, 1, [(heat, "Heat (1995)")])
    assert library.rating_of_movie(user, heat).stars == 5
    with pytest.raises(NotFound):
        library.rating_of_movie(user, alien)
    act = library.entry_of_job(user, 7)
    assert act is not None
    assert (act.id, act.size, act.undone) == (done.act_id, 2, True)


def test_seeing_a_film_takes_it_off_the_watchlist_and_undoing_puts_it_back(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    library.add_to_watchlist(user, alien, note="with Bob", now=NOW)
    wanted = everything_of(user)
    library.rate(user, alien, 4, now=NOW)
    assert not everything_of(user)["watchlist"]
    library.undo(user, now=NOW)
    assert everything_of(user) == wanted
    library.add_to_history(user, alien, "2024-05-01", now=NOW)
    assert not everything_of(user)["watchlist"]
    library.undo(user, now=NOW)
    db.execute("UPDATE profiles SET seen_leaves_watchlist = ? WHERE user_id = ?", False, user)
    library.rate(user, alien, 4, now=NOW)
    assert everything_of(user)["watchlist"] == wanted["watchlist"]


def test_nothing_changed_is_no_act(database: Settings) -> None:
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
    assert (same.act_id, same.same) == (None, 2)


def test_a_change_that_fails_leaves_nothing(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    with pytest.raises(NotFound):
        library.apply(
            user, [rating_change(alien, 4), rating_change(10**9, 4)], what="Imported a file", now=NOW
        )
    assert not any(everything_of(user).values())
    assert library.journal_entries(user, limit=9) == (0, [])


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three films are many."""
    monkeypatch.setattr("movierec.library.apply_changes.BATCH", 3)
    monkeypatch.setattr("movierec.library.inverse_changes.BATCH", 2)


@pytest.mark.usefixtures("small_steps")
def test_many_changes_that_fail_half_way_leave_nothing(database: Settings) -> None:
    user = make_user()
    library.rate(user, movie_id(FILMS[0]), 1, review="Before", now=NOW)
    before, acts = everything_of(user), library.journal_entries(user, limit=9)
    many = [rating_change(movie_id(film), 4) for film in FILMS]
    with pytest.raises(NotFound):
        library.apply(user, [*many, rating_change(10**9, 4)], what="Imported a file", now=NOW, job_id=3)
    assert (everything_of(user), library.journal_entries(user, limit=9)) == (before, acts)


@pytest.mark.usefixtures("small_steps")
def test_a_job_that_was_killed_half_way_begins_anew(database: Settings, monkeypatch: Any) -> None:
    user = make_user()
    many = [rating_change(movie_id(film), 4) for film in FILMS]

    def killed() -> Any:
        yield from many[:4]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("movierec.library.apply_changes.undo_entry", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            library.apply(user, killed(), what="Imported a file", now=NOW, job_id=3)
    assert len(everything_of(user)["ratings"]) == 3
    done = library.apply(user, many, what="Imported a file", now=NOW, job_id=3)
    assert (done.added, done.same) == (len(FILMS), 0)
    assert [act.size for act in library.journal_entries(user, limit=9)[1]] == [len(FILMS)]
    library.undo(user, now=NOW)
    assert not any(everything_of(user).values())


@pytest.mark.usefixtures("small_steps")
def test_undoing_that_was_broken_off_is_gone_on_with(database: Settings) -> None:
    user = make_user()
    library.apply(user, [rating_change(movie_id(film), 4) for film in FILMS], what="Imported a file", now=NOW)
    imported = everything_of(user)
    step = library.undo_step(user, now=NOW)
    assert (step.is_finished, len(everything_of(user)["ratings"])) == (False, 4)
    undone = library.undo(user, step.act.id, now=NOW)
    assert not any(everything_of(user).values())
    assert undone.by.size == len(FILMS)
    library.undo_step(user, undone.by.id, now=NOW)
    library.undo(user, undone.by.id, now=NOW)
    assert everything_of(user) == imported
    library.undo(user, now=NOW)
    assert not any(everything_of(user).values())


@pytest.mark.usefixtures("small_steps")
def test_what_is_taken_back_leaves_nothing_that_undid_a_part_of_it(database: Settings) -> None:
    user = make_user()
    rated = [rating_change(movie_id(film), 4) for film in FILMS]
    act = library.apply(user, rated, what="Imported a file", now=NOW).act_id
    assert act is not None
    assert not library.undo_step(user, act, now=NOW).is_finished
    library.undo_entry(user, act)
    assert not any(everything_of(user).values())
    assert library.journal_entries(user, limit=9) == (0, [])


def test_a_journal_that_sqlite_wrote_is_undone_anywhere(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    library.add_to_history(user, alien, "2024-05-01", rewatch=True, now=NOW)
    before = everything_of(user)
    library.add_to_history(user, alien, "2024-05-01", rewatch=False, now=NOW)
    assert everything_of(user) != before
    db.execute("UPDATE changes SET before = REPLACE(before, '\"rewatch\":true', '\"rewatch\":1')")
    library.undo(user, now=NOW)
    assert everything_of(user) == before


def test_a_number_taken_twice_is_not_called_a_film_that_is_not_there(
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


def test_one_film_told_twice_in_one_go(database: Settings) -> None:
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
    library.undo(user, now=NOW)
    assert not any(everything_of(user).values())


def test_nobody_undoes_what_another_did(database: Settings) -> None:
    ann, bob = make_user(), make_user("bob")
    library.rate(ann, movie_id(ALIEN), 4, now=NOW)
    act = library.journal_entries(ann, limit=1)[1][0]
    for act_id in (None, act.id):
        with pytest.raises(NotFound):
            library.undo(bob, act_id, now=NOW)
    assert library.journal_entries(bob, limit=9)[0] == 0


def test_the_journal_forgets_but_keeps_an_import_for_its_days(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    library.apply(user, [rating_change(alien, 0.5)], what="Imported a file", now=NOW, job_id=1)
    for step in range(2, 9):
        library.rate(user, alien, step / 2, now=NOW + step)
    library.delete_expired_entries(LibrarySettings(undo_days=2, undo_acts=3), NOW + DAY)
    assert [act.at - NOW for act in library.journal_entries(user, limit=99)[1]] == [8, 7, 6, 0]
    library.delete_expired_entries(LibrarySettings(undo_days=1, undo_acts=3), NOW + DAY + 7)
    assert [act.at - NOW for act in library.journal_entries(user, limit=99)[1]] == [8, 7]
    assert db.value("SELECT COUNT(*) FROM changes") == 2


def test_the_journal_holds_so_many_rows_and_the_last_act_in_any_case(database: Settings) -> None:
    user, other = make_user(), make_user("bob")
    for job, chosen in ((1, FILMS[:2]), (2, FILMS[:3]), (3, FILMS)):
        changes = [rating_change(movie_id(film), job) for film in chosen]
        library.apply(user, changes, what="Imported a file", now=NOW, job_id=job)
    library.rate(other, movie_id(ALIEN), 4, now=NOW)
    for rows, jobs in ((11, [3, 2, 1]), (9, [3, 2]), (7, [3, 2]), (6, [3]), (1, [3])):
        library.delete_expired_entries(LibrarySettings(undo_rows=rows), NOW)
        assert [act.job_id for act in library.journal_entries(user, limit=9)[1]] == jobs, rows
    assert library.journal_entries(other, limit=9)[0] == 1


def test_a_film_that_took_the_place_of_another_is_undone_in_its_stead(database: Settings) -> None:
    user, alien, heat = make_user(), movie_id(ALIEN), movie_id(HEAT)
    library.rate(user, alien, 4, now=NOW)
    library.rate(user, alien, 5, now=NOW)
    for table in ("ratings", "changes"):
        db.execute(f"UPDATE {table} SET movie_id = ? WHERE movie_id = ?", heat, alien)
    library.undo(user, now=NOW)
    assert library.rating_of_movie(user, heat).stars == 4


def test_undone_at_the_same_time_by_two(database: Settings) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    library.rate(user, alien, 4, now=NOW)
    act = library.journal_entries(user, limit=1)[1][0]

    def undo(_: int) -> str:
        try:
            return db.run_with_retry(library.undo, user, act.id, now=NOW).act.what
        except Conflict:
            return "already"
        finally:
            db.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(undo, range(8)))
    assert sorted(answers) == ["Rated Alien (1979)", *["already"] * 7]
    assert library.journal_entries(user, limit=9)[0] == 2


def test_changes_of_eight_at_once_are_each_undone_exactly(database: Settings) -> None:
    """What is recorded as before is what was there, whoever wrote it a moment ago."""
    user, films = make_user(), list(map(movie_id, FILMS[:3]))

    def act(number: int) -> None:
        try:
            film = films[number % 3]
            db.run_with_retry(
                library.rate, user, film, number % 10 / 2 + 0.5, review=str(number), now=NOW + number
            )
            db.run_with_retry(library.add_favorite, user, film, note=str(number), now=NOW + number)
            if number % 4 == 0:
                db.run_with_retry(
                    library.apply, user, [removal_change(RATINGS, film)], what="x", now=NOW + number
                )
        finally:
            db.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(32)))
    undone = [library.undo(user, now=NOW) for _ in range(library.journal_entries(user, limit=1)[0])]
    assert [one.left for one in undone] == [[]] * len(undone)
    assert not any(everything_of(user).values())


# Whatever is done: each undo leads back to exactly what was there before.

film = st.sampled_from(FILMS)
moment = st.sampled_from([None, "2024-05-01", "2024-05-01T20:15:00Z"])
CHANGES = st.one_of(
    st.tuples(st.just("rate"), film, st.integers(1, 10), st.sampled_from([None, "", "Two\nlines “x”\t\\"])),
    st.tuples(st.just("favorite"), film, st.just(0), st.sampled_from([None, "", "!"])),
    st.tuples(st.just("watchlist"), film, st.just(0), st.sampled_from([None, "soon"])),
    st.tuples(st.just("history"), film, st.integers(0, 1), moment),
    st.tuples(st.sampled_from(["unrate", "unfavorite", "off"]), film, st.just(0), st.none()),
    st.tuples(st.just("unwatch"), film, st.just(0), moment),
)


def change_of(kind: str, film: str, number: int, text: str | None) -> library.LibraryChange:
    movie = movie_id(film)
    made: dict[str, Any] = {
        "rate": lambda: rating_change(movie, number / 2, review=text),
        "favorite": lambda: library.favorite_change(movie, note=text),
        "watchlist": lambda: watchlist_change(movie, note=text),
        "history": lambda: viewing_change(movie, text, rewatch=bool(number), tags=["a,b", '"']),
        "unrate": lambda: removal_change(RATINGS, movie),
        "unfavorite": lambda: removal_change(FAVORITES, movie),
        "off": lambda: removal_change(WATCHLIST, movie),
        "unwatch": lambda: removal_change(HISTORY, movie, text or "", ""),
    }[kind]()
    assert isinstance(made, library.LibraryChange)
    return made


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.lists(CHANGES, min_size=1, max_size=8), max_size=6))
def test_each_undo_leads_back_to_what_was(database: Settings, acts: list[list[tuple[Any, ...]]]) -> None:
    user = make_user(f"user{next(_users)}")
    states = [everything_of(user)]
    for number, act in enumerate(acts, 1):
        changes = [change_of(*one) for one in act]
        if library.apply(user, changes, what=f"Act {number}", now=NOW + number).act_id is not None:
            states.append(everything_of(user))
    for state in reversed(states[:-1]):
        undone = library.undo(user, now=NOW + 99)
        assert (undone.left, everything_of(user)) == ([], state)
