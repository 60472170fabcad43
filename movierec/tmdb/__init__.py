"""The Movie Database, asked sparingly and typed: client, cache, and what the answers mean."""

from movierec.tmdb.client import CallResult
from movierec.tmdb.flights import SingleFlight
from movierec.tmdb.images import IMAGE_KINDS, image_kind
from movierec.tmdb.parse import LAST_PAGE, ChangesPage, ImageConfiguration, MovieDetails, MoviePage, TmdbMovie
from movierec.tmdb.service import ATTRIBUTION, State, TmdbResponse, TmdbService

__all__ = [
    "ATTRIBUTION",
    "IMAGE_KINDS",
    "LAST_PAGE",
    "CallResult",
    "ChangesPage",
    "ImageConfiguration",
    "MovieDetails",
    "MoviePage",
    "SingleFlight",
    "State",
    "TmdbMovie",
    "TmdbResponse",
    "TmdbService",
    "image_kind",
]
