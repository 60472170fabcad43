"""Parsers of MovieLens titles and genres."""

from __future__ import annotations

import pytest

from movierec.exchange.movielens.titles import parse_genres, parse_title


@pytest.mark.parametrize(
    ("text", "title", "original", "year"),
    [
        ("Toy Story (1995)", "Toy Story", "", 1995),
        ("American President, The (1995)", "The American President", "", 1995),
        ("Bug's Life, A (1998)", "A Bug's Life", "", 1998),
        ("Affair to Remember, An (1957)", "An Affair to Remember", "", 1957),
        ("Misérables, Les (1995)", "Les Misérables", "", 1995),
        ("Avventura, L' (Adventure, The) (1960)", "L'Avventura", "The Adventure", 1960),
        ("Godfather: Part II, The (1974)", "The Godfather: Part II", "", 1974),
        ("Postman, The (Postino, Il) (1994)", "The Postman", "Il Postino", 1994),
        ("Seven (a.k.a. Se7en) (1995)", "Seven", "Se7en", 1995),
        # The original title, where both are given.
        ("Professional, The (a.k.a. Leon) (Léon) (1994)", "The Professional", "Léon", 1994),
        # No year, a range, spaces behind it.
        ("Babylon 5", "Babylon 5", "", None),
        ("Fawlty Towers (1975-1979)", "Fawlty Towers", "", 1975),
        ("Death Note: Desu nôto (2006–2007)", "Death Note: Desu nôto", "", 2006),
        ("Big Bang Theory, The (2007-)", "The Big Bang Theory", "", 2007),
        ("Diplomacy  (2014) ", "Diplomacy", "", 2014),
        # Numbers and parentheses that belong to the title.
        ("1900 (Novecento) (1976)", "1900", "Novecento", 1976),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", "", 1968),
        ("(500) Days of Summer (2009)", "(500) Days of Summer", "", 2009),
        (
            "Birdman: Or (The Unexpected Virtue of Ignorance) (2014)",
            "Birdman: Or (The Unexpected Virtue of Ignorance)",
            "",
            2014,
        ),
        ("Room (9999)", "Room", "9999", None),
        ("(1995)", "(1995)", "", None),
        ("Me, Myself & Irene (2000)", "Me, Myself & Irene", "", 2000),
        ("Good, the Bad and the Ugly, The (1966)", "The Good, the Bad and the Ugly", "", 1966),
        ("Tab\there\x00 (2001)", "Tab here", "", 2001),
    ],
)
def test_titles_are_parsed(text: str, title: str, original: str, year: int | None) -> None:
    assert parse_title(text) == (title, original, year)


@pytest.mark.parametrize(
    ("text", "genres"),
    [
        (
            "Adventure|Animation|Children|Comedy|Fantasy",
            ("Adventure", "Animation", "Family", "Comedy", "Fantasy"),
        ),
        ("Children's|Sci-Fi", ("Family", "Science Fiction")),
        ("Action|IMAX", ("Action",)),
        ("Film-Noir|Musical", ("Film-Noir", "Musical")),
        ("(no genres listed)", ()),
        ("", ()),
        ("Drama|Drama", ("Drama",)),
    ],
)
def test_genres_are_mapped_to_catalogue_names(text: str, genres: tuple[str, ...]) -> None:
    assert parse_genres(text) == genres
