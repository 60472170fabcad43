"""Lookup of a movie by name: unique matches, questions, refusals."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from movierec.cli.movie_lookup import AmbiguousTitle, find_movie, title_key
from movierec.errors import NotFound, ValidationFailed
from tests.cli.running import Terminal


def movie_json(movie_id: int, title: str, year: int | None = None, **more: Any) -> dict[str, Any]:
    return {"id": movie_id, "title": title, "year": year, "original_title": title, "vote_count": 0, **more}


ALIEN = movie_json(1, "Alien", 1979)
ALIENS = movie_json(2, "Aliens", 1986)
HEAT_1972, HEAT_1995 = movie_json(3, "Heat", 1972), movie_json(4, "Heat", 1995)
MATRIX = movie_json(5, "The Matrix", 1999)
AMELIE = movie_json(6, "Amelie", 2001, original_title="Le Fabuleux Destin d'Amélie Poulain")
SPIRITED = movie_json(7, "Spirited Away", 2001, original_title="千と千尋の神隠し")


class Catalogue:
    """Fake client whose search returns the same movies for every text, as a fuzzy search does."""

    def __init__(self, *movies: Any) -> None:
        self.movies = movies
        self.searches: list[Any] = []

    def search(self, text: str, year: int | None = None) -> Any:
        self.searches.append((text, year))
        return {"results": [movie for movie in self.movies if year in (None, movie["year"])]}

    def movie(self, movie_id: int) -> Any:
        for movie in self.movies:
            if movie["id"] == movie_id:
                return movie
        raise NotFound()

    def movie_by_tmdb(self, tmdb_id: str) -> Any:
        return ("tmdb", tmdb_id)

    def movie_by_imdb(self, imdb_id: str) -> Any:
        return ("imdb", imdb_id)


def find(name: str, *movies: Any) -> Any:
    return find_movie(Catalogue(*movies), name)  # type: ignore[arg-type]


TAKEN = [
    # the name, what the search finds, what is meant
    ("Alien", [ALIENS, ALIEN], ALIEN),  # exact, though not first
    ("alien", [ALIEN, ALIENS], ALIEN),
    ("the matrix", [MATRIX], MATRIX),
    ("Matrix", [MATRIX], MATRIX),  # without its article
    ("Matrix, The", [MATRIX], MATRIX),  # inverted
    ("AMÉLIE", [AMELIE], AMELIE),  # accents and case
    ("le fabuleux destin d’amelie poulain", [AMELIE], AMELIE),  # the original title, another apostrophe
    ("千と千尋の神隠し", [SPIRITED], SPIRITED),
    ("Heat (1995)", [HEAT_1972, HEAT_1995], HEAT_1995),
    ("heat  (1972) ", [HEAT_1972, HEAT_1995], HEAT_1972),
    ("2", [ALIEN, ALIENS], ALIENS),  # a number is an id
]


@pytest.mark.parametrize(("name", "movies", "meant"), TAKEN)
def test_unambiguous_name_is_used_without_asking(name: str, movies: list[Any], meant: Any) -> None:
    assert find(name, *movies) == meant


def test_external_ids_are_looked_up_by_id() -> None:
    assert find("tmdb:603") == ("tmdb", "603")
    assert find("imdb:tt0133093") == ("imdb", "tt0133093")
    assert find("tt0133093") == ("imdb", "tt0133093")


def test_ambiguous_title_raises_with_its_candidates() -> None:
    with pytest.raises(AmbiguousTitle) as caught:
        find("Heat", HEAT_1972, HEAT_1995, ALIEN)
    assert caught.value.candidates == [HEAT_1972, HEAT_1995]


def test_far_better_known_movie_is_used_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    short, famous = (
        movie_json(8, "Gravity", 2013, vote_count=3),
        movie_json(9, "Gravity", 2013, vote_count=14_000),
    )
    assert find("gravity", short, famous) == famous
    assert "Using Gravity (2013), by far the best known of them" in capsys.readouterr().err
    with pytest.raises(AmbiguousTitle):
        find("gravity", {**short, "vote_count": 300}, famous)
    with pytest.raises(AmbiguousTitle):  # 40 votes against none say nothing
        find("gravity", {**short, "vote_count": 0}, {**famous, "vote_count": 40})


def test_similar_title_is_never_used_without_asking() -> None:
    with pytest.raises(AmbiguousTitle) as caught:
        find("Alein", ALIEN)
    assert caught.value.candidates == [ALIEN]


def test_unknown_tmdb_id_names_the_other_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: Catalogue, tmdb_id: str) -> Any:
        raise NotFound()

    monkeypatch.setattr(Catalogue, "movie_by_tmdb", unknown)
    with pytest.raises(NotFound, match=r"tmdb:603 in this catalogue.*by title or IMDb id"):
        find("tmdb:603")


def test_unknown_title_and_empty_name_are_refused() -> None:
    with pytest.raises(NotFound, match="Xyzzy"):
        find("Xyzzy")
    with pytest.raises(NotFound, match=r"add its year: “1917 \(2006\)”"):
        find("1917", ALIEN)
    for empty in ("", "  "):
        with pytest.raises(ValidationFailed):
            find(empty, ALIEN)


def test_prompt_repeats_until_a_valid_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("7\nx\n2\n"))
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    assert find("Heat", HEAT_1972, HEAT_1995) == HEAT_1995
    assert "   1  Heat (1972)\n   2  Heat (1995)\n" in screen.getvalue()


def test_empty_answer_chooses_no_movie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("\n"))
    monkeypatch.setattr(sys, "stderr", Terminal())
    with pytest.raises(AmbiguousTitle):
        find("Heat", HEAT_1972, HEAT_1995)


def test_prompt_shows_no_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("1\n"))
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    find("evil", movie_json(1, "Evil \x1b[2J", 1), movie_json(2, "Evil", 2), movie_json(3, "Evil", 3))
    assert "\x1b" not in screen.getvalue()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dr. Strangelove", "dr strangelove"),
        ("Ocean's Eleven", "oceans eleven"),
        ("Fast & Furious", "fast and furious"),
        ("WALL·E", "wall e"),
        ("The Lion King", "Lion King, The"),
        ("A", "a"),  # all that is left is an article
    ],
)
def test_spellings_of_a_title_have_the_same_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


def test_different_titles_have_different_keys() -> None:
    assert title_key("Alien") != title_key("Aliens")
    assert title_key("8½") != title_key("8")
