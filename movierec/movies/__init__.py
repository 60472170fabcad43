"""The catalogue: movies, people, genres, and the search for them."""

from movierec.movies.charts import popular, top_rated, trending
from movierec.movies.genres import resolve_genre, resolve_genre_names
from movierec.movies.ingest.foreign_keys import check_merge_rules
from movierec.movies.ingest.link_by_title import link_by_title
from movierec.movies.ingest.match_index import IndexedMovie, indexed_aliases, indexed_movies, indexed_titles
from movierec.movies.ingest.merge import alias_targets, current_id, merge_movies, with_current_id
from movierec.movies.ingest.seed import seed_catalogue, starter_records
from movierec.movies.ingest.staff_edits import create_movie, delete_movie, replace_movie, update_movie
from movierec.movies.ingest.stubs import add_stubs
from movierec.movies.ingest.tmdb_freshness import (
    TmdbLookupIds,
    details_older_than,
    oldest_details,
    without_details,
)
from movierec.movies.ingest.tmdb_mapping import record_from_details, record_from_list_item
from movierec.movies.ingest.tmdb_on_demand import TmdbListPage, TmdbSync
from movierec.movies.ingest.upsert import upsert
from movierec.movies.movie_record import MovieRecord
from movierec.movies.movierec_ids import assign_movierec_ids, by_movierec_id
from movierec.movies.popularity import equivalent_reviews
from movierec.movies.queries import (
    ORDERINGS,
    GenreCount,
    MovieDetail,
    MovieFilters,
    MovieSummary,
    browse,
    by_imdb_id,
    by_tmdb_id,
    detail,
    genre,
    genres,
    needs_seed,
    order_by,
    poster_path,
    summaries,
)
from movierec.movies.search import (
    MAXIMUM_SEARCH_LENGTH,
    MAXIMUM_SEARCH_TERMS,
    SearchText,
    find_by_title,
    find_matches,
    search,
    validate_search_text,
)
from movierec.movies.title_keys import title_forms

__all__ = [
    "MAXIMUM_SEARCH_LENGTH",
    "MAXIMUM_SEARCH_TERMS",
    "ORDERINGS",
    "GenreCount",
    "IndexedMovie",
    "MovieDetail",
    "MovieFilters",
    "MovieRecord",
    "MovieSummary",
    "SearchText",
    "TmdbListPage",
    "TmdbLookupIds",
    "TmdbSync",
    "add_stubs",
    "alias_targets",
    "assign_movierec_ids",
    "browse",
    "by_imdb_id",
    "by_movierec_id",
    "by_tmdb_id",
    "check_merge_rules",
    "create_movie",
    "current_id",
    "delete_movie",
    "detail",
    "details_older_than",
    "equivalent_reviews",
    "find_by_title",
    "find_matches",
    "genre",
    "genres",
    "indexed_aliases",
    "indexed_movies",
    "indexed_titles",
    "link_by_title",
    "merge_movies",
    "needs_seed",
    "oldest_details",
    "order_by",
    "popular",
    "poster_path",
    "record_from_details",
    "record_from_list_item",
    "replace_movie",
    "resolve_genre",
    "resolve_genre_names",
    "search",
    "seed_catalogue",
    "starter_records",
    "summaries",
    "title_forms",
    "top_rated",
    "trending",
    "update_movie",
    "upsert",
    "validate_search_text",
    "with_current_id",
    "without_details",
]
