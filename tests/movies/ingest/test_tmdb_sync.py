"""TMDb's films in the catalogue: one film one row, never poorer, no write where nothing is new."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any, cast

import pytest

from movierec import config, db, movies
from movierec.config import Settings
from movierec.errors import NotFound
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


def listed(*films: Known) -> list[MovieRecord]:
    return [record_from_list_item(parse.parse_movie(film.listed()), answers.GENRES) for film in films]


def detailed(film: Known, at: int = NOW) -> MovieRecord:
    return record_from_details(parse.parse_details(film.details()), at)


def save(films: list[MovieRecord]) -> list[int]:
    return upsert(link_by_title(films), NOW)


def test_a_film_of_a_list_is_the_one_that_is_there() -> None:
    before = movie_count()
    assert save(listed(MATRIX, HEAT)) == [movie_id("tt0133093"), movie_id("tt0113277")]
    assert movie_count() == before
    matrix = movies.detail(movie_id("tt0133093"))
    assert matrix.listed.tmdb_id == 603
    assert matrix.listed.poster_path == "/poster603.jpg"
    assert matrix.directors == ["Lana Wachowski", "Lilly Wachowski"]  # lists do not tell, so they stay


# A film of a list, and which of the catalogue's it is.
@pytest.mark.parametrize(
    ("title", "released", "imdb_id"),
    [
        ("Heat", "1995-12-15", "tt0113277"),
        ("Heat", "1972-10-06", "tt0068688"),
        ("Heat", "1996-01-01", "tt0113277"),  # a year later in cinemas
        ("Alien", "1980-01-01", None),  # no drama: another film
        ("Heat", "1986-11-14", None),
        ("Heat", "", None),
        ("Heat Wave", "1995-01-01", None),
        ("Léon: The Professional", "1994-09-14", "tt0110413"),
        ("Leon - the professional", "1994-09-14", "tt0110413"),
    ],
)
def test_films_meet_by_title_and_year(title: str, released: str, imdb_id: str | None) -> None:
    [film] = link_by_title(listed(Known(7, title, released=released)))
    assert film.imdb_id == imdb_id


def test_two_that_could_be_the_same_film_are_not_joined_by_title() -> None:
    both = listed(Known(7, "Heat", released="1995-12-15"), Known(8, "Heat", released="1995-03-01"))
    assert [film.imdb_id for film in link_by_title(both)] == [None, None]
    upsert([MovieRecord("Vertigo", "movielens", imdb_id="tt7000001", year=1958)], NOW)
    [film] = link_by_title(listed(Known(9, "Vertigo", released="1958-05-09")))
    assert film.imdb_id is None


def joined(*films: Known) -> list[str | None]:
    return [film.imdb_id for film in link_by_title(listed(*films))]


def test_a_namesake_of_the_year_before_does_not_stand_in_the_way() -> None:
    heat = Known(7, "Heat", released="1995-12-15", votes=14_000)
    namesake, short = (
        Known(8, "Heat", released="1994-03-01", votes=3),
        Known(9, "Heat", released="1995-03-01"),
    )
    assert joined(namesake, heat) == joined(heat, namesake)[::-1] == [None, "tt0113277"]
    assert joined(heat, dataclasses.replace(short, votes=3)) == ["tt0113277", None]
    assert joined(heat, dataclasses.replace(short, votes=2_000)) == [None, None]
    assert joined(namesake, Known(10, "Heat", released="1996-01-01")) == [None, None]


def test_what_has_a_namesake_in_the_catalogue_is_not_joined_to_the_year_beside() -> None:
    upsert([MovieRecord("Heat", "tmdb", tmdb_id=5, year=1996)], NOW)
    assert joined(Known(7, "Heat", released="1996-01-01")) == [None]
    assert joined(Known(7, "Heat", released="1995-12-15")) == ["tt0113277"]


def told(film: int) -> tuple[object, ...]:
    found = movies.detail(film)
    return (
        {**found.facts, "updated_at": 0},
        found.listed,
        found.directors,
        found.writers,
        found.cast,
        found.keywords,
    )


@pytest.mark.parametrize("imdb_id", [None, "tt7777777"])
def test_a_namesake_does_not_take_over_a_film(imdb_id: str | None) -> None:
    """Whose director, cast and years are its own, and which is left as it was."""
    heat = movie_id("tt0113277")
    before = told(heat)
    namesake = Known(900_002, "Heat", imdb_id, "1996-01-01", (18, 35), votes=2, average=10.0)
    for _ in range(2):  # the second time by its tmdb id
        assert save(listed(namesake)) == [heat]
        film = movies.detail(heat)
        assert (film.listed.year, film.listed.vote_count) == (before[1].year, before[1].vote_count)  # type: ignore[attr-defined]
        assert "Comedy" not in film.listed.genres
        assert film.listed.poster_path == "/poster900002.jpg"  # until it is known whose that is
    [other] = upsert([detailed(namesake)], NOW)
    assert other != heat
    assert told(heat) == before
    assert save(listed(HEAT)) == [heat]
    assert upsert([detailed(HEAT)], NOW) == [heat]
    assert (movies.by_tmdb_id(900_002), movies.by_tmdb_id(HEAT.tmdb_id)) == (other, heat)


def test_a_film_that_tmdb_knows_no_imdb_id_of_is_told_by_who_made_it() -> None:
    heat = movie_id("tt0113277")
    unnamed = dataclasses.replace(HEAT, imdb_id=None)
    save(listed(unnamed))
    mann = dataclasses.replace(detailed(unnamed), directors=("Michael Mann",))
    assert upsert([mann], NOW) == [heat]
    assert movies.detail(heat).facts["tagline"] == "Nothing is what it seems."


def test_an_id_that_was_guessed_does_not_lead_on_to_the_film_that_has_another() -> None:
    heat = movie_id("tt0113277")
    save(listed(Known(900_002, "Heat", None, "1996-01-01", votes=2)))
    [twin] = save(listed(HEAT))
    assert upsert([detailed(HEAT)], NOW) == [heat] == [movies.current_id(twin)]
    assert movies.by_tmdb_id(HEAT.tmdb_id) == heat
    with pytest.raises(NotFound):
        movies.by_tmdb_id(900_002)


def test_a_film_with_another_tmdb_id_is_not_joined() -> None:
    save(listed(MATRIX))
    [film] = link_by_title(listed(Known(604_000, "The Matrix", released="1999-03-31")))
    assert film.imdb_id is None


def test_details_complete_a_film_and_a_list_does_not_make_it_poorer() -> None:
    [stored] = upsert([detailed(MATRIX)], NOW)
    assert stored == movie_id("tt0133093")
    whole = movies.detail(stored)
    assert (whole.directors, whole.facts["certificate"], whole.listed.runtime) == (
        ["Grace Example"],
        "R",
        136,
    )
    assert whole.facts["countries"] == ["United States"]
    assert whole.cast[0] == {"name": "Ada Example", "character": "The Engineer"}
    save(listed(MATRIX))
    again = movies.detail(stored)
    assert {**again.facts, "updated_at": 0} == {**whole.facts, "updated_at": 0}
    assert (again.directors, again.cast, again.keywords) == (whole.directors, whole.cast, whole.keywords)
    assert again.keywords == ["hacker", "simulation"]


def test_what_staff_said_stays() -> None:
    film = movie_id("tt0133093")
    movies.update_movie(film, {"overview": "As staff tell it.", "title": "Matrix"}, NOW)
    upsert([detailed(MATRIX, NOW + 5)], NOW)
    found = movies.detail(film)
    assert (found.listed.title, found.listed.overview) == ("Matrix", "As staff tell it.")
    assert found.facts["tagline"] == "Nothing is what it seems."  # empty before
    assert db.value("SELECT details_at FROM movies WHERE id = ?", film) == NOW + 5


def test_what_is_known_costs_no_write() -> None:
    films = listed(NEW[0], MATRIX, *NEW[1:])
    assert ids_if_unchanged(films) is None
    ids = save(films)
    revision = db.revision("catalogue")
    assert ids_if_unchanged(films) == ids
    assert ids_if_unchanged([*films, films[0]]) == [*ids, ids[0]]
    # Votes of another day are no news, much more of them are.
    drifted = [dataclasses.replace(film, vote_count=film.vote_count + 1) for film in films[:2]]
    assert ids_if_unchanged(drifted) == ids[:2]
    upsert(drifted, NOW)
    assert db.revision("catalogue") == revision
    risen = [dataclasses.replace(films[0], vote_count=50_000)]
    assert ids_if_unchanged(risen) is None
    assert ids_if_unchanged([dataclasses.replace(films[0], genres=("Drama",))]) is None


def test_what_tmdb_says_replaces_what_is_near_it_but_from_elsewhere() -> None:
    heat = movie_id("tt0113277")
    critics = movies.detail(heat).listed.vote_average
    upsert([detailed(dataclasses.replace(HEAT, average=round(critics + 0.1, 1)))], NOW)
    assert movies.detail(heat).listed.vote_average == round(critics + 0.1, 1)


def test_one_new_film_is_not_all_that_trends() -> None:
    before = movies.trending([], 2030, limit=20)[0]
    save(listed(Known(90_001, "Only One of Its Year", released="2029-01-01")))
    count_of_all, films = movies.trending([], 2030, limit=200)
    assert count_of_all > before
    assert "Only One of Its Year" in {film.title for film in films}


def test_genres_get_their_ids_and_keep_their_names() -> None:
    before = dict(db.rows("SELECT name, id FROM genres"))
    added, joined = sync_genres({878: "science fiction", 18: "Drama", 99_999: "Newly Invented"})
    assert (added, joined) == (1, 2)
    after = {name: (number, tmdb_id) for number, name, tmdb_id in db.rows("SELECT * FROM genres")}
    assert after["Science Fiction"] == (before["Science Fiction"], 878)
    assert after["Newly Invented"][1] == 99_999
    assert sync_genres({878: "Sci-Fi", 18: "Drama"}) == (0, 0)


async def test_tmdbs_ids_are_no_ids_of_the_catalogue() -> None:
    """Who asks for a film of TMDb does not get the one that has this number here, and is just being completed."""
    here = await in_thread(movie_id, "tt0133093")
    another = Known(here, "Another One", "tt7000009")
    asked, going = asyncio.Event(), asyncio.Event()

    class Slow:
        async def find_by_imdb(self, _imdb_id: str) -> TmdbResponse[parse.TmdbMovie]:
            asked.set()
            await going.wait()
            return TmdbResponse(parse.parse_movie(MATRIX.listed()), "tmdb", False, NOW)

        async def details(self, tmdb_id: int) -> TmdbResponse[parse.MovieDetails]:
            film = another if tmdb_id == another.tmdb_id else MATRIX
            return TmdbResponse(parse.parse_details(film.details()), "tmdb", False, NOW)

    async def before() -> None:
        """Nobody is limited."""

    sync = movies.TmdbSync(
        cast(TmdbService, Slow()), config.TmdbSettings(), lambda: NOW, read=in_thread, write=in_thread
    )
    completing = asyncio.create_task(sync.complete(here, before))
    await asked.wait()
    asking = asyncio.create_task(sync.by_tmdb_id(another.tmdb_id, before))
    await asyncio.wait([asking], timeout=0.3)
    going.set()
    found, _ = await asking
    assert (await in_thread(movies.detail, found)).listed.title == "Another One"
    assert await completing
    await sync.close()


async def in_thread(work: Callable[..., Any], *args: Any) -> Any:
    def done() -> Any:
        try:
            return db.run_with_retry(work, *args)
        finally:
            db.close()

    return await asyncio.to_thread(done)


def test_popularity_is_on_one_scale_with_the_shipped_films(database: Settings) -> None:
    """A classic with TMDb's votes stands among classics without, and what is new beside them."""
    shipped = sorted(value for (value,) in db.rows("SELECT popularity FROM movies"))
    classic = popularity(votes=20_000, interest=30)
    assert shipped[0] < classic < shipped[-1]
    assert popularity(0, 0) == 0
    assert popularity(3, 800) == 100  # out this week
    assert popularity(40, 3) < popularity(900, 8) < popularity(7_500, 40) < classic
    assert popularity(2**31, 1e6) < 1e6


def test_tmdbs_votes_weigh_as_much_as_the_reviews_of_such_films() -> None:
    """Or every recommendation would be one of the films that TMDb has told of."""
    assert equivalent_reviews(0) == 0
    assert [round(equivalent_reviews(votes)) for votes in (500, 4_500, 37_000)] == [26, 107, 419]
    upsert([detailed(MATRIX)], NOW)
    weights = dict(zip(read_movies().ids.tolist(), read_movies().facts.votes.tolist(), strict=True))
    others = sorted(weights.values())
    assert others[len(others) // 4] < weights[movie_id("tt0133093")] <= others[-1] * 1.5


@pytest.mark.parametrize(
    ("text", "asked"),
    [("heat 1995", "heat"), ("Heat (1995)", "Heat"), ("1917", "1917"), ("blade runner 2049", "blade runner")],
)
def test_a_year_behind_a_title_is_not_looked_for_in_titles(text: str, asked: str) -> None:
    assert without_year(text) == asked
