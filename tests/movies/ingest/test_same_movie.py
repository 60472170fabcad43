"""Comparison of descriptions: parts of a series are different movies; movies two years apart as well."""

from __future__ import annotations

import pytest

from movierec.movies.ingest.same_movie import are_similar
from movierec.movies.movie_record import MovieRecord


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (
            "Harry Potter and the Deathly Hallows: Part 1",
            "Harry Potter and the Deathly Hallows: Part 2",
            False,
        ),
        (
            "Mission: Impossible – Dead Reckoning Part One",
            "Mission: Impossible – Dead Reckoning Part Two",
            False,
        ),
        ("Harry Potter and the Deathly Hallows Part I", "Harry Poter and the Deathly Hallows: Part 1", True),
        ("The Shawshank Redemption", "The Shawshank Redemtion", True),
    ],
)
def test_parts_with_different_numbers_are_different_movies(one: str, other: str, alike: bool) -> None:
    first, second = MovieRecord(one, "tmdb", year=2010), MovieRecord(other, "tmdb", year=2011)
    assert are_similar(first, second) is alike
