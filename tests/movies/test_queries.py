"""Queries on the catalogue: lists, one movie, genres, and the charts."""

from __future__ import annotations

import pytest

from movierec import db, movies
from movierec.errors import NotFound, ValidationFailed
from movierec.movies import MovieFilters, MovieRecord
from tests.films import MOVIE_TITLES, NOW, movie_id

pytestmark = pytest.mark.usefixtures("database")


def test_without_filters_all_movies_are_listed_by_popularity() -> None:
    count, page = movies.browse(MovieFilters(), limit=1000)
    assert count == len(page) == len(MOVIE_TITLES)
    popularity = [movie.popularity for movie in page]
    assert popularity == sorted(popularity, reverse=True)


def test_offset_continues_where_the_limit_ended() -> None:
    everything = movies.browse(MovieFilters(), limit=1000)[1]
    assert movies.browse(MovieFilters(), limit=7, offset=20)[1] == everything[20:27]
    assert movies.browse(MovieFilters(), limit=7, offset=10**9)[1] == []


def test_adult_movies_are_excluded_listed_alone_or_included() -> None:
    movies.upsert([MovieRecord("Behind Closed Doors", "staff", adult=True)], NOW)
    counts = [movies.browse(MovieFilters(adult=adult), limit=1)[0] for adult in (False, True, None)]
    assert counts == [len(MOVIE_TITLES), 1, len(MOVIE_TITLES) + 1]


def test_order_by_accepts_only_names_of_the_given_columns() -> None:
    assert movies.order_by("-title", {"title": "t"}) == "t DESC"
    assert movies.order_by("title,-year", {"title": "t", "year": "y"}) == "t ASC, y DESC"
    for text in ("", "year", "title,", "--title", "title DESC", "t", "title;--"):
        with pytest.raises(ValidationFailed):
            movies.order_by(text, {"title": "t"})


def test_summaries_are_returned_in_the_order_of_the_ids() -> None:
    wanted = [movie_id(imdb_id) for imdb_id in ("tt0133093", "tt0078748", "tt0083658")]
    assert [movie.id for movie in movies.summaries([*wanted, 10**12])] == wanted
    assert movies.summaries([]) == []


def test_detail_has_all_facts_of_a_movie() -> None:
    movie = movies.detail(movie_id("tt0111161"))
    assert (movie.summary.title, movie.summary.year) == ("The Shawshank Redemption", 1994)
    assert movie.directors == ["Frank Darabont"]
    assert "Morgan Freeman" in [member["name"] for member in movie.cast]
    assert movie.facts["languages"][0] == "en"
    with pytest.raises(NotFound):
        movies.detail(10**12)


def test_genres_have_their_number_of_movies() -> None:
    count, genres = movies.genres(limit=100, offset=0)
    assert count == len(genres)
    assert [genre.name for genre in genres] == sorted(genre.name for genre in genres)
    drama = next(genre for genre in genres if genre.name == "Drama")
    assert drama.movies == movies.browse(MovieFilters(genre="Drama"), limit=1)[0]
    assert movies.genre(drama.id) == drama
    with pytest.raises(NotFound):
        movies.genre(10**12)


def test_top_rated_damps_few_votes() -> None:
    few, many = movies.upsert(
        [
            MovieRecord("Few", "staff", vote_average=10, vote_count=2),
            MovieRecord("Many", "staff", vote_average=9.9, vote_count=100_000),
        ],
        NOW,
    )
    ids = [movie.id for movie in movies.top_rated(limit=1000)[1]]
    assert ids[0] == many
    assert ids.index(few) > 10
    unvoted = movies.upsert([MovieRecord("Nobody Voted", "staff")], NOW)[0]
    assert unvoted not in [movie.id for movie in movies.top_rated(limit=1000)[1]]


def test_trending_lists_active_movies_then_the_newest() -> None:
    casablanca = movie_id("tt0034583")
    movies.upsert([MovieRecord("Of the Future", "staff", year=2100, popularity=1e6)], NOW)
    count, page = movies.trending([casablanca], 2026, limit=1000)
    assert page[0].id == casablanca
    assert len(page) == count
    newest = [movie.year or 0 for movie in page[1:]]
    # From years with more than twenty movies: the few that a search brings in are ignored.
    years = [year for (year,) in db.rows("SELECT year FROM movies WHERE year <= 2026 ORDER BY year DESC")]
    assert set(newest) == {year for year in years if year >= years[20] - 1}
    assert movies.trending([casablanca], 2026, limit=2, offset=1)[1] == page[1:3]


def test_charts_and_search_of_an_empty_catalogue_are_empty() -> None:
    db.execute("DELETE FROM movies")
    assert (
        movies.popular(limit=5) == movies.top_rated(limit=5) == movies.trending([], 2026, limit=5) == (0, [])
    )
    assert movies.search("anything", limit=5) == (0, [])
