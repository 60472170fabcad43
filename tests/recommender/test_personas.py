"""Ten personas and their recommendations from the shipped catalogue alone; similar movies of twenty."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.recommender.shipped import Shipped, load

pytestmark = pytest.mark.xdist_group("shipped")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    return Shipped(load(tmp_path_factory.mktemp("shipped")))


@dataclass(frozen=True)
class Persona:
    """Likes and dislikes, and what the top 20 must satisfy.

    `at_least` and `at_most` count the movies with a feature (kind, name); `years` is a range and a minimum count.
    """

    name: str
    loves: list[str]
    hates: list[str]
    at_least: dict[tuple[str, str], int]
    at_most: dict[tuple[str, str], int] = field(default_factory=dict)
    years: tuple[int, int, int] = (1900, 2030, 20)
    must: tuple[str, ...] = ()


def genre(name: str) -> tuple[str, str]:
    return "genre", name


PERSONAS = [
    Persona(
        "arthouse",
        ["Persona (1966)", "8½ (1963)", "Stalker (1979)", "The Seventh Seal (1957)"],
        ["Transformers (2007)"],
        {
            ("director", "Ingmar Bergman"): 5,
            ("director", "Federico Fellini"): 4,
            ("director", "Andrei Tarkovsky"): 2,
            genre("Drama"): 16,
        },
        {("director", "Ingmar Bergman"): 10, ("language", "English"): 4, genre("Action"): 2},
        must=("Wild Strawberries (1957)", "La Dolce Vita (1960)", "Solaris (1972)"),
    ),
    Persona(
        "family",
        ["Toy Story (1995)", "Finding Nemo (2003)", "The Lion King (1994)"],
        ["Saw II (2005)"],
        {genre("Animation"): 17},
        {genre("Horror"): 1},
        must=("Toy Story 2 (1999)", "Toy Story 3 (2010)", "Monsters, Inc. (2001)"),
    ),
    Persona(
        "horror",
        ["Halloween (1978)", "The Texas Chain Saw Massacre (1974)", "A Nightmare on Elm Street (1984)"],
        ["Notting Hill (1999)"],
        {genre("Horror"): 17, ("director", "John Carpenter"): 2},
        {genre("Romance"): 3, genre("Comedy"): 2, genre("Animation"): 0},
        (1965, 1995, 17),
        must=("The Fog (1980)", "The Exorcist (1973)", "The Shining (1980)"),
    ),
    Persona(
        "Bollywood",
        ["Lagaan (2001)", "Dilwale Dulhania Le Jayenge (1995)", "3 Idiots (2009)"],
        [],
        {("country", "India"): 13, ("language", "Hindi"): 13},
        {genre("Horror"): 0},
        (1990, 2020, 18),
        must=("Devdas (2002)", "Veer-Zaara (2004)"),
    ),
    # Half a dozen are all that ship; Japan's other films fill the list.
    Persona(
        "anime",
        ["My Neighbor Totoro (1988)", "Nausicaä of the Valley of the Wind (1984)"],
        ["Saw II (2005)"],
        {("country", "Japan"): 10, genre("Animation"): 4},
        {genre("Horror"): 2},
        must=("Only Yesterday (1991)", "The Tale of the Princess Kaguya (2013)"),
    ),
    Persona(
        "classics before 1960",
        ["Casablanca (1942)", "Citizen Kane (1941)", "Double Indemnity (1944)", "Singin' in the Rain (1952)"],
        [],
        {genre("Drama"): 10, ("director", "Orson Welles"): 2},
        {},
        (1930, 1960, 19),
        must=("Sunset Boulevard (1950)", "The Big Sleep (1946)", "The Magnificent Ambersons (1942)"),
    ),
    Persona(
        "Hitchcock's fan",
        ["Vertigo (1958)", "Rear Window (1954)", "North by Northwest (1959)"],
        [],
        {("director", "Alfred Hitchcock"): 14, genre("Thriller"): 14},
        {},
        (1930, 1980, 19),
        must=("Psycho (1960)", "The Birds (1963)", "Strangers on a Train (1951)"),
    ),
    Persona(
        "serious science fiction",
        ["Alien (1979)", "Blade Runner (1982)", "The Thing (1982)"],
        ["Notting Hill (1999)"],
        {genre("Science Fiction"): 10, ("director", "John Carpenter"): 3},
        {genre("Romance"): 3, genre("Animation"): 0},
        (1968, 1999, 17),
        must=("Aliens (1986)", "The Terminator (1984)"),
    ),
    Persona(
        "romantic comedy",
        ["Notting Hill (1999)", "When Harry Met Sally (1989)", "Sleepless in Seattle (1993)"],
        ["Saw II (2005)"],
        {genre("Romance"): 16, genre("Comedy"): 12},
        {genre("Horror"): 0, genre("War"): 1},
        must=("Four Weddings and a Funeral (1994)", "You've Got Mail (1998)"),
    ),
    Persona(
        "westerns",
        [
            "The Good, the Bad and the Ugly (1966)",
            "Once Upon a Time in the West (1968)",
            "Unforgiven (1992)",
        ],
        [],
        {genre("Western"): 13, ("director", "Sergio Leone"): 3},
        {genre("Horror"): 1, genre("Animation"): 0},
        must=("For a Few Dollars More (1965)", "A Fistful of Dollars (1964)"),
    ),
    Persona(
        "war",
        ["Saving Private Ryan (1998)", "Platoon (1986)", "Das Boot (1981)"],
        [],
        {genre("War"): 15},
        {genre("Horror"): 1, genre("Comedy"): 3},
        must=("Full Metal Jacket (1987)", "Schindler's List (1993)"),
    ),
]


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.name)
def test_persona(shipped: Shipped, persona: Persona) -> None:
    items = shipped.top(persona.loves, persona.hates).tolist()
    listed = [shipped.labels[film] for film in items]
    for (kind, name), count in persona.at_least.items():
        assert sum(shipped.has(film, kind, name) for film in items) >= count, (name, listed)
    for (kind, name), count in persona.at_most.items():
        assert sum(shipped.has(film, kind, name) for film in items) <= count, (name, listed)
    first, last, count = persona.years
    years = shipped.catalogue.filter_columns.years[items]
    assert ((years >= first) & (years <= last)).sum() >= count, listed
    assert set(persona.must) <= set(listed), listed
    assert not {*persona.loves, *persona.hates} & set(listed)


# Film: what must be among its ten most similar.
SIMILAR = {
    "Alien (1979)": {"Aliens (1986)", "Prometheus (2012)", "Blade Runner (1982)"},
    "Aliens (1986)": {"Alien (1979)", "The Terminator (1984)"},
    "Toy Story (1995)": {"Toy Story 2 (1999)", "Toy Story 3 (2010)", "A Bug's Life (1998)"},
    "The Godfather (1972)": {"The Godfather Part II (1974)", "The Godfather Part III (1990)"},
    "Amélie (2001)": {"A Very Long Engagement (2004)", "Micmacs (2009)"},
    "The Matrix (1999)": {"The Matrix Reloaded (2003)", "The Matrix Revolutions (2003)"},
    "Star Wars: Episode IV – A New Hope (1977)": {
        "Star Wars: Episode V – The Empire Strikes Back (1980)",
        "Star Wars: Episode VI – Return of the Jedi (1983)",
    },
    "Psycho (1960)": {"Vertigo (1958)", "The Birds (1963)", "Rear Window (1954)"},
    "Pulp Fiction (1994)": {"Reservoir Dogs (1992)", "Jackie Brown (1997)"},
    "The Lord of the Rings: The Fellowship of the Ring (2001)": {
        "The Lord of the Rings: The Two Towers (2002)",
        "The Lord of the Rings: The Return of the King (2003)",
        "The Hobbit: An Unexpected Journey (2012)",
    },
    "Raiders of the Lost Ark (1981)": {
        "Indiana Jones and the Last Crusade (1989)",
        "Indiana Jones and the Temple of Doom (1984)",
    },
    "Jaws (1975)": {"Jaws 2 (1978)", "Jurassic Park (1993)"},
    "Back to the Future (1985)": {"Back to the Future Part II (1989)", "Back to the Future Part III (1990)"},
    "Die Hard (1988)": {"Die Hard 2 (1990)", "Die Hard with a Vengeance (1995)"},
    "Rocky (1976)": {"Rocky II (1979)", "Rocky III (1982)", "Rocky IV (1985)"},
    "Halloween (1978)": {"The Fog (1980)"},
    "Seven Samurai (1954)": {"Yojimbo (1961)", "The Hidden Fortress (1958)", "Throne of Blood (1957)"},
    "The Good, the Bad and the Ugly (1966)": {
        "For a Few Dollars More (1965)",
        "Once Upon a Time in the West (1968)",
    },
    "Mad Max (1979)": {"Mad Max 2 (1981)", "Mad Max Beyond Thunderdome (1985)"},
    "Persona (1966)": {"Through a Glass Darkly (1961)", "Wild Strawberries (1957)"},
    "Before Sunrise (1995)": {"Before Sunset (2004)", "Before Midnight (2013)"},
    "Casablanca (1942)": {"To Have and Have Not (1944)", "Passage to Marseille (1944)"},
    "Notting Hill (1999)": {"Four Weddings and a Funeral (1994)", "Bridget Jones's Diary (2001)"},
    "Inception (2010)": {"Interstellar (2014)", "Memento (2000)", "The Prestige (2006)"},
}


@pytest.mark.parametrize("film", SIMILAR)
def test_similar_movies(shipped: Shipped, film: str) -> None:
    items = shipped.similar(film)
    assert SIMILAR[film] <= set(items), items


def test_minor_language_does_not_make_movies_similar(shipped: Shipped) -> None:
    items = [shipped.named[film] for film in shipped.similar("Notting Hill (1999)")]
    assert not any(shipped.has(film, "language", "Spanish") for film in items)


@pytest.mark.parametrize(
    ("film", "other", "phrase"),
    [
        ("Alien (1979)", "Aliens (1986)", "of the same series"),
        ("Alien (1979)", "Blade Runner (1982)", "directed by Ridley Scott"),
        ("Persona (1966)", "Wild Strawberries (1957)", "directed by Ingmar Bergman"),
    ],
)
def test_shared_facts_are_named(shipped: Shipped, film: str, other: str, phrase: str) -> None:
    assert phrase in shipped.scorer.common_facts(shipped.named[film], np.array([shipped.named[other]]))[0]


def test_one_rating_is_enough(shipped: Shipped) -> None:
    listed = {shipped.labels[film] for film in shipped.top(["Toy Story (1995)"], []).tolist()}
    assert {"Toy Story 2 (1999)", "Toy Story 3 (2010)"} <= listed
    items = shipped.top(["Persona (1966)"], []).tolist()
    assert sum(shipped.has(film, "director", "Ingmar Bergman") for film in items) >= 8
