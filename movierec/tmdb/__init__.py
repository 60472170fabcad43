"""The Movie Database, asked sparingly and typed: client, cache, and what the answers mean."""

from movierec.tmdb.client import Result
from movierec.tmdb.flights import Flights
from movierec.tmdb.images import IMAGE_KINDS, image_kind
from movierec.tmdb.parse import LAST_PAGE, Changes, Details, Film, FilmPage, Images
from movierec.tmdb.service import ATTRIBUTION, Answer, State, Tmdb

__all__ = [
    "ATTRIBUTION",
    "IMAGE_KINDS",
    "LAST_PAGE",
    "Answer",
    "Changes",
    "Details",
    "Film",
    "FilmPage",
    "Flights",
    "Images",
    "Result",
    "State",
    "Tmdb",
    "image_kind",
]
