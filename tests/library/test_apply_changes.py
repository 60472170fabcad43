"""Change sets: applied in batches with pauses for other users, counted alike by a preview."""

from __future__ import annotations

import functools
import sys

import pytest

from movierec import db, jobs, library, movies
from movierec.errors import NotFound
from movierec.library import FAVORITES, RATINGS, favorite_change, rating_change, removal_change
from tests.films import MOVIE_TITLES, movie_id
from tests.library.users import NOW, everything_of, make_user

pytestmark = pytest.mark.usefixtures("database")

IMDB_IDS = sorted(MOVIE_TITLES)[:5]
undo = functools.partial(library.undo, is_unfinished=jobs.is_unfinished)


def test_other_users_can_write_between_the_batches_of_a_large_change_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = make_user()
    pauses: list[tuple[bool, int]] = []

    def pause() -> None:
        pauses.append((db.in_transaction(), db.value("SELECT COUNT(*) FROM ratings")))

    monkeypatch.setattr("movierec.library.apply_changes.BATCH", 2)
    monkeypatch.setattr(sys.modules["movierec.library.undo"], "BATCH", 2)
    monkeypatch.setattr(db, "yield_to_writers", pause)
    library.apply(user, [rating_change(movie_id(each), 4) for each in IMDB_IDS], what="x", now=NOW)
    assert pauses == [(False, 2), (False, 4)]
    pauses.clear()
    undo(user, now=NOW)
    assert pauses == [(False, 3), (False, 1)]


def test_small_changes_take_no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    monkeypatch.setattr(db, "yield_to_writers", lambda: pytest.fail("a pause"))
    library.rate(user, movie_id(IMDB_IDS[0]), 4, now=NOW)
    undo(user, now=NOW)


def test_preview_counts_the_effect_and_writes_nothing() -> None:
    user = make_user()
    one, two, three, four, five = map(movie_id, IMDB_IDS)
    for movie in (one, two, three):
        library.rate(user, movie, 4, now=NOW)
    library.add_favorite(user, two, now=NOW)
    changes = [
        rating_change(one, 4),
        rating_change(two, 2),
        removal_change(RATINGS, three),
        rating_change(four, 1),
        rating_change(five, 1),
        favorite_change(five),
        removal_change(FAVORITES, four),
        removal_change(FAVORITES, one),
        removal_change(FAVORITES, two),
    ]
    before = everything_of(user)
    expected = library.preview(user, changes, now=NOW + 1)
    assert (expected.added, expected.changed, expected.removed, expected.same) == (3, 1, 2, 3)
    assert expected.entry_id is None
    assert (everything_of(user), library.journal_entries(user, limit=9)[0]) == (before, 4)
    result = library.apply(user, changes, what="Imported a file", now=NOW + 1)
    assert (result.added, result.changed, result.removed, result.same) == (3, 1, 2, 3)
    [entry] = library.journal_entries(user, limit=1)[1]
    assert (entry.id, entry.what, entry.at, entry.size) == (result.entry_id, "Imported a file", NOW + 1, 6)


def test_change_set_inside_a_transaction_is_rolled_back_with_it() -> None:
    user = make_user()
    library.rate(user, movie_id(IMDB_IDS[0]), 4, now=NOW)
    before = everything_of(user)
    changes = [rating_change(movie_id(IMDB_IDS[1]), 4), rating_change(10**9, 4)]
    with pytest.raises(NotFound), db.write():
        library.apply(user, changes, what="x", now=NOW)
    assert everything_of(user) == before
    assert library.journal_entries(user, limit=9)[0] == 1


def test_change_set_of_another_job_is_kept() -> None:
    user = make_user()
    first, second = (rating_change(movie_id(each), 4) for each in IMDB_IDS[:2])
    library.apply(user, [first], what="Imported a file", now=NOW, job_id=1)
    library.apply(user, [second], what="Imported a file", now=NOW, job_id=2)
    library.apply(make_user("bob"), [first], what="Imported a file", now=NOW, job_id=1)
    assert len(everything_of(user)["ratings"]) == 2
    for job_id in (1, 2):
        entry = library.entry_of_job(user, job_id)
        assert entry is not None
        assert (entry.job_id, entry.size) == (job_id, 1)
    assert library.entry_of_job(user, 3) is None


def test_undo_names_at_most_a_hundred_of_the_movies_that_it_left() -> None:
    user = make_user()
    records = [movies.MovieRecord(f"Movie {number}", "staff", year=2000) for number in range(101)]
    ids = movies.upsert(records, NOW)
    imported = library.apply(user, [rating_change(one, 2) for one in ids], what="x", now=NOW)
    library.apply(user, [rating_change(one, 5) for one in ids], what="y", now=NOW)
    result = undo(user, imported.entry_id, now=NOW)
    assert (result.reverted, result.left_count, len(result.left)) == (0, 101, 100)
    assert result.left[0] == (ids[-1], "Movie 100 (2000)")
