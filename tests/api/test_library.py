"""Favorites and ratings over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.films import movie_id
from tests.running import RunningDaemon

FAVORITES = "/api/v1/favorites"
RATINGS = "/api/v1/favorites/ratings"

ALIEN, HEAT, AMELIE = "tt0078748", "tt0113277", "tt0211915"


@pytest.fixture(scope="module")
def daemon(module_daemon: RunningDaemon) -> RunningDaemon:
    """One daemon for the file: every test has its own users."""
    return module_daemon


def test_rating_by_movie_id_and_by_rating_id(daemon: RunningDaemon) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)
    rating = daemon.post(
        f"{RATINGS}/", {"movie": alien, "rating": 4.5, "review": "Quiet."}, token=ann, status=201
    )
    assert rating["movie_detail"]["title"] == "Alien"
    again = daemon.post(f"{RATINGS}/", {"movie": alien, "rating": 5}, token=ann)
    assert (again["id"], again["rating"], again["review"]) == (rating["id"], 5.0, "Quiet.")
    one = f"{RATINGS}/{rating['id']}/"
    assert daemon.patch(one, {"review": "Loud."}, token=ann)["rating"] == 5.0
    assert daemon.put(one, {"rating": 3.5}, token=ann)["review"] == "Loud."
    by_movie = f"{RATINGS}/movie/{alien}/"
    assert daemon.get(by_movie, token=ann) == daemon.get(one, token=ann)
    assert daemon.put(by_movie, {"rating": 2}, token=ann) | {"updated_at": 0} == (
        daemon.put(by_movie, {"rating": 2}, token=ann) | {"updated_at": 0}
    )
    daemon.delete(by_movie, token=ann)
    daemon.delete(by_movie, token=ann, status=404)
    daemon.get(one, token=ann, status=404)
    daemon.put(by_movie, {"rating": 1}, token=ann, status=201)


@pytest.mark.parametrize("stars", [0, 5.5, 3.3, "5", None, True, -1, 1e300, [5], {"stars": 5}, 0.25])
def test_invalid_ratings_are_refused(daemon: RunningDaemon, stars: object) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)
    for method, path, document in (
        ("POST", f"{RATINGS}/", {"movie": alien, "rating": stars}),
        ("PUT", f"{RATINGS}/movie/{alien}/", {"rating": stars}),
    ):
        problem = daemon.call(method, path, document, token=ann, status=422)
        assert problem["errors"][0]["field"] == "rating"
    assert daemon.get(f"{RATINGS}/", token=ann)["count"] == 0


def test_reviews_and_notes_have_at_most_ten_thousand_characters(daemon: RunningDaemon) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)
    longest, longer = "🎬" * 10_000, "x" * 10_001
    kept = daemon.post(f"{RATINGS}/", {"movie": alien, "rating": 4, "review": longest}, token=ann, status=201)
    assert kept["review"] == longest
    for method, path, document in (
        ("POST", f"{RATINGS}/", {"movie": alien, "rating": 5, "review": longer}),
        ("PUT", f"{RATINGS}/{kept['id']}/", {"rating": 5, "review": longer}),
        ("PUT", f"{RATINGS}/movie/{alien}/", {"rating": 5, "review": longer}),
        ("PATCH", f"{RATINGS}/{kept['id']}/", {"review": longer}),
        ("POST", f"{FAVORITES}/", {"movie": alien, "note": longer}),
        ("POST", "/api/v1/watchlist/", {"movie": alien, "note": longer}),
    ):
        problem = daemon.call(method, path, document, token=ann, status=422)
        assert problem["errors"][0]["field"] in ("review", "note")
    assert daemon.get(f"{RATINGS}/{kept['id']}/", token=ann) == kept
    assert daemon.patch(f"{RATINGS}/{kept['id']}/", {}, token=ann) == kept
    assert daemon.patch(f"{RATINGS}/{kept['id']}/", {"review": ""}, token=ann)["rating"] == 4


def test_pages_have_working_urls(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    for stars, imdb_id in ((5, ALIEN), (3, HEAT), (4, AMELIE)):
        daemon.post(f"{RATINGS}/", {"movie": movie_id(imdb_id), "rating": stars}, token=ann, status=201)
    page = daemon.get(f"{RATINGS}/?page_size=2&ordering=-rating", token=ann)
    assert [item["rating"] for item in page["results"]] == [5, 4]
    assert (page["count"], page["previous"]) == (3, None)
    last = daemon.get(page["next"].removeprefix(daemon.url), token=ann)
    assert [item["rating"] for item in last["results"]] == [3]
    assert last["next"] is None
    assert daemon.get(last["previous"].removeprefix(daemon.url), token=ann) == page
    assert daemon.get(f"{RATINGS}/?page=99", token=ann)["results"] == []
    for wrong in ("ordering=password", "page=0", "page_size=101", "page_size=x", "page=1&page=2"):
        daemon.get(f"{RATINGS}/?{wrong}", token=ann, status=422)


def test_favorites(daemon: RunningDaemon) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)
    check = f"{FAVORITES}/check/{alien}/"
    assert daemon.get(check, token=ann) == {"is_favorited": False}
    favorite = daemon.post(f"{FAVORITES}/", {"movie": alien}, token=ann, status=201)
    assert daemon.post(f"{FAVORITES}/", {"movie": alien}, token=ann) == favorite
    assert daemon.get(check, token=ann) == {"is_favorited": True}
    one = f"{FAVORITES}/{favorite['id']}/"
    assert daemon.patch(one, {"note": "Again on a big screen."}, token=ann)["note"]
    assert daemon.get(f"{FAVORITES}/", token=ann)["results"][0]["note"] == "Again on a big screen."
    daemon.delete(one, token=ann)
    daemon.get(one, token=ann, status=404)
    daemon.post(f"{FAVORITES}/", {"movie": 10**15}, token=ann, status=404)


def test_concurrent_duplicates_are_no_error(daemon: RunningDaemon) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)

    def act(number: int) -> int:
        daemon.post(f"{FAVORITES}/", {"movie": alien}, token=ann, status=(200, 201))
        answer = daemon.put(
            f"{RATINGS}/movie/{alien}/", {"rating": number % 10 / 2 + 0.5}, token=ann, status=(200, 201)
        )
        return int(answer["id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(act, range(24)))) == 1


def test_objects_of_another_user_are_not_found(daemon: RunningDaemon) -> None:
    ann, bob, alien = daemon.register(), daemon.register(), movie_id(ALIEN)
    rating = daemon.post(f"{RATINGS}/", {"movie": alien, "rating": 4}, token=ann, status=201)["id"]
    favorite = daemon.post(f"{FAVORITES}/", {"movie": alien}, token=ann, status=201)["id"]
    for method, path, document in (
        ("GET", RATINGS, None),
        ("PUT", RATINGS, {"rating": 1}),
        ("PATCH", RATINGS, {"rating": 1}),
        ("DELETE", RATINGS, None),
        ("GET", FAVORITES, None),
        ("PATCH", FAVORITES, {"note": "x"}),
        ("DELETE", FAVORITES, None),
    ):
        owned = rating if path == RATINGS else favorite
        foreign, absent = (
            daemon.call(method, f"{path}/{number}/", document, token=bob, status=404)
            for number in (owned, 10**12)
        )
        for answer in (foreign, absent):
            answer.pop("request_id"), answer.pop("instance")
        assert foreign == absent
    assert daemon.get(f"{RATINGS}/{rating}/", token=ann)["rating"] == 4
