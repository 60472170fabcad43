"""Columns of twelve well-known movies of a few kinds."""

import numpy as np

from movierec.recommender.engine.movie_columns import MovieColumns, build_movie_columns

TITLES = (
    "Alien",
    "Blade Runner",
    "The Thing",
    "Prometheus",
    "Toy Story",
    "Finding Nemo",
    "Persona",
    "Wild Strawberries",
    "Amélie",
    "The Terminator",
    "Monsters, Inc.",
    "Working Girl",
)
ALIEN, BLADE_RUNNER, THE_THING, PROMETHEUS, TOY_STORY, NEMO, PERSONA, STRAWBERRIES, AMELIE, TERMINATOR = (
    range(10)
)
MONSTERS, WORKING_GIRL = 10, 11


def twelve_movies() -> MovieColumns:
    return build_movie_columns(
        genres=[
            ("Sci-Fi", "Horror"),
            ("Sci-Fi", "Thriller"),
            ("Sci-Fi", "Horror"),
            ("Sci-Fi", "Horror"),
            ("Animation", "Family"),
            ("Animation", "Family"),
            ("Drama",),
            ("Drama",),
            ("Comedy", "Romance"),
            ("Sci-Fi", "Action"),
            ("Animation", "Family"),
            ("Comedy", "Romance"),
        ],
        years=[1979, 1982, 1982, 2012, 1995, 2003, 1966, 1957, 2001, 1984, 2001, 1988],
        languages=[("Swedish",) if i in (PERSONA, STRAWBERRIES) else ("English",) for i in range(8)]
        + [("French",), ("English",), ("English",), ("English",)],
        directors=[
            ("Ridley Scott",),
            ("Ridley Scott",),
            ("John Carpenter",),
            ("Ridley Scott",),
            ("John Lasseter",),
            ("Andrew Stanton",),
            ("Ingmar Bergman",),
            ("Ingmar Bergman",),
            ("Jean-Pierre Jeunet",),
            ("James Cameron",),
            ("Pete Docter",),
            ("Mike Nichols",),
        ],
        cast=[("Sigourney Weaver",) if i in (ALIEN, WORKING_GIRL) else () for i in range(12)],
        rating=np.full(12, 8.0),
        votes=np.full(12, 100.0),
    )
