"""Statistics against a recount in plain Python, on random libraries."""

from __future__ import annotations

import itertools
import random
import statistics as plain
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from movierec import db, library
from movierec.config import Settings
from movierec.library import Statistics
from tests.films import MOVIE_TITLES, movie_id
from tests.library.users import make_user

FIRST, LAST = 1_577_000_000, 1_735_700_000  # December 2019 to the first hours of 2025, in UTC


class Viewing(NamedTuple):
    movie: int
    when: str
    again: bool


def fill(user: int, chance: random.Random) -> None:
    """Ratings, favorites and viewings of some of the films, in all combinations."""
    changes = []
    films = list(map(movie_id, MOVIE_TITLES))
    for film in chance.sample(films, 40):
        at = chance.randrange(FIRST, LAST)
        words = chance.choice(["", "", "Fine."])
        changes.append(library.rating_change(film, chance.randint(1, 10) / 2, review=words, created_at=at))
    changes += [library.favorite_change(film) for film in chance.sample(films, 7)]
    changes += [library.watchlist_change(film) for film in chance.sample(films, 3)]
    for film in chance.choices(films, k=30):
        day = f"{chance.randint(2021, 2024)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        when = chance.choice([None, day, f"{day}T20:15:00Z"])
        changes.append(library.viewing_change(film, when, rewatch=chance.random() < 0.3))
    library.apply(user, changes, what="Imported a file", now=LAST)


class Recount:
    """The same numbers from whole tables, in plain Python."""

    def __init__(self, user: int, year: int | None) -> None:
        self.films = {
            row[0]: row[1:] for row in db.rows("SELECT id, title, year, runtime, critics_score FROM movies")
        }
        ratings = db.rows(
            "SELECT movie_id, steps, review, created_at FROM ratings WHERE user_id = ? ORDER BY id", user
        )
        history = db.rows("SELECT movie_id, watched_at, rewatch FROM history WHERE user_id = ?", user)
        known = {film for film, _, _ in history}
        every = [Viewing(film, when, bool(again)) for film, when, again in history]
        for film, _, _, at in ratings:
            if film not in known:
                every.append(Viewing(film, datetime.fromtimestamp(at, UTC).isoformat(), False))
        self.viewings = [one for one in every if year is None or one.when[:4] == str(year)]
        seen = {one.movie for one in self.viewings}
        self.ratings = [row for row in ratings if year is None or row[0] in seen]
        favorites = db.rows("SELECT movie_id FROM favorites WHERE user_id = ?", user)
        self.favorites = [film for (film,) in favorites if year is None or film in seen]

    def groups(self, names: Iterable[tuple[int, Any]]) -> dict[str, tuple[int, float]]:
        of = defaultdict(list)
        stars = {film: steps / 2 for film, steps, _, _ in self.ratings}
        for film, name in names:
            if film in stars:
                of[str(name)].append(stars[film])
        return {name: (len(given), round(plain.mean(given) + 1e-9, 2)) for name, given in of.items()}


def grouped(groups: list[library.RatedGroup]) -> dict[str, tuple[int, float]]:
    return {group.name: (group.count, group.mean) for group in groups}


def about(groups: dict[str, tuple[int, float]]) -> Any:
    """Halves are rounded either way."""
    return {name: (count, pytest.approx(mean, abs=0.0101)) for name, (count, mean) in groups.items()}


@pytest.mark.parametrize("year", [None, 2023, 2019, 2025, 1999])
@pytest.mark.parametrize("seed", range(3))
def test_every_number_is_the_one_of_a_recount(database: Settings, seed: int, year: int | None) -> None:
    user, other = make_user(), make_user("bob")
    fill(user, random.Random(seed))
    fill(other, random.Random(seed + 100))
    found = library.statistics(user, year=year, top=1000)
    check(found, Recount(user, year))
    assert (found.months is None) == (year is None)
    if year is not None:
        months = Counter(int(one.when[5:7]) for one in Recount(user, year).viewings)
        assert found.months == [months[month] for month in range(1, 13)]


def check(found: Statistics, recount: Recount) -> None:
    stars = [steps / 2 for _, steps, _, _ in recount.ratings]
    assert found.histogram == [stars.count(step / 2) for step in range(1, 11)]
    assert found.mean == (pytest.approx(plain.mean(stars), abs=0.0051) if stars else None)
    runtimes = [recount.films[one.movie][2] or 0 for one in recount.viewings]
    assert found.counts == library.Counts(
        ratings=len(stars),
        reviews=sum(review != "" for _, _, review, _ in recount.ratings),
        favorites=len(recount.favorites),
        watchlist=3,
        films=len({one.movie for one in recount.viewings}),
        viewings=len(recount.viewings),
        rewatches=sum(one.again for one in recount.viewings),
        minutes=sum(runtimes),
    )
    genres = db.rows("SELECT movie_id, name FROM movie_genres JOIN genres ON genres.id = genre_id")
    assert grouped(found.genres) == about(recount.groups((film, name) for film, name in genres))
    directors = db.rows(
        "SELECT movie_id, name FROM credits JOIN people ON people.id = person_id WHERE role = 'director'"
    )
    assert grouped(found.directors) == about(recount.groups((film, name) for film, name in directors))
    decades = ((film, year // 10 * 10) for film, (_, year, _, _) in recount.films.items())
    assert grouped(found.decades) == about(recount.groups(decades))
    for groups in (found.genres, found.directors):
        assert [group.count for group in groups] == sorted((group.count for group in groups), reverse=True)
    check_years(found, recount)
    check_critics(found, recount)


def check_years(found: Statistics, recount: Recount) -> None:
    of = defaultdict(list)
    for one in recount.viewings:
        of[int(one.when[:4]) if one.when else None].append(one)
    assert {year.year: year for year in found.years} == {
        year: library.YearSeen(
            year,
            films=len({one.movie for one in viewings}),
            viewings=len(viewings),
            rewatches=sum(one.again for one in viewings),
            minutes=sum(recount.films[one.movie][2] or 0 for one in viewings),
        )
        for year, viewings in of.items()
    }
    known = [year.year for year in found.years if year.year is not None]
    assert known == sorted(known, reverse=True)


def check_critics(found: Statistics, recount: Recount) -> None:
    both = [
        (steps / 2, score)
        for film, steps, _, _ in recount.ratings
        if (score := recount.films[film][3]) is not None
    ]
    critics = found.critics
    assert critics.films == len(both)
    if len(both) >= 3:
        assert critics.correlation == pytest.approx(plain.correlation(*zip(*both, strict=True)), abs=0.00051)
        assert critics.mean_score == pytest.approx(plain.mean(score for _, score in both), abs=0.051)
    apart = sorted((abs(stars * 20 - score) for stars, score in both), reverse=True)
    assert [abs(one.stars * 20 - (one.critics_score or 0)) for one in critics.disagreements] == apart[:10]
    assert [one.stars for one in found.best] == sorted(
        (s / 2 for _, s, _, _ in recount.ratings), reverse=True
    )[:5]


def test_nothing_kept_is_nothing_counted(database: Settings) -> None:
    found = library.statistics(make_user())
    assert set(found.histogram) == {0}
    assert (found.mean, found.critics.correlation, found.genres, found.years) == (None, None, [], [])
    assert found.counts == library.Counts(*itertools.repeat(0, 8))


def test_everything_rated_alike_has_no_correlation(database: Settings) -> None:
    user = make_user()
    for film in list(MOVIE_TITLES)[:5]:
        library.rate(user, movie_id(film), 4, now=LAST)
    assert library.statistics(user).critics.correlation is None
