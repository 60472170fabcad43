"""The catalogue: films, people, genres, and finding them."""

from movierec.movies.charts import popular, top_rated, trending
from movierec.movies.genres import asked_genre, genre_names
from movierec.movies.ingest.link_by_title import joined_by_title
from movierec.movies.ingest.match_index import KnownFilm, known_aliases, known_films, known_titles
from movierec.movies.ingest.merge import aliases, current_id, merge_films, on_film
from movierec.movies.ingest.seed import load_starter, starter_films
from movierec.movies.ingest.staff_edits import change, create, remove, replace
from movierec.movies.ingest.stubs import bring
from movierec.movies.ingest.tmdb_freshness import Outside, never_told, oldest_details, told_before
from movierec.movies.ingest.tmdb_mapping import facts_of, facts_of_details
from movierec.movies.ingest.tmdb_sync import Found, Sync
from movierec.movies.ingest.upsert import store
from movierec.movies.movie_record import FilmFacts
from movierec.movies.movierec_ids import by_own_id, give_own_ids
from movierec.movies.popularity import reviews_for
from movierec.movies.queries import (
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
from movierec.movies.search import MAXIMUM_LENGTH, MAXIMUM_TERMS, checked, find_title, matches, search
from movierec.movies.title_keys import forms as title_forms

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
