"""The catalogue: films, people, genres, and finding them."""

from movierec.movies.bringing import bring
from movierec.movies.editing import change, create, remove, replace
from movierec.movies.facts import FilmFacts
from movierec.movies.from_tmdb import facts_of, facts_of_details
from movierec.movies.genres import asked_genre, genre_names
from movierec.movies.identifying import KnownFilm, known_aliases, known_films, known_titles
from movierec.movies.joining import joined_by_title
from movierec.movies.lists import popular, top_rated, trending
from movierec.movies.merging import aliases, current_id, merge_films, on_film
from movierec.movies.own_ids import by_own_id, give_own_ids
from movierec.movies.popularity import reviews_for
from movierec.movies.search import MAXIMUM_LENGTH, MAXIMUM_TERMS, checked, find_title, matches, search
from movierec.movies.service import (
    ORDERINGS,
    Detail,
    Filters,
    Listed,
    browse,
    by_imdb_id,
    by_tmdb_id,
    detail,
    genre,
    genres,
    listed,
    needs_starter,
    ordering,
    poster_path,
)
from movierec.movies.starting import load_starter, starter_films
from movierec.movies.store import store
from movierec.movies.sync import Found, Sync
from movierec.movies.telling import Outside, never_told, oldest_details, told_before
from movierec.movies.titles import forms as title_forms

__all__ = [
    "MAXIMUM_LENGTH",
    "MAXIMUM_TERMS",
    "ORDERINGS",
    "Detail",
    "FilmFacts",
    "Filters",
    "Found",
    "KnownFilm",
    "Listed",
    "Outside",
    "Sync",
    "aliases",
    "asked_genre",
    "bring",
    "browse",
    "by_imdb_id",
    "by_own_id",
    "by_tmdb_id",
    "change",
    "checked",
    "create",
    "current_id",
    "detail",
    "facts_of",
    "facts_of_details",
    "find_title",
    "genre",
    "genre_names",
    "genres",
    "give_own_ids",
    "joined_by_title",
    "known_aliases",
    "known_films",
    "known_titles",
    "listed",
    "load_starter",
    "matches",
    "merge_films",
    "needs_starter",
    "never_told",
    "oldest_details",
    "on_film",
    "ordering",
    "popular",
    "poster_path",
    "remove",
    "replace",
    "reviews_for",
    "search",
    "starter_films",
    "store",
    "title_forms",
    "told_before",
    "top_rated",
    "trending",
]
