"""Posters: proxied from TMDb's images only; and the URLs of images."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from movierec import movies
from movierec.api.images import DEFAULT_IMAGES, IMAGE_URLS, ImageUrls, smallest_size
from movierec.movies import MovieRecord
from movierec.tmdb import ImageConfiguration
from tests.conftest import Template
from tests.films import NOW, movie_id
from tests.running import Daemon, RunningDaemon
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import StandIn

MOVIES = "/api/v1/movies"
ELSEWHERE = {
    "images": {
        "secure_base_url": "https://pictures.example.org/p/",
        "poster_sizes": ["w92", "w342", "w780", "original"],
        "backdrop_sizes": ["w300", "original"],
    }
}


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn() as running:
        running.recorded["/configuration"] = ELSEWHERE
        yield running


@pytest.fixture(scope="module")
def daemon(
    template: Template, stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDaemon]:
    for settings in template.copy(tmp_path_factory.mktemp("images") / "movierec"):
        with Daemon(dataclasses.replace(settings, tmdb=quick(stand_in))) as running:
            yield running
    IMAGE_URLS.images = DEFAULT_IMAGES


@pytest.fixture
def alien(daemon: RunningDaemon, stand_in: StandIn) -> Iterator[int]:
    """A movie with a poster; the TMDb stand-in is reset."""
    [movie_id] = movies.upsert(
        [MovieRecord("Alien", "tmdb", imdb_id="tt0078748", poster_path="/alien.jpg")], NOW
    )
    stand_in.asked.clear()
    yield movie_id
    stand_in.mode = "well"


def requested_images(stand_in: StandIn) -> list[str]:
    """Return the paths of requested images."""
    return [path for path in stand_in.asked if path.startswith("/w")]


def test_poster_is_fetched_once_without_the_key(daemon: RunningDaemon, stand_in: StandIn, alien: int) -> None:
    first, again = [daemon.request("GET", f"{MOVIES}/{alien}/poster/?width=300") for _ in range(2)]
    assert (first.status, first.headers["Content-Type"]) == (200, "image/jpeg")
    assert first.body == again.body == b"\xff\xd8\xff image"
    assert first.headers["Cache-Control"].startswith("public")
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert requested_images(stand_in) == ["/w342/alien.jpg"]
    assert stand_in.keys[-1] is None
    headers = {"If-None-Match": first.headers["ETag"]}
    assert daemon.request("GET", f"{MOVIES}/{alien}/poster/?width=300", headers=headers).status == 304


def test_width_selects_the_size(daemon: RunningDaemon, stand_in: StandIn, alien: int) -> None:
    for width in (1, 93, 500, 2000):
        assert daemon.request("GET", f"{MOVIES}/{alien}/poster/?width={width}").status == 200
    assert {path.split("/")[1] for path in requested_images(stand_in)} <= {"w92", "w342", "w780"}
    for width in ("0", "2001", "x", "1.5"):
        daemon.get(f"{MOVIES}/{alien}/poster/?width={width}", status=422)


def test_only_posters_of_tmdb_are_fetched(daemon: RunningDaemon, stand_in: StandIn, alien: int) -> None:
    """The daemon requests no other URL on behalf of a caller (SSRF)."""
    admin = daemon.admin()
    foreign = f"http://127.0.0.1:{urlsplit(stand_in.url).port}/w342/secret.jpg"
    daemon.patch(f"{MOVIES}/{alien}/", {"poster_url": foreign}, token=admin)
    before = len(stand_in.asked)
    for movie in (alien, movie_id("tt0113277"), 999_999):
        daemon.get(f"{MOVIES}/{movie}/poster/", status=404)
    for more in ("?path=/x.jpg", "?url=http://127.0.0.1/", "?size=original"):
        daemon.get(f"{MOVIES}/{alien}/poster/{more}", status=422)
    assert len(stand_in.asked) == before
    assert daemon.get(f"{MOVIES}/{alien}/")["poster_url"] == foreign


@pytest.mark.parametrize(
    "mode", ["500", "html", "html called an image", "500 MB", "cut body", "redirect", "black hole"]
)
def test_other_content_is_neither_proxied_nor_cached(
    daemon: RunningDaemon, stand_in: StandIn, mode: str
) -> None:
    name = f"/{mode.replace(' ', '_')}.jpg"
    [movie_id] = movies.upsert([MovieRecord(mode, "tmdb", poster_path=name)], NOW)
    stand_in.mode = mode
    problem = daemon.get(f"{MOVIES}/{movie_id}/poster/", status=502)
    assert problem["code"] == "upstream_unavailable"
    stand_in.mode = "well"
    assert daemon.request("GET", f"{MOVIES}/{movie_id}/poster/").status == 200


def test_image_urls_follow_the_configuration_of_tmdb(daemon: RunningDaemon, alien: int) -> None:
    facts = MovieRecord(
        "Alien", "tmdb", imdb_id="tt0078748", poster_path="/alien.jpg", backdrop_path="/ship.jpg"
    )
    movies.upsert([facts], NOW)
    movies.update_movie(alien, {"poster_path": "/alien.jpg"}, NOW)
    movie = daemon.get(f"{MOVIES}/{alien}/")
    assert movie["poster_url"] == "https://pictures.example.org/p/w780/alien.jpg"
    assert movie["backdrop_url"] == "https://pictures.example.org/p/w300/ship.jpg"
    # A URL sent back unchanged stays a path of TMDb.
    daemon.patch(f"{MOVIES}/{alien}/", {"poster_url": movie["poster_url"]}, token=daemon.admin())
    assert movies.poster_path(alien) == "/alien.jpg"


def test_image_urls_have_defaults_until_tmdb_answers() -> None:
    addresses = ImageUrls()
    assert addresses.poster("/a.jpg") == "https://image.tmdb.org/t/p/w500/a.jpg"
    assert addresses.backdrop("/a.jpg") == "https://image.tmdb.org/t/p/w1280/a.jpg"
    assert addresses.poster("") is None
    assert addresses.poster("https://example.org/a.jpg") == "https://example.org/a.jpg"
    assert smallest_size(("original", "h632"), 5) == "original"
    assert ImageUrls(ImageConfiguration("https://a", ("w92",), ())).poster("/a.jpg") == "https://a/w92/a.jpg"
