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


def fill(user: int, rng: random.Random) -> None:
    """Add ratings, favorites and viewings of some of the movies, in all combinations."""
    changes = []
    movies = list(map(movie_id, MOVIE_TITLES))
    for movie in rng.sample(movies, 40):
        at = rng.randrange(FIRST, LAST)
        words = rng.choice(["", "", "Fine."])
        changes.append(library.rating_change(movie, rng.randint(1, 10) / 2, review=words, created_at=at))
    changes += [library.favorite_change(movie) for movie in rng.sample(movies, 7)]
    changes += [library.watchlist_change(movie) for movie in rng.sample(movies, 3)]
    for movie in rng.choices(movies, k=30):
        day = f"{rng.randint(2021, 2024)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        when = rng.choice([None, day, f"{day}T20:15:00Z"])
        changes.append(library.viewing_change(movie, when, rewatch=rng.random() < 0.3))
    library.apply(user, changes, what="Imported a file", now=LAST)


class Recount:
    """The same statistics computed from whole tables, in plain Python."""

    def __init__(self, user: int, year: int | None) -> None:
        self.movies = {
            row[0]: row[1:] for row in db.rows("SELECT id, title, year, runtime, critics_score FROM movies")
        }
        ratings = db.rows(
            "SELECT movie_id, steps, review, created_at FROM ratings WHERE user_id = ? ORDER BY id", user
        )
        history = db.rows("SELECT movie_id, watched_at, rewatch FROM history WHERE user_id = ?", user)
        seen_movies = {movie for movie, _, _ in history}
        every = [Viewing(movie, when, bool(again)) for movie, when, again in history]
        for movie, _, _, at in ratings:
            if movie not in seen_movies:
                every.append(Viewing(movie, datetime.fromtimestamp(at, UTC).isoformat(), False))
        self.viewings = [one for one in every if year is None or one.when[:4] == str(year)]
        seen = {one.movie for one in self.viewings}
        self.ratings = [row for row in ratings if year is None or row[0] in seen]
        favorites = db.rows("SELECT movie_id FROM favorites WHERE user_id = ?", user)
        self.favorites = [movie for (movie,) in favorites if year is None or movie in seen]

    def groups(self, names: Iterable[tuple[int, Any]]) -> dict[str, tuple[int, float]]:
        groups = defaultdict(list)
        stars = {movie: steps / 2 for movie, steps, _, _ in self.ratings}
        for movie, name in names:
            if movie in stars:
                groups[str(name)].append(stars[movie])
        return {name: (len(values), round(plain.mean(values) + 1e-9, 2)) for name, values in groups.items()}


def grouped(groups: list[library.RatedGroup]) -> dict[str, tuple[int, float]]:
    return {group.name: (group.count, group.mean) for group in groups}


def approximately(groups: dict[str, tuple[int, float]]) -> Any:
    """Compare means with a tolerance: halves may be rounded up or down."""
    return {name: (count, pytest.approx(mean, abs=0.0101)) for name, (count, mean) in groups.items()}


@pytest.mark.parametrize("year", [None, 2023, 2019, 2025, 1999])
@pytest.mark.parametrize("seed", range(3))
def test_statistics_equal_a_recount(database: Settings, seed: int, year: int | None) -> None:
    user, other = make_user(), make_user("bob")
    fill(user, random.Random(seed))
    fill(other, random.Random(seed + 100))
    result = library.statistics(user, year=year, top=1000)
    check(result, Recount(user, year))
    assert (result.months is None) == (year is None)
    if year is not None:
        months = Counter(int(one.when[5:7]) for one in Recount(user, year).viewings)
        assert result.months == [months[month] for month in range(1, 13)]


