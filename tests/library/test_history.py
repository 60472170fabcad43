"""History: one entry for each time of a viewing, rewatches, and times that cannot be."""

from __future__ import annotations

import pytest

from movierec import library
from movierec.errors import NotFound, ValidationFailed
from tests.films import movie_id
from tests.library.users import NOW, everything_of, make_user

pytestmark = pytest.mark.usefixtures("database")

# NOW is 15:06:40 in UTC on this day.
TODAY, TOMORROW, DAY_AFTER = "2025-06-15", "2025-06-16", "2025-06-17"
ALIEN, HEAT = "tt0078748", "tt0113277"


def seen(user: int, movie: int, watched_at: str | None, rewatch: bool | None = None) -> bool:
    """Add a viewing and return its rewatch flag."""
    return library.add_to_history(user, movie, watched_at, rewatch=rewatch, now=NOW)[0].rewatch


@pytest.mark.parametrize("watched_at", [None, "2024-05-01", "2024-05-01T20:15:00Z"])
def test_viewing_is_returned_as_it_is_stored(watched_at: str | None) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    entry, is_new = library.add_to_history(user, alien, watched_at, tags=["tv", "tv", "with Bob"], now=NOW)
    assert (entry.movie_id, entry.watched_at, entry.rewatch, entry.tags, entry.source, entry.created_at) == (
        alien,
        watched_at,
        False,
        ["tv", "with Bob"],
        "",
        NOW,
    )
    assert is_new
    again, is_new_again = library.add_to_history(user, alien, watched_at, now=NOW + 5)
    assert (again, is_new_again) == (entry, False)
    assert library.history(user, limit=9, offset=0) == (1, [entry])
    assert library.seen_movie_ids(user) == {alien}


def test_later_viewing_of_a_movie_is_a_rewatch_unless_the_user_says_otherwise() -> None:
    user, alien = make_user(), movie_id(ALIEN)
    assert not seen(user, alien, "2024-05-01")
    assert not seen(user, movie_id(HEAT), "2024-05-02")
    assert seen(user, alien, "2024-05-02")
    assert not seen(user, alien, "2023-01-01"), "it is the first one now"
    assert not seen(user, alien, "2024-05-03", rewatch=False)
    assert not seen(user, alien, "2024-05-01"), "a stored viewing keeps its flag"
    assert seen(user, alien, "2024-05-02")
    assert not seen(user, alien, None), "no time is not after any"


def test_viewing_after_one_of_unknown_time_is_a_rewatch() -> None:
    user, alien = make_user(), movie_id(ALIEN)
    assert not seen(user, alien, None)
    assert seen(user, alien, "2024-05-01")
    assert not seen(make_user("bob"), alien, "2024-05-02"), "viewings of others do not count"


def test_viewing_may_be_on_the_day_that_has_begun_somewhere_but_not_later() -> None:
    user, alien = make_user(), movie_id(ALIEN)
    for day in (TODAY, TOMORROW, f"{TOMORROW}T00:00:00Z"):
        assert library.add_to_history(user, alien, day, now=NOW)[1]
    for day in (DAY_AFTER, f"{DAY_AFTER}T00:00:00Z"):
        with pytest.raises(ValidationFailed):
            library.add_to_history(user, alien, day, now=NOW)
    midnight = NOW - (15 * 60 + 6) * 60 - 40
    with pytest.raises(ValidationFailed):
        library.add_to_history(user, alien, TOMORROW, now=midnight + 10 * 3600 - 1)
    assert not library.add_to_history(user, alien, TOMORROW, now=midnight + 10 * 3600)[1]


@pytest.mark.parametrize("watched_at", ["2024-02-30", "2024-5-1", "2024-05-01T25:00:00Z", "yesterday", ""])
def test_impossible_times_are_refused(watched_at: str) -> None:
    with pytest.raises(ValidationFailed):
        library.add_to_history(make_user(), movie_id(ALIEN), watched_at, now=NOW)


@pytest.mark.parametrize(
    ("tags", "is_valid"),
    [
        (["x"] * 101, True),  # one tag, repeated
        ([str(number) for number in range(100)], True),
        ([str(number) for number in range(101)], False),
        (["x" * 200], True),
        (["x" * 201], False),
        ([""], False),
        ([], True),
    ],
)
def test_limits_of_tags(tags: list[str], is_valid: bool) -> None:
    user, alien = make_user(), movie_id(ALIEN)
    if is_valid:
        assert library.add_to_history(user, alien, tags=tags, now=NOW)[0].tags == list(dict.fromkeys(tags))
        return
    with pytest.raises(ValidationFailed):
        library.add_to_history(user, alien, tags=tags, now=NOW)


def test_viewing_is_removed_by_its_owner_only() -> None:
    ann, bob, alien = make_user(), make_user("bob"), movie_id(ALIEN)
    removed, _ = library.add_to_history(ann, alien, "2024-05-01", now=NOW)
    unknown, _ = library.add_to_history(ann, alien, None, now=NOW)
    kept, _ = library.add_to_history(ann, alien, "2024-05-02", now=NOW)
    with pytest.raises(NotFound):
        library.remove_from_history(bob, removed.id, now=NOW)
    library.remove_from_history(ann, removed.id, now=NOW)
    library.remove_from_history(ann, unknown.id, now=NOW)
    assert library.history(ann, limit=9, offset=0) == (1, [kept])
    with pytest.raises(NotFound):
        library.remove_from_history(ann, removed.id, now=NOW)
    assert library.seen_movie_ids(bob) == set()
    assert [entry.what for entry in library.journal_entries(ann, limit=9)[1]][:2] == [
        "Took Alien (1979) out of the history"
    ] * 2


def test_viewings_are_listed_latest_first_in_pages() -> None:
    user = make_user()
    for day, imdb_id in (("2024-05-01", ALIEN), ("2024-05-03", HEAT), ("2024-05-02", ALIEN)):
        library.add_to_history(user, movie_id(imdb_id), day, now=NOW)
    count, entries = library.history(user, limit=2, offset=1)
    assert (count, [entry.watched_at for entry in entries]) == (3, ["2024-05-02", "2024-05-01"])
    assert len(everything_of(user)["history"]) == 3


def test_state_of_a_movie_shows_rating_lists_and_viewings() -> None:
    user, alien = make_user(), movie_id(ALIEN)
    assert library.movie_state(user, alien) == (None, False, False, 0, None)
    library.add_favorite(user, alien, now=NOW)
    assert library.movie_state(user, alien) == (None, True, False, 0, None)
    library.add_to_watchlist(user, alien, now=NOW)
    assert library.movie_state(user, alien) == (None, True, True, 0, None)
    library.rate(user, alien, 3.5, now=NOW)
    assert library.movie_state(user, alien) == (3.5, True, False, 0, None)
    library.add_to_history(user, alien, None, now=NOW)
    assert library.movie_state(user, alien) == (3.5, True, False, 1, None)
    for day in ("2024-05-02", "2024-05-01"):
        library.add_to_history(user, alien, day, now=NOW)
    assert library.movie_state(user, alien) == (3.5, True, False, 3, "2024-05-02")
    assert library.movie_state(make_user("bob"), alien) == (None, False, False, 0, None)
    assert library.movie_state(user, movie_id(HEAT)) == (None, False, False, 0, None)
