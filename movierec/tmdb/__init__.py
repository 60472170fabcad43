"""The Movie Database (TMDb): HTTP client, response cache, typed responses."""

from movierec.tmdb.client import CallResult
from movierec.tmdb.images import IMAGE_KINDS, image_kind
from movierec.tmdb.parse import LAST_PAGE, ChangesPage, ImageConfiguration, MovieDetails, MoviePage, TmdbMovie
from movierec.tmdb.service import ATTRIBUTION, State, TmdbResponse, TmdbService
from movierec.tmdb.single_flight import SingleFlight

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
