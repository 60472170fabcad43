"""Endpoints backed by TMDb: fresh answers, cached answers, fallback to the catalogue, and the origin field."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from movierec import config, db
from movierec.api.app import limits_per_process
from tests.conftest import Template
from tests.films import movie_id
from tests.running import Daemon, RunningDaemon
from tests.tmdb.answers import FORBIDDEN, HEAT, MATRIX, NEW, Known
from tests.tmdb.stand_in import KEY, StandIn
from tests.waiting import wait_until

MOVIES = "/api/v1/movies"
DAY = 86_400


@pytest.fixture(scope="module")
def standing() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture(scope="module")
def joined_daemon(
    template: Template, standing: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDaemon]:
    """A daemon with an API key, whose TMDb is the stand-in."""
    environment = {
        "MOVIEREC_TMDB__API_KEY": KEY,
        "MOVIEREC_TMDB__BASE_URL": standing.url,
        "MOVIEREC_TMDB__TOTAL_SECONDS": "4.0",
        "MOVIEREC_TMDB__FAILURES": "1000",
        "MOVIEREC_TMDB__LIST_SECONDS": "2.0",
        "MOVIEREC_TMDB__PAGE_SECONDS": "0.6",
        "MOVIEREC_THROTTLE__SEARCH": "0",
    }
    for settings in template.copy(tmp_path_factory.mktemp("tmdb") / "movierec", **environment):
        with Daemon(settings) as running:
            yield running


@pytest.fixture
def tmdb(standing: StandIn) -> StandIn:
    """The stand-in, reset: no failures, no recorded requests."""
    standing.reset()
    return standing


@pytest.fixture
def later(joined_daemon: RunningDaemon) -> RunningDaemon:
    """The daemon with all cached answers expired."""
    joined_daemon.clock.advance(8 * DAY)
    return joined_daemon


LISTS = ("trending/", "trending/?time_window=day", "popular/", "top_rated/")


@pytest.mark.parametrize("path", LISTS)
def test_charts_come_from_tmdb_then_from_the_cache(later: RunningDaemon, tmdb: StandIn, path: str) -> None:
    first = later.get(f"{MOVIES}/{path}")
    assert (first["source"], first["stale"], first["total_results"]) == ("tmdb", False, 6)
    assert [movie["title"] for movie in first["results"][:2]] == ["The Matrix", "The Quiet Engine"]
    again = later.get(f"{MOVIES}/{path}")
    assert (again["source"], again["stale"]) == ("cache", False)
    assert again["results"] == first["results"]
    later.clock.advance(40 * DAY)
    tmdb.mode = "500"
    stale = later.get(f"{MOVIES}/{path}")
    assert (stale["source"], stale["stale"], stale["as_of"]) == ("cache", True, first["as_of"])
    assert stale["results"] == first["results"]


@pytest.mark.parametrize("path", LISTS)
def test_charts_fall_back_to_the_catalogue(later: RunningDaemon, tmdb: StandIn, path: str) -> None:
    later.clock.advance(200 * DAY)  # longer than the cache keeps answers
    tmdb.mode = "html"
    chart = later.get(f"{MOVIES}/{path}")
    assert (chart["source"], chart["stale"], chart["as_of"]) == ("catalogue", False, None)
    assert chart["results"]
    assert chart["total_results"] >= len(chart["results"])


def test_every_movie_of_every_answer_can_be_rated(later: RunningDaemon, tmdb: StandIn) -> None:
    user = later.register()
    tmdb.films[70_001] = Known(70_001, "Seen for the First Time", popularity=99.0)
    rated = {
        later.put(
            f"/api/v1/favorites/ratings/movie/{movie['id']}/", {"rating": 4}, token=user, status=(200, 201)
        )["movie_detail"]["tmdb_id"]
        for path in (*LISTS, "search/?q=first%20time")
        for movie in later.get(f"{MOVIES}/{path}")["results"]
    }
    assert {603, 1_000_001, 70_001} <= rated


def test_chart_of_stored_movies_writes_nothing(later: RunningDaemon, tmdb: StandIn) -> None:
    later.get(f"{MOVIES}/popular/")
    revision = db.revision("catalogue")
    later.clock.advance(2 * DAY)
    assert later.get(f"{MOVIES}/popular/")["source"] == "tmdb"
    assert db.revision("catalogue") == revision


def test_pages_beyond_the_last_one_of_tmdb_are_empty(later: RunningDaemon, tmdb: StandIn) -> None:
    page = later.get(f"{MOVIES}/popular/?page=501")
    assert (page["results"], page["page"], page["source"]) == ([], 501, "tmdb")
    assert tmdb.asked[-1] in ("/movie/popular?page=500", "/genre/movie/list")


# Search


def search(daemon: RunningDaemon, text: str, more: str = "", **options: Any) -> Any:
    return daemon.get(f"{MOVIES}/search/?q={quote(text)}{more}", **options)


def test_search_merges_catalogue_and_tmdb(later: RunningDaemon, tmdb: StandIn) -> None:
    page = search(later, "matrix")
    assert [movie["title"] for movie in page["results"][:2]] == ["The Matrix", "Matrix of Lies"]
    assert page["results"][0]["id"] == movie_id("tt0133093")
    assert page["source"] == "tmdb"
    assert page["total_results"] == len(page["results"])
    assert len({movie["id"] for movie in page["results"]}) == len(page["results"])


def test_search_is_cached_for_a_day(later: RunningDaemon, tmdb: StandIn) -> None:
    for text in ("Nine Tailors", "nine  tailors", "NINE TAILORS 2019"):
        search(later, text)
    assert tmdb.counts["/search/movie"] == 1
    later.clock.advance(DAY + 1)
    search(later, "nine tailors")
    assert tmdb.counts["/search/movie"] == 2


def test_search_filters_by_year_and_genre(later: RunningDaemon, tmdb: StandIn) -> None:
    assert [movie["title"] for movie in search(later, "heat", "&year=1995")["results"]] == ["Heat"]
    assert "/search/movie?query=heat&include_adult=false&primary_release_year=1995&page=1" in tmdb.asked
    later.get(f"{MOVIES}/{movie_id('tt0133093')}/")  # fetches the genres from TMDb
    titles = {movie["title"] for movie in search(later, "matrix", "&genre=Thriller")["results"]}
    assert titles == {"Matrix of Lies"}
    assert search(later, "quiet engine", "&year=1999")["results"] == []


def test_pages_of_a_search_are_pages_of_one_list(later: RunningDaemon, tmdb: StandIn) -> None:
    for n in range(50_000, 50_045):
        tmdb.films[n] = Known(n, f"Lighthouse {n}", released="2020-01-01", votes=n % 977)
    first = search(later, "lighthouse")
    rest = [search(later, "lighthouse", f"&page={page}") for page in range(2, first["total_pages"] + 1)]
    ids = [movie["id"] for page in (first, *rest) for movie in page["results"]]
    assert len(ids) == len(set(ids)) == first["total_results"] >= 20
    assert tmdb.counts["/search/movie"] == 1


def test_search_includes_matches_of_tmdb_by_other_titles(later: RunningDaemon, tmdb: StandIn) -> None:
    document = tmdb.document("/search/movie", {"query": "quiet"})
    tmdb.recorded["/search/movie"] = document
    page = search(later, "Die stille Maschine")
    assert [movie["title"] for movie in page["results"]] == ["The Quiet Engine"]


def test_search_does_not_wait_and_caches_late_answers(later: RunningDaemon, tmdb: StandIn) -> None:
    tmdb.films[60_001] = Known(60_001, "Slow Train Coming", released="2019-01-01")
    tmdb.delay_seconds = 1.2
    assert search(later, "slow train coming")["source"] == "catalogue"
    # A repeated search shares the running request.
    wait_until(lambda: search(later, "slow train coming")["source"] == "cache")
    assert search(later, "slow train coming")["results"][0]["tmdb_id"] == 60_001
    assert tmdb.counts["/search/movie"] == 1


def test_invalid_search_sends_no_request(later: RunningDaemon, tmdb: StandIn) -> None:
    for text in ("x" * 257, "a " * 17, " "):
        search(later, text, status=422)
    assert not tmdb.asked


def test_adult_movies_are_excluded_unless_the_profile_allows_them(
    later: RunningDaemon, tmdb: StandIn
) -> None:
    # Even if TMDb ignores the parameter.
    tmdb.recorded["/search/movie"] = {"results": [FORBIDDEN.listed(), NEW[2].listed()], "page": 1}
    tmdb.recorded["/movie/popular"] = tmdb.recorded["/search/movie"]
    assert [movie["title"] for movie in search(later, "harbour")["results"]] == ["Harbour Lights"]
    assert [movie["title"] for movie in later.get(f"{MOVIES}/popular/")["results"]] == ["Harbour Lights"]
    assert db.value("SELECT 1 FROM movies WHERE tmdb_id = ?", FORBIDDEN.tmdb_id) is None
    tmdb.recorded.clear()
    grown = later.register()
    later.patch("/api/v1/auth/profiles/my_profile/", {"mature_content": True}, token=grown)
    assert "Harbour Nights" in [movie["title"] for movie in search(later, "harbour", token=grown)["results"]]
    assert "Harbour Nights" not in [movie["title"] for movie in search(later, "harbour")["results"]]


# Details


def test_unknown_movie_is_fetched_and_stored(later: RunningDaemon, tmdb: StandIn) -> None:
    tmdb.films[71_001] = Known(71_001, "Ten Tailors", "tt7100001")
    movie = later.get(f"{MOVIES}/tmdb/71001/")
    assert (movie["title"], movie["imdb_id"], movie["directors"]) == (
        "Ten Tailors",
        "tt7100001",
        ["Grace Example"],
    )
    assert later.get(f"{MOVIES}/{movie['id']}/")["title"] == "Ten Tailors"
    assert later.get(f"{MOVIES}/imdb/tt7100001/")["id"] == movie["id"]
    assert tmdb.counts["/movie/71001"] == 1


def test_unknown_movie_is_fetched_by_its_imdb_id(later: RunningDaemon, tmdb: StandIn) -> None:
    tmdb.films[71_002] = Known(71_002, "Eleven Tailors", "tt7100002")
    movie = later.get(f"{MOVIES}/imdb/tt7100002/")
    assert (movie["tmdb_id"], movie["runtime"]) == (71_002, 136)


@pytest.mark.parametrize("path", ["tmdb/77/", "imdb/tt7777777/", "imdb/nm0000001/", "imdb/%2e%2e/"])
def test_movie_unknown_to_tmdb_is_not_found(later: RunningDaemon, tmdb: StandIn, path: str) -> None:
    for _ in range(2):
        later.get(f"{MOVIES}/{path}", status=404)
    assert len(tmdb.asked) <= 1


@pytest.mark.parametrize("mode", ["500", "html", "black hole", "cut body"])
def test_failed_fetch_is_an_error_and_no_empty_answer(later: RunningDaemon, tmdb: StandIn, mode: str) -> None:
    tmdb.mode = mode
    reply = later.request("GET", f"{MOVIES}/tmdb/424242/")
    assert reply.status == 502
    assert reply.json()["code"] == "upstream_unavailable"
    assert int(reply.headers["Retry-After"]) >= 1
    tmdb.mode = "well"
    later.get(f"{MOVIES}/tmdb/424242/", status=404)


def test_missing_details_are_fetched_on_request(later: RunningDaemon, tmdb: StandIn) -> None:
    heat = movie_id("tt0113277")
    db.execute("UPDATE movies SET details_at = NULL, tagline = '' WHERE id = ?", heat)
    movie = later.get(f"{MOVIES}/{heat}/")  # has only an IMDb id at first
    assert (movie["tagline"], movie["tmdb_id"]) == ("Nothing is what it seems.", HEAT.tmdb_id)
    asked = len(tmdb.asked)
    later.get(f"{MOVIES}/{heat}/")
    assert len(tmdb.asked) == asked


@pytest.mark.parametrize("path", ["tmdb/603/", "imdb/tt0133093/", ""])
def test_movie_has_origin_and_age(later: RunningDaemon, tmdb: StandIn, path: str) -> None:
    path = f"{MOVIES}/{path or movie_id('tt0133093')}"
    first, again = later.get(path), later.get(path)
    assert (first["source"], first["stale"]) == ("tmdb", False)
    assert (again["source"], again["stale"], again["as_of"]) == ("cache", False, first["as_of"])
    later.clock.advance(2 * DAY)
    tmdb.mode = "black hole"
    old = later.get(path)
    assert (old["source"], old["stale"], old["as_of"]) == ("cache", True, first["as_of"])
    assert old["tagline"] == first["tagline"]
    tmdb.mode = "well"
    wait_until(lambda: not later.get(path)["stale"])


def test_movie_without_tmdb_details_comes_from_the_catalogue(later: RunningDaemon, tmdb: StandIn) -> None:
    shining = later.get(f"{MOVIES}/imdb/tt0081505/")  # unknown to the stand-in
    assert (shining["source"], shining["stale"], shining["as_of"]) == ("catalogue", False, None)


@pytest.mark.parametrize("mode", ["500", "black hole", "wrong types", "depth bomb"])
def test_movie_is_served_while_tmdb_is_unavailable(later: RunningDaemon, tmdb: StandIn, mode: str) -> None:
    alien = movie_id("tt0078748")
    tmdb.mode = mode
    assert later.get(f"{MOVIES}/{alien}/")["title"] == "Alien"


def test_hundred_concurrent_callers_share_one_request(later: RunningDaemon, tmdb: StandIn) -> None:
    tmdb.films[71_003] = Known(71_003, "Everybody's Film", "tt7100003")
    tmdb.delay_seconds = 0.2
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(later.get(f"{MOVIES}/tmdb/71003/")["id"]))
        for _ in range(100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 100
    assert len(set(answers)) == 1
    assert tmdb.counts["/movie/71003"] == 1


# Genres, health, metrics


def test_staff_sync_the_genres(later: RunningDaemon, tmdb: StandIn) -> None:
    later.post(f"{MOVIES}/genres/sync/", status=401)
    later.post(f"{MOVIES}/genres/sync/", token=later.register(), status=403)
    staff = later.admin()
    later.post(f"{MOVIES}/genres/sync/", token=staff)
    tmdb_ids = {genre["name"]: genre["tmdb_id"] for genre in later.get(f"{MOVIES}/genres/")["results"]}
    assert (tmdb_ids["Drama"], tmdb_ids["Science Fiction"]) == (18, 878)
    tmdb.mode = "html"
    later.clock.advance(200 * DAY)
    staff = later.admin()
    later.post(f"{MOVIES}/genres/sync/", token=staff, status=502)


def test_health_and_metrics_report_tmdb(later: RunningDaemon, tmdb: StandIn) -> None:
    later.get(f"{MOVIES}/popular/")
    health = later.get("/health/")["tmdb"]
    assert health["configured"] is True
    assert health["state"] == "ok"
    assert health["attribution"].startswith("This product uses the TMDB API")
    tmdb.mode = "html"
    later.clock.advance(2 * DAY)
    later.get(f"{MOVIES}/popular/")
    assert later.get("/health/ready/")["tmdb"]["state"] == "does not answer"
    metrics = later.request("GET", "/metrics").body.decode()
    assert 'tmdb_calls_total{result="ok"}' in metrics
    assert 'tmdb_calls_total{result="bad_answer"}' in metrics
    assert KEY not in metrics


def test_processes_share_the_limits_of_tmdb() -> None:
    one = limits_per_process(config.TmdbSettings(), 4)
    assert (one.requests_per_second, one.requests_at_once) == (10, 2)
    assert limits_per_process(config.TmdbSettings(), 100).requests_at_once == 1
    assert limits_per_process(config.TmdbSettings(), 1) == config.TmdbSettings()


def test_the_matrix_is_stored_once(later: RunningDaemon) -> None:
    """Also after all the requests before."""
    later.get(f"{MOVIES}/popular/")
    later.get(f"{MOVIES}/tmdb/603/")
    assert db.value("SELECT COUNT(*) FROM movies WHERE title LIKE '%Matrix' AND year = 1999") == 1
    assert MATRIX.tmdb_id == db.value("SELECT tmdb_id FROM movies WHERE imdb_id = 'tt0133093'")
