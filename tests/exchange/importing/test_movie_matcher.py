"""Movie matcher: certain matches, candidates for review, references without a match; never a wrong match."""

from __future__ import annotations

from typing import Any

import pytest

from movierec.exchange.importing.movie_matcher import MovieMatcher, ReviewDecision, reference_key
from movierec.exchange.readers.records import MovieReference
from movierec.movies import IndexedMovie
from movierec.movies.title_keys import title_key


def indexed_movie(
    number: int, title: str, year: int | None, popularity: float = 10.0, **more: Any
) -> IndexedMovie:
    values = {
        "original_title": "",
        "imdb_id": f"tt{number:07}",
        "tmdb_id": None,
        "movielens_id": None,
        "own_id": None,
    }
    return IndexedMovie(number, title, year=year, popularity=popularity, **{**values, **more})


MOVIES = [
    indexed_movie(1, "Heat", 1995, 80, tmdb_id=949, movielens_id=6),
    indexed_movie(2, "Heat", 1972, 5),
    indexed_movie(3, "The Matrix", 1999, 90, tmdb_id=603),
    indexed_movie(4, "Deal", 2008),
    indexed_movie(5, "Le Fabuleux Destin d'Amélie Poulain", 2001, original_title="Amélie"),
    indexed_movie(6, "Toy Story 2", 1999),
    indexed_movie(7, "Toy Story 3", 2010),
    indexed_movie(8, "King Kong", 2005, 60),
    indexed_movie(9, "King Kong", 1976, 20),
    indexed_movie(10, "Fanny", 1932),
    indexed_movie(11, "Fanny", 1933),
    indexed_movie(12, "Star Wars: Episode IV - A New Hope", 1977),
    indexed_movie(13, "Undated", None),
    indexed_movie(14, "Seven Samurai", 1954, original_title="Shichinin no samurai"),
    indexed_movie(15, "(500) Days of Summer", 2009),
    indexed_movie(16, "Private", 2004, own_id="ab12"),
]


def matcher(**decisions: list[ReviewDecision]) -> MovieMatcher:
    titles = [
        (movie.id, title_key(title).replace(" ", ""))
        for movie in MOVIES
        for title in (movie.title, movie.original_title)
        if title
    ]
    return MovieMatcher(MOVIES, titles, [("imdb_id", "tt7777777", 3)], decisions)


MATCHER = matcher()


@pytest.mark.parametrize(
    ("name", "movie_id"),
    [
        (MovieReference("Heat", 1995), 1),
        (MovieReference("HEAT!", 1995), 1),
        (MovieReference("Matrix, The", 1999), 3),
        (MovieReference("The Matrix", 1999, "Matrix"), 3),
        (MovieReference("Amelie", 2001), 5),
        (MovieReference("Seven Samurai (Shichinin no samurai)", 1954), 14),
        (MovieReference("Shichinin no samurai", 1954), 14),
        (MovieReference("Toy Story II", 1999), 6),
        (MovieReference("(500) Days of Summer", 2009), 15),
        # ids need neither title nor year
        (MovieReference(imdb_id="tt0000001"), 1),
        (MovieReference("Something Else", 1950, tmdb_id=603), 3),
        (MovieReference(movielens_id=6), 1),
        (MovieReference(own_id="ab12"), 16),
        (MovieReference(imdb_id="tt7777777"), 3),  # of a movie that was merged into it
        # one id unknown here, another known
        (MovieReference("Heat", 1995, imdb_id="tt0000001", tmdb_id=949), 1),
        # contradicted by an id, but called so in that year
        (MovieReference("Heat", 1995, imdb_id="tt0000001", tmdb_id=1), 1),
    ],
)
def test_certain_match(name: MovieReference, movie_id: int) -> None:
    assert MATCHER.match(name).movie_id == movie_id


@pytest.mark.parametrize(
    ("name", "first", "why"),
    [
        (MovieReference("Heat", 1972), 2, "not the best known"),
        (MovieReference("King Kong", 1976), 9, "not the best known"),
        (MovieReference("Heat", 1996), 1, "but of 1995"),
        (MovieReference("Heat", 1993), 1, "but of 1995"),
        (MovieReference("Heat"), 1, "without a year"),
        (MovieReference("Undated", 1990), 13, "without a year"),
        (MovieReference("Fanny", 1932), 10, "several movies"),
        (MovieReference("Fanny", 1933), 11, "several movies"),
        (MovieReference("The Deal", 2008), 4, "another article"),
        (MovieReference("The Matrx", 1999), 3, "similar titles"),
        (MovieReference("Star Wars", 1977), 12, "similar titles"),
        # another id than the movie of that title and year: possibly another movie
        (MovieReference("The Matrix", 1999, imdb_id="tt9999999"), 3, "another id"),
        (MovieReference(imdb_id="tt0000001", tmdb_id=603), 1, "different movies"),
        (MovieReference("Ronin", 1998, imdb_id="tt0000001", tmdb_id=5), 1, "another does not"),
    ],
)
def test_uncertain_match_has_candidates(name: MovieReference, first: int, why: str) -> None:
    match = MATCHER.match(name)
    assert match.movie_id is None
    assert match.candidates[0].movie_id == first
    assert why in match.why


@pytest.mark.parametrize(
    "name",
    [
        MovieReference("Nobody Knows", 2001),
        MovieReference("Toy Story 4", 2019),
        MovieReference("Toy Story 3", 1999),
        MovieReference("Heat", 1980),
        MovieReference("", 1995),
        MovieReference("…", 1995),
        MovieReference(imdb_id="tt9999999"),
        MovieReference("Matrx"),
    ],
)
def test_reference_without_match(name: MovieReference) -> None:
    match = MATCHER.match(name)
    assert (match.movie_id, match.candidates) == (None, ())


def test_earlier_decisions_come_first() -> None:
    name = MovieReference("Heat", 1972, uri="u1")
    assert reference_key(name) == "title:heat:1972"
    decided = matcher(**{"title:heat:1972": [ReviewDecision("u1", 2)]})
    assert decided.match(name).movie_id == 2
    # what was said of one address is not said of another, but of a name without one
    assert decided.match(MovieReference("Heat", 1972, uri="u2")).movie_id is None
    assert decided.match(MovieReference("Heat", 1972)).movie_id == 2
    two = matcher(**{"title:heat:1972": [ReviewDecision("u1", 2), ReviewDecision("u2", 1)]})
    assert two.match(name).movie_id == 2
    assert two.match(MovieReference("Heat", 1972)).movie_id is None
    left_out = matcher(**{"imdb:tt0000001": [ReviewDecision("", None)]})
    assert left_out.match(MovieReference(imdb_id="tt0000001")).why == "you chose to leave it out"


def test_movies_added_later_are_matched() -> None:
    later = matcher()
    assert later.match(MovieReference("Ronin", 1998)).movie_id is None
    later.add([indexed_movie(20, "Ronin", 1998)], [(20, "ronin")])
    assert later.match(MovieReference("Ronin", 1998)).movie_id == 20