def check(result: Statistics, recount: Recount) -> None:
    stars = [steps / 2 for _, steps, _, _ in recount.ratings]
    assert result.histogram == [stars.count(step / 2) for step in range(1, 11)]
    assert result.mean == (pytest.approx(plain.mean(stars), abs=0.0051) if stars else None)
    runtimes = [recount.movies[one.movie][2] or 0 for one in recount.viewings]
    assert result.counts == library.Counts(
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
    assert grouped(result.genres) == approximately(recount.groups((movie, name) for movie, name in genres))
    directors = db.rows(
        "SELECT movie_id, name FROM credits JOIN people ON people.id = person_id WHERE role = 'director'"
    )
    assert grouped(result.directors) == approximately(
        recount.groups((movie, name) for movie, name in directors)
    )
    decades = ((movie, year // 10 * 10) for movie, (_, year, _, _) in recount.movies.items())
    assert grouped(result.decades) == approximately(recount.groups(decades))
    for groups in (result.genres, result.directors):
        assert [group.count for group in groups] == sorted((group.count for group in groups), reverse=True)
    check_years(result, recount)
    check_critics(result, recount)


def check_years(result: Statistics, recount: Recount) -> None:
    viewings_by_year = defaultdict(list)
    for one in recount.viewings:
        viewings_by_year[int(one.when[:4]) if one.when else None].append(one)
    assert {year.year: year for year in result.years} == {
        year: library.YearSeen(
            year,
            films=len({one.movie for one in viewings}),
            viewings=len(viewings),
            rewatches=sum(one.again for one in viewings),
            minutes=sum(recount.movies[one.movie][2] or 0 for one in viewings),
        )
        for year, viewings in viewings_by_year.items()
    }
    years = [year.year for year in result.years if year.year is not None]
    assert years == sorted(years, reverse=True)


def check_critics(result: Statistics, recount: Recount) -> None:
    both = [
        (steps / 2, score)
        for movie, steps, _, _ in recount.ratings
        if (score := recount.movies[movie][3]) is not None
    ]
    critics = result.critics
    assert critics.films == len(both)
    if len(both) >= 3:
        assert critics.correlation == pytest.approx(plain.correlation(*zip(*both, strict=True)), abs=0.00051)
        assert critics.mean_score == pytest.approx(plain.mean(score for _, score in both), abs=0.051)
    apart = sorted((abs(stars * 20 - score) for stars, score in both), reverse=True)
    assert [abs(one.stars * 20 - (one.critics_score or 0)) for one in critics.disagreements] == apart[:10]
    assert [one.stars for one in result.best] == sorted(
        (s / 2 for _, s, _, _ in recount.ratings), reverse=True
    )[:5]


def test_statistics_of_an_empty_library(database: Settings) -> None:
    result = library.statistics(make_user())
    assert set(result.histogram) == {0}
    assert (result.mean, result.critics.correlation, result.genres, result.years) == (None, None, [], [])
    assert result.counts == library.Counts(*itertools.repeat(0, 8))


def test_correlation_is_none_where_all_ratings_are_equal(database: Settings) -> None:
    user = make_user()
    for movie in list(MOVIE_TITLES)[:5]:
        library.rate(user, movie_id(movie), 4, now=LAST)
    assert library.statistics(user).critics.correlation is None


def set_movie(movie: int, *, year: int | None = None, score: int | None = None) -> None:
    db.execute("UPDATE movies SET year = ?, critics_score = ? WHERE id = ?", year, score, movie)


def test_means_have_two_digits_and_the_correlation_three(database: Settings) -> None:
    user, ids = make_user(), [movie_id(imdb_id) for imdb_id in list(MOVIE_TITLES)[:3]]
    db.execute("DELETE FROM movie_genres")
    db.execute("DELETE FROM credits")
    genre, person = (db.value(f"SELECT MIN(id) FROM {table}") for table in ("genres", "people"))
    for movie, stars, score in zip(ids, (2.5, 3.0, 4.5), (10, 90, 80), strict=True):
        library.rate(user, movie, stars, now=LAST)
        set_movie(movie, year=1994 + (score == 80), score=score)
        db.execute("INSERT INTO movie_genres (movie_id, genre_id, position) VALUES (?, ?, 0)", movie, genre)
        sql = "INSERT INTO credits (movie_id, person_id, role, position, character) VALUES (?, ?, 'director', 0, '')"
        db.execute(sql, movie, person)
    result = library.statistics(user)
    [genres], [directors], [decades] = result.genres, result.directors, result.decades
    assert [result.mean, genres.mean, directors.mean, decades.mean] == [3.33] * 4
    assert (decades.name, decades.count) == ("1990", 3)
    assert (result.critics.mean_stars, result.critics.mean_score, result.critics.correlation) == (
        3.33,
        60.0,
        0.606,
    )


def test_directors_are_the_first_of_those_with_most_movies_then_the_best_mean(database: Settings) -> None:
    user, ids = make_user(), [movie_id(imdb_id) for imdb_id in list(MOVIE_TITLES)[:5]]
    people = [id for (id,) in db.rows("SELECT id FROM people ORDER BY id LIMIT 4")]
    db.execute("DELETE FROM credits")
    # The last two directors have two movies; of these the fourth's are rated higher.
    for number, (movie, person) in enumerate(zip(ids, (0, 2, 3, 2, 3), strict=True)):
        library.rate(user, movie, 2 if person == 2 else 3, now=LAST)
        sql = "INSERT INTO credits (movie_id, person_id, role, position, character) VALUES (?, ?, ?, 0, '')"
        db.execute(sql, movie, people[person], "director")
        db.execute(sql, movie, people[1], "writer" if number else "cast")
    names = dict(db.rows("SELECT id, name FROM people"))
    expected = [names[people[person]] for person in (3, 2, 0)]
    for top in (1, 2, 3, 9):
        assert [one.name for one in library.statistics(user, top=top).directors] == expected[:top]


def test_correlation_needs_three_movies(database: Settings) -> None:
    user, ids = make_user(), [movie_id(imdb_id) for imdb_id in list(MOVIE_TITLES)[:3]]
    for movie, stars, score in zip(ids, (1.0, 2.0, 3.0), (10, 20, 30), strict=True):
        assert library.statistics(user).critics.correlation is None
        set_movie(movie, score=score)
        library.rate(user, movie, stars, now=LAST)
    critics = library.statistics(user).critics
    assert (critics.films, critics.correlation) == (3, 1.0)
    set_movie(ids[0], score=30)
    set_movie(ids[1], score=30)
    assert library.statistics(user).critics.correlation is None, "scores without variance"


def test_best_movies_are_the_five_last_rated_of_the_highest_rating(database: Settings) -> None:
    user, ids = make_user(), [movie_id(imdb_id) for imdb_id in list(MOVIE_TITLES)[:7]]
    for number, movie in enumerate(ids):
        library.rate(user, movie, 4.5 if number else 5.0, now=LAST + number // 2)
    best = library.statistics(user).best
    assert [one.movie_id for one in best] == [ids[0], *ids[:1:-1]][:5]
    assert best[0].title == next(iter(MOVIE_TITLES.values()))


def test_disagreements_are_the_ten_largest_then_by_id(database: Settings) -> None:
    user, ids = make_user(), sorted(map(movie_id, MOVIE_TITLES))[:12]
    for number, movie in enumerate(reversed(ids)):
        library.rate(user, movie, 2.5, now=LAST)
        set_movie(movie, score=(None, 100, 0)[number] if number < 3 else 51 + number // 2)
    disagreements = library.statistics(user).critics.disagreements
    assert [one.movie_id for one in disagreements] == [
        *(ids[9], ids[10]),
        *sorted(ids[:9], key=lambda movie: (-(51 + ids[::-1].index(movie) // 2), movie)),
    ][:10]
