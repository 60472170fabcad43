"""Reading the catalogue: lists, one film, genres, and the lists made of it."""

from __future__ import annotations

import pytest

from movierec import db, movies
from movierec.errors import NotFound, ValidationFailed
from movierec.movies import MovieFilters, MovieRecord
from tests.films import MOVIES, NOW, movie_id

pytestmark = pytest.mark.usefixtures("database")


def test_without_filters_everything_is_listed_the_best_known_first() -> None:
    count, films = movies.browse(MovieFilters(), limit=1000)
    assert count == len(films) == len(MOVIES)
    known = [film.popularity for film in films]
    assert known == sorted(known, reverse=True)


def test_an_offset_goes_on_where_the_limit_ended() -> None:
    everything = movies.browse(MovieFilters(), limit=1000)[1]
    assert movies.browse(MovieFilters(), limit=7, offset=20)[1] == everything[20:27]
    assert movies.browse(MovieFilters(), limit=7, offset=10**9)[1] == []


def test_adult_films_may_be_left_out_listed_alone_or_among_all() -> None:
    movies.upsert([MovieRecord("Behind Closed Doors", "staff", adult=True)], NOW)
    counts = [movies.browse(MovieFilters(adult=adult), limit=1)[0] for adult in (False, True, None)]
    assert counts == [len(MOVIES), 1, len(MOVIES) + 1]


def test_orderings_are_names_of_a_table_and_nothing_else() -> None:
    assert movies.order_by("-title", {"title": "t"}) == "t DESC"
    assert movies.order_by("title,-year", {"title": "t", "year": "y"}) == "t ASC, y DESC"
    for text in ("", "year", "title,", "--title", "title DESC", "t", "title;--"):
        with pytest.raises(ValidationFailed):
            movies.order_by(text, {"title": "t"})


def test_films_are_listed_in_the_order_asked_for() -> None:
    wanted = [movie_id(imdb_id) for imdb_id in ("tt0133093", "tt0078748", "tt0083658")]
    assert [film.id for film in movies.summaries([*wanted, 10**12])] == wanted
    assert movies.summaries([]) == []


def test_a_film_whole() -> None:
    film = movies.detail(movie_id("tt0111161"))
    assert (film.listed.title, film.listed.year) == ("The Shawshank Redemption", 1994)
    assert film.directors == ["Frank Darabont"]
    assert "Morgan Freeman" in [member["name"] for member in film.cast]
    assert film.facts["languages"][0] == "en"
    with pytest.raises(NotFound):
        movies.detail(10**12)


def test_genres_and_how_many_films_they_have() -> None:
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
    ids = [film.id for film in movies.top_rated(limit=1000)[1]]
    assert ids[0] == many
    assert ids.index(few) > 10
    unvoted = movies.upsert([MovieRecord("Nobody Voted", "staff")], NOW)[0]
    assert unvoted not in [film.id for film in movies.top_rated(limit=1000)[1]]


def test_trending_is_what_is_active_then_the_newest() -> None:
    casablanca = movie_id("tt0034583")
    movies.upsert([MovieRecord("Of the Future", "staff", year=2100, popularity=1e6)], NOW)
    count, films = movies.trending([casablanca], 2026, limit=1000)
    assert films[0].id == casablanca
    assert len(films) == count
    newest = [film.year or 0 for film in films[1:]]
    # Of twenty films and some: few alone, as a search brings in, make no years of their own.
    years = [year for (year,) in db.rows("SELECT year FROM movies WHERE year <= 2026 ORDER BY year DESC")]
    assert set(newest) == {year for year in years if year >= years[20] - 1}
    assert movies.trending([casablanca], 2026, limit=2, offset=1)[1] == films[1:3]


def test_lists_of_an_empty_catalogue_are_empty() -> None:
    db.execute("DELETE FROM movies")
    assert (
        movies.popular(limit=5) == movies.top_rated(limit=5) == movies.trending([], 2026, limit=5) == (0, [])
    )
    assert movies.search("anything", limit=5) == (0, [])
