"""Which descriptions are of one film: sources err, and parts of a film are two."""

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
def test_parts_that_differ_in_a_number_are_not_one_film(one: str, other: str, alike: bool) -> None:
    first, second = MovieRecord(one, "tmdb", year=2010), MovieRecord(other, "tmdb", year=2011)
    assert are_similar(first, second) is alike
