"""Data of the stand-in for TMDb: invented movies in the form of TMDb's responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GENRES = {18: "Drama", 28: "Action", 35: "Comedy", 878: "Science Fiction", 53: "Thriller"}


@dataclass(frozen=True)
class Known:
    """A movie in the stand-in."""

    tmdb_id: int
    title: str
    imdb_id: str | None = None
    released: str = "2021-05-07"
    genres: tuple[int, ...] = (18,)
    votes: int = 500
    average: float = 7.1
    popularity: float = 12.5
    adult: bool = False
    original_title: str = ""

    def listed(self) -> dict[str, Any]:
        """Return the movie as an item of a list."""
        return {
            "adult": self.adult,
            "backdrop_path": f"/backdrop{self.tmdb_id}.jpg",
            "genre_ids": list(self.genres),
            "id": self.tmdb_id,
            "original_language": "en",
            "original_title": self.original_title or self.title,
            "overview": f"What happens in {self.title}.",
            "popularity": self.popularity,
            "poster_path": f"/poster{self.tmdb_id}.jpg",
            "release_date": self.released,
            "title": self.title,
            "video": False,
            "vote_average": self.average,
            "vote_count": self.votes,
        }

    def details(self) -> dict[str, Any]:
        """Return the movie as a response with all details."""
        listed = self.listed()
        del listed["genre_ids"]
        return {
            **listed,
            "belongs_to_collection": None,
            "budget": 63_000_000,
            "genres": [{"id": number, "name": GENRES[number]} for number in self.genres],
            "homepage": "https://film.example.org/",
            "imdb_id": self.imdb_id,
            "production_companies": [{"id": 1, "name": "Somebody's"}],
            "production_countries": [{"iso_3166_1": "US", "name": "United States of America"}],
            "revenue": 463_517_383,
            "runtime": 136,
            "spoken_languages": [{"english_name": "English", "iso_639_1": "en", "name": "English"}],
            "status": "Released",
            "tagline": "Nothing is what it seems.",
            "credits": {
                "cast": [
                    {"id": 1, "name": "Ada Example", "character": "The Engineer", "order": 0},
                    {"id": 2, "name": "Alan Example", "character": "The Machine", "order": 1},
                ],
                "crew": [
                    {"id": 3, "name": "Grace Example", "job": "Director", "department": "Directing"},
                    {"id": 4, "name": "Edsger Example", "job": "Screenplay", "department": "Writing"},
                    {"id": 5, "name": "Donald Example", "job": "Gaffer", "department": "Lighting"},
                ],
            },
            "keywords": {"keywords": [{"id": 1, "name": "simulation"}, {"id": 2, "name": "hacker"}]},
            "release_dates": {
                "results": [
                    {"iso_3166_1": "DE", "release_dates": [{"certification": "16", "type": 3}]},
                    {
                        "iso_3166_1": "US",
                        "release_dates": [
                            {"certification": "PG", "type": 5},
                            {"certification": "R", "type": 3},
                        ],
                    },
                ]
            },
        }


# Two movies of the tests' catalogue, which has their IMDb ids only, and others that it lacks.
MATRIX = Known(603, "The Matrix", "tt0133093", "1999-03-31", (28, 878), 26_000, 8.2, 90.0)
HEAT = Known(949, "Heat", "tt0113277", "1995-12-15", (28, 18, 53), 7_500, 7.9, 40.0)
NEW = [
    Known(1_000_001, "The Quiet Engine", "tt9000001", "2024-03-01", (878,), 3_000, 7.4, 55.0),
    Known(1_000_002, "Matrix of Lies", "tt9000002", "2022-09-09", (53,), 40, 5.5, 3.0),
    Known(1_000_003, "Harbour Lights", None, "2020-01-01", (18,), 900, 6.8, 8.0),
    Known(1_000_004, "Nine Tailors", "tt9000004", "2019-06-06", (35,), 120, 6.1, 4.0),
]
FORBIDDEN = Known(1_000_666, "Harbour Nights", None, "2018-01-01", (18,), 30, 5.0, 2.0, adult=True)
FILMS = {film.tmdb_id: film for film in (MATRIX, HEAT, *NEW, FORBIDDEN)}

CONFIGURATION = {
    "images": {
        "base_url": "http://image.tmdb.org/t/p/",
        "secure_base_url": "https://image.tmdb.org/t/p/",
        "poster_sizes": ["w92", "w342", "w500", "original"],
        "backdrop_sizes": ["w300", "w1280", "original"],
    },
    "change_keys": ["title"],
}


def page(films: list[Known], number: int = 1, total: int | None = None) -> dict[str, Any]:
    """Return a page of a list."""
    total = len(films) if total is None else total
    return {
        "page": number,
        "results": [film.listed() for film in films],
        "total_pages": -(-total // 20),
        "total_results": total,
    }
