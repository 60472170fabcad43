"""Comparison of descriptions: parts of a series are different movies; movies two years apart as well."""

from __future__ import annotations

from typing import Any

import pytest

from movierec.movies.ingest.same_movie import (
    are_different,
    are_similar,
    have_no_common_people,
    is_same_movie,
)
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


def movie(title: str, year: int | None = None, **facts: Any) -> MovieRecord:
    return MovieRecord(title, "tmdb", year=year, **facts)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (movie("Heat", 1995), movie("HEAT!", 1996), True),
        (movie("Heat", 1995), movie("Heat", 1997), False),
        (movie("Heat", 1995), movie("Heat"), True),  # no year disagrees with none
        (movie("Heat", 1995), movie("Alien", 1995), False),
        (movie("Alien", 1979), movie("Aliens", 1979), False),
        (movie("abcdefghij"), movie("abcdefghiX"), True),  # one letter of ten
        (movie("abcdefghi"), movie("abcdefghX"), False),  # one letter of nine
        (movie("Borat"), movie("Borat: Cultural Learnings of America"), True),  # a subtitle
        (movie("Borat: Cultural Learnings of America"), movie("Borat"), True),
        (movie("Spirited Away"), movie("千と千尋の神隠し", original_title="Spirited Away"), True),
        (movie("千と千尋の神隠し", original_title="Spirited Away"), movie("Spirited Away"), True),
        (movie("千と千尋の神隠し"), movie("Spirited Away"), False),
        (movie("Ocean's Eleven"), movie("Ocean's Twelve"), False),
        (movie("The Shawshank Redemption 2"), movie("The Shawshank Redemption 3"), False),
        (movie("The Shawshank Redemption 2"), movie("The Shawshank Redemtion 2"), True),
    ],
)
def test_movies_are_similar_by_any_title_and_about_the_same_year(
    one: MovieRecord, other: MovieRecord, alike: bool
) -> None:
    assert are_similar(one, other) is are_similar(other, one) is alike


def test_movies_are_different_only_if_neither_title_nor_year_agree() -> None:
    heat = movie("Heat", 1995)
    assert are_different(heat, movie("Alien", 1979))
    assert not are_different(heat, movie("Alien", 1996))
    assert not are_different(heat, movie("Alien"))
    assert not are_different(heat, movie("Heat", 1972))


@pytest.mark.parametrize(
    ("directors", "cast", "is_disjoint"),
    [
        (("Ridley Scott",), (), True),
        ((), ("Sigourney Weaver",), True),
        (("michael mann",), ("Sigourney Weaver",), False),
        ((), ("AL PACINO",), False),
        ((), (), False),  # nobody is known
    ],
)
def test_movies_have_no_common_people_if_both_name_some(
    directors: tuple[str, ...], cast: tuple[str, ...], is_disjoint: bool
) -> None:
    heat = movie("Heat", directors=("Michael Mann",), cast=("Al Pacino", "Robert De Niro"))
    other = movie("Heat", directors=directors, cast=cast)
    assert have_no_common_people(heat, other) is have_no_common_people(other, heat) is is_disjoint


@pytest.mark.parametrize(
    ("ids", "source", "is_same"),
    [
        ({}, "tmdb", True),
        ({"imdb_id": "tt2"}, "tmdb", False),
        ({"tmdb_id": 2}, "tmdb", True),  # TMDb withdraws ids
        ({"tmdb_id": 2}, "movielens", False),
        ({"movielens_id": 2}, "movielens", True),
        ({"movielens_id": 2}, "tmdb", False),
        ({"imdb_id": "tt1", "tmdb_id": 1, "movielens_id": 1}, "staff", True),
    ],
)
def test_movies_that_differ_in_an_external_id_are_not_the_same(
    ids: dict[str, Any], source: str, is_same: bool
) -> None:
    one = movie("Heat", 1995, imdb_id="tt1", tmdb_id=1, movielens_id=1)
    other, witness = movie("Heat", 1995, **ids), MovieRecord("Heat", source, year=1995)
    assert is_same_movie(one, other, witness) is is_same_movie(other, one, witness) is is_same


def test_movies_are_the_same_if_similar_to_each_other_or_both_to_the_witness() -> None:
    english, japanese = movie("Spirited Away", 2001), movie("千と千尋の神隠し", 2001)
    both = movie("Spirited Away", 2001, original_title="千と千尋の神隠し")
    assert is_same_movie(english, japanese, both)
    assert not is_same_movie(english, japanese, english)
    assert not is_same_movie(english, japanese, japanese)
    assert is_same_movie(english, english, japanese)
