"""TMDb's movies in the catalogue: no duplicates, no lost facts, and no write where nothing is new."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any, cast

import pytest

from movierec import config, db, movies
from movierec.config import Settings
from movierec.errors import NotFound
from movierec.movies import MovieDetail
from movierec.movies.genres import sync_genres
from movierec.movies.ingest.link_by_title import link_by_title
from movierec.movies.ingest.tmdb_mapping import record_from_details, record_from_list_item
from movierec.movies.ingest.upsert import ids_if_unchanged, upsert
from movierec.movies.movie_record import MovieRecord
from movierec.movies.popularity import equivalent_reviews, popularity
from movierec.movies.search_ranking import without_year
from movierec.recommender.serving.movie_index import read_movies
from movierec.tmdb import TmdbResponse, TmdbService, parse
from tests.films import NOW, movie_count, movie_id
from tests.tmdb import answers
from tests.tmdb.answers import HEAT, MATRIX, NEW, Known

pytestmark = pytest.mark.usefixtures("database")


def list_records(*items: Known) -> list[MovieRecord]:
    return [record_from_list_item(parse.parse_movie(movie.listed()), answers.GENRES) for movie in items]


def details_record(movie: Known, at: int = NOW) -> MovieRecord:
    return record_from_details(parse.parse_details(movie.details()), at)


def import_list(*items: Known) -> list[int]:
    return upsert(link_by_title(list_records(*items)), NOW)


def linked_ids(*items: Known) -> list[str | None]:
    return [record.imdb_id for record in link_by_title(list_records(*items))]


def test_list_items_are_linked_to_stored_movies() -> None:
    before = movie_count()
    assert import_list(MATRIX, HEAT) == [movie_id("tt0133093"), movie_id("tt0113277")]
    assert movie_count() == before
    matrix = movies.detail(movie_id("tt0133093"))
    assert matrix.summary.tmdb_id == 603
    assert matrix.summary.poster_path == "/poster603.jpg"
    assert matrix.directors == ["Lana Wachowski", "Lilly Wachowski"]  # lists have none, so they stay


# A list item, and the movie of the catalogue that it is linked to.
@pytest.mark.parametrize(
    ("title", "released", "imdb_id"),
    [
        ("Heat", "1995-12-15", "tt0113277"),
        ("Heat", "1972-10-06", "tt0068688"),
        ("Heat", "1996-01-01", "tt0113277"),  # a year later in cinemas
        ("Alien", "1980-01-01", None),  # no drama: another movie
        ("Heat", "1997-01-01", None),  # two years later: another movie
        ("Heat", "1986-11-14", None),
        ("Heat", "", None),
        ("Heat Wave", "1995-01-01", None),
        ("Léon: The Professional", "1994-09-14", "tt0110413"),
        ("Leon - the professional", "1994-09-14", "tt0110413"),
    ],
)
def test_list_items_are_linked_by_title_and_year(title: str, released: str, imdb_id: str | None) -> None:
    assert linked_ids(Known(7, title, released=released)) == [imdb_id]


def test_ambiguous_list_items_are_not_linked() -> None:
    twins = Known(7, "Heat", released="1995-12-15"), Known(8, "Heat", released="1995-03-01")
    assert linked_ids(*twins) == [None, None]
    upsert([MovieRecord("Vertigo", "movielens", imdb_id="tt7000001", year=1958)], NOW)
    assert linked_ids(Known(9, "Vertigo", released="1958-05-09")) == [None]


def test_little_known_namesake_does_not_prevent_a_link() -> None:
    heat = Known(7, "Heat", released="1995-12-15", votes=14_000)
    namesake, short = (
        Known(8, "Heat", released="1994-03-01", votes=3),
        Known(9, "Heat", released="1995-03-01"),
    )
    assert linked_ids(namesake, heat) == linked_ids(heat, namesake)[::-1] == [None, "tt0113277"]
    assert linked_ids(heat, dataclasses.replace(short, votes=3)) == ["tt0113277", None]
    assert linked_ids(heat, dataclasses.replace(short, votes=2_000)) == [None, None]
    assert linked_ids(namesake, Known(10, "Heat", released="1996-01-01")) == [None, None]


def test_movie_with_a_stored_namesake_is_not_linked_to_the_adjacent_year() -> None:
    upsert([MovieRecord("Heat", "tmdb", tmdb_id=5, year=1996)], NOW)
    assert linked_ids(Known(7, "Heat", released="1996-01-01")) == [None]
    assert linked_ids(Known(7, "Heat", released="1995-12-15")) == ["tt0113277"]


def test_stored_namesake_without_a_year_does_not_prevent_a_link() -> None:
    upsert([MovieRecord("Heat", "movielens", movielens_id=5)], NOW)
    assert linked_ids(Known(7, "Heat", released="1995-12-15")) == ["tt0113277"]
    assert linked_ids(Known(7, "Heat", released="1996-01-01")) == ["tt0113277"]


def without_time(movie: MovieDetail) -> MovieDetail:
    return dataclasses.replace(movie, facts={**movie.facts, "updated_at": 0})


@pytest.mark.parametrize("imdb_id", [None, "tt7777777"])
def test_namesake_does_not_overwrite_a_movie(imdb_id: str | None) -> None:
    """The linked movie keeps its people and year, and is restored when details disprove the link."""
    heat = movie_id("tt0113277")
    before = without_time(movies.detail(heat))
    namesake = Known(900_002, "Heat", imdb_id, "1996-01-01", (18, 35), votes=2, average=10.0)
    for _ in range(2):  # the second time by its tmdb id
        assert import_list(namesake) == [heat]
        summary = movies.detail(heat).summary
        assert (summary.year, summary.vote_count) == (before.summary.year, before.summary.vote_count)
        assert "Comedy" not in summary.genres
        assert summary.poster_path == "/poster900002.jpg"  # until details disprove the link
    [other] = upsert([details_record(namesake)], NOW)
    assert other != heat
    assert without_time(movies.detail(heat)) == before
    assert import_list(HEAT) == [heat]
    assert upsert([details_record(HEAT)], NOW) == [heat]
    assert (movies.by_tmdb_id(900_002), movies.by_tmdb_id(HEAT.tmdb_id)) == (other, heat)


def test_details_without_imdb_id_are_matched_by_their_people() -> None:
    heat = movie_id("tt0113277")
    without_id = dataclasses.replace(HEAT, imdb_id=None)
    import_list(without_id)
    mann = dataclasses.replace(details_record(without_id), directors=("Michael Mann",))
    assert upsert([mann], NOW) == [heat]
    assert movies.detail(heat).facts["tagline"] == "Nothing is what it seems."


def test_wrong_tmdb_id_does_not_become_an_alias() -> None:
    heat = movie_id("tt0113277")
    import_list(Known(900_002, "Heat", None, "1996-01-01", votes=2))
    [twin] = import_list(HEAT)
    assert upsert([details_record(HEAT)], NOW) == [heat] == [movies.current_id(twin)]
    assert movies.by_tmdb_id(HEAT.tmdb_id) == heat
    with pytest.raises(NotFound):
        movies.by_tmdb_id(900_002)


def test_movie_with_another_tmdb_id_is_not_linked() -> None:
    import_list(MATRIX)
    assert linked_ids(Known(604_000, "The Matrix", released="1999-03-31")) == [None]


def test_details_complete_a_movie_and_lists_remove_nothing() -> None:
    [stored] = upsert([details_record(MATRIX)], NOW)
    assert stored == movie_id("tt0133093")
    whole = movies.detail(stored)
    assert (whole.directors, whole.facts["certificate"], whole.summary.runtime) == (
        ["Grace Example"],
        "R",
        136,
    )
    assert whole.facts["countries"] == ["United States"]
    assert whole.cast[0] == {"name": "Ada Example", "character": "The Engineer"}
    import_list(MATRIX)
    again = movies.detail(stored)
    assert {**again.facts, "updated_at": 0} == {**whole.facts, "updated_at": 0}
    assert (again.directors, again.cast, again.keywords) == (whole.directors, whole.cast, whole.keywords)
    assert again.keywords == ["hacker", "simulation"]


def test_values_of_staff_are_kept() -> None:
    matrix = movie_id("tt0133093")
    movies.update_movie(matrix, {"overview": "Written by staff.", "title": "Matrix"}, NOW)
    upsert([details_record(MATRIX, NOW + 5)], NOW)
    movie = movies.detail(matrix)
    assert (movie.summary.title, movie.summary.overview) == ("Matrix", "Written by staff.")
    assert movie.facts["tagline"] == "Nothing is what it seems."  # empty before
    assert db.value("SELECT details_at FROM movies WHERE id = ?", matrix) == NOW + 5


def test_unchanged_records_need_no_write() -> None:
    items = NEW[0], MATRIX, *NEW[1:]
    records = list_records(*items)
    assert ids_if_unchanged(records) is None
    ids = import_list(*items)
    revision = db.revision("catalogue")
    assert ids_if_unchanged(records) == ids
    assert ids_if_unchanged([*records, records[0]]) == [*ids, ids[0]]
    # A few more votes cause no write, many more do.
    drifted = [dataclasses.replace(record, vote_count=record.vote_count + 1) for record in records[:2]]
    assert ids_if_unchanged(drifted) == ids[:2]
    upsert(drifted, NOW)
    assert db.revision("catalogue") == revision
    many_votes = [dataclasses.replace(records[0], vote_count=50_000)]
    assert ids_if_unchanged(many_votes) is None
    assert ids_if_unchanged([dataclasses.replace(records[0], genres=("Drama",))]) is None


def test_tmdb_replaces_a_close_value_of_another_source() -> None:
    heat = movie_id("tt0113277")
    critics = movies.detail(heat).summary.vote_average
    upsert([details_record(dataclasses.replace(HEAT, average=round(critics + 0.1, 1)))], NOW)
    assert movies.detail(heat).summary.vote_average == round(critics + 0.1, 1)


def test_trending_is_not_limited_to_the_only_movie_of_the_newest_year() -> None:
    before = movies.trending([], 2030, limit=20)[0]
    import_list(Known(90_001, "Only One of Its Year", released="2029-01-01"))
    after, page = movies.trending([], 2030, limit=200)
    assert after > before
    assert "Only One of Its Year" in {movie.title for movie in page}


def test_genres_get_their_tmdb_ids_and_keep_their_names() -> None:
    before = dict(db.rows("SELECT name, id FROM genres"))
    added, linked = sync_genres({878: "science fiction", 18: "Drama", 99_999: "Newly Invented"})
    assert (added, linked) == (1, 2)
    after = {name: (number, tmdb_id) for number, name, tmdb_id in db.rows("SELECT * FROM genres")}
    assert after["Science Fiction"] == (before["Science Fiction"], 878)
    assert after["Newly Invented"][1] == 99_999
    assert sync_genres({878: "Sci-Fi", 18: "Drama"}) == (0, 0)


async def test_single_flight_keys_of_tmdb_ids_and_movie_ids_differ() -> None:
    """A request by TMDb id must not join a fetch of the movie whose id here is the same number."""
    here = await in_thread(movie_id, "tt0133093")
    another = Known(here, "Another One", "tt7000009")
    called, released = asyncio.Event(), asyncio.Event()

    class Slow:
        async def find_by_imdb(self, _imdb_id: str) -> TmdbResponse[parse.TmdbMovie]:
            called.set()
            await released.wait()
            return TmdbResponse(parse.parse_movie(MATRIX.listed()), "tmdb", False, NOW)

        async def details(self, tmdb_id: int) -> TmdbResponse[parse.MovieDetails]:
            movie = another if tmdb_id == another.tmdb_id else MATRIX
            return TmdbResponse(parse.parse_details(movie.details()), "tmdb", False, NOW)

    async def allow() -> None:
        """Allow every request."""

    sync = movies.TmdbSync(
        cast(TmdbService, Slow()), config.TmdbSettings(), lambda: NOW, read=in_thread, write=in_thread
    )
    by_movie_id = asyncio.create_task(sync.fetch_missing_details(here, allow))
    await called.wait()
    by_tmdb_id = asyncio.create_task(sync.by_tmdb_id(another.tmdb_id, allow))
    await asyncio.wait([by_tmdb_id], timeout=0.3)
    released.set()
    another_id, _ = await by_tmdb_id
    assert (await in_thread(movies.detail, another_id)).summary.title == "Another One"
    assert await by_movie_id
    await sync.close()


async def in_thread(work: Callable[..., Any], *args: Any) -> Any:
    def run() -> Any:
        try:
            return db.run_with_retry(work, *args)
        finally:
            db.close()

    return await asyncio.to_thread(run)


def test_popularity_of_tmdb_is_on_the_scale_of_the_shipped_movies(database: Settings) -> None:
    """A classic with TMDb's votes ranks among classics without, and a new movie beside them."""
    shipped = sorted(value for (value,) in db.rows("SELECT popularity FROM movies"))
    classic = popularity(votes=20_000, interest=30)
    assert shipped[0] < classic < shipped[-1]
    assert popularity(0, 0) == 0
    assert popularity(3, 800) == 100  # released this week
    assert popularity(40, 3) < popularity(900, 8) < popularity(7_500, 40) < classic
    assert popularity(2**31, 1e6) < 1e6


def test_votes_of_tmdb_weigh_as_much_as_reviews_of_such_movies() -> None:
    """Otherwise every recommendation would be a movie that TMDb has details of."""
    assert equivalent_reviews(0) == 0
    assert [round(equivalent_reviews(votes)) for votes in (500, 4_500, 37_000)] == [26, 107, 419]
    upsert([details_record(MATRIX)], NOW)
    weights = dict(zip(read_movies().ids.tolist(), read_movies().columns.votes.tolist(), strict=True))
    others = sorted(weights.values())
    assert others[len(others) // 4] < weights[movie_id("tt0133093")] <= others[-1] * 1.5


@pytest.mark.parametrize(
    ("text", "title"),
    [("heat 1995", "heat"), ("Heat (1995)", "Heat"), ("1917", "1917"), ("blade runner 2049", "blade runner")],
)
def test_year_is_stripped_from_a_search_at_tmdb(text: str, title: str) -> None:
    assert without_year(text) == title
