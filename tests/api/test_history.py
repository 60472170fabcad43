"""Watchlist and history over HTTP: storage, duplicates, filters, invalid input."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.films import movie_id
from tests.running import RunningDaemon

WATCHLIST, HISTORY = "/api/v1/watchlist/", "/api/v1/history/"
ALIEN, HEAT, AMELIE = "tt0078748", "tt0113277", "tt0211915"


@pytest.fixture(scope="module")
def daemon(module_daemon: RunningDaemon) -> RunningDaemon:
    """One daemon for the file: every test has its own users."""
    return module_daemon


def test_watchlist_keeps_a_movie_once_with_its_note(daemon: RunningDaemon) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)
    entry = daemon.post(WATCHLIST, {"movie": alien, "note": "with Bob"}, token=ann, status=201)
    assert daemon.post(WATCHLIST, {"movie": alien}, token=ann) == entry
    assert daemon.post(WATCHLIST, {"movie": alien, "note": ""}, token=ann)["note"] == ""
    assert daemon.get(WATCHLIST, token=ann)["count"] == 1
    assert daemon.get(f"/api/v1/movies/{alien}/", token=ann)["on_watchlist"]
    daemon.delete(f"{WATCHLIST}{entry['id']}/", token=ann)
    daemon.delete(f"{WATCHLIST}{entry['id']}/", token=ann, status=404)
    daemon.post(WATCHLIST, {"movie": 10**15}, token=ann, status=404)


@pytest.mark.parametrize("when", [None, "2024-05-01", "2024-02-29", "2024-05-01T20:15:00Z", "0999-01-01"])
def test_time_of_a_viewing_is_returned_as_sent(daemon: RunningDaemon, when: str | None) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)
    sent = {"movie": alien, "watched_at": when, "rewatch": True, "tags": ["cinema", 'a,b"]', "cinema"]}
    entry = daemon.post(HISTORY, sent, token=ann, status=201)
    assert (entry["watched_at"], entry["rewatch"], entry["tags"]) == (when, True, ["cinema", 'a,b"]'])
    again = daemon.post(HISTORY, {"movie": alien, "watched_at": when}, token=ann)
    assert again == entry
    assert daemon.post(HISTORY, {**sent, "tags": []}, token=ann)["tags"] == []
    page = daemon.get(f"/api/v1/movies/{alien}/", token=ann)
    assert (page["times_seen"], page["last_seen"]) == (1, when)


@pytest.mark.parametrize(
    "when",
    ["", "2024", "2024-13-01", "2023-02-29", "2024-05-01T25:00:00Z", "2024-05-01T20:15:00", "2024-05-01 20:15:00Z",
     "2024-05-01T20:15:00+02:00", "٢٠٢٤-٠٥-٠١", "9999-01-01", 20240501, "0000-01-01", "2024-05-01\n"],
)  # fmt: skip
def test_invalid_times_are_refused(daemon: RunningDaemon, when: Any) -> None:
    ann = daemon.register()
    sent = {"movie": movie_id(ALIEN), "watched_at": when}
    problem = daemon.post(HISTORY, sent, token=ann, status=422)
    assert [item["field"] for item in problem["errors"]] == ["watched_at"]
    assert daemon.get(HISTORY, token=ann)["count"] == 0


def test_several_viewings_of_a_movie_are_listed_latest_first(daemon: RunningDaemon) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)
    for when in ("2024-05-01", None, "2024-05-01T20:15:00Z", "2023-12-31", "2024-05-02"):
        daemon.post(HISTORY, {"movie": alien, "watched_at": when}, token=ann, status=201)
    times = [item["watched_at"] for item in daemon.get(HISTORY, token=ann)["results"]]
    assert times == ["2024-05-02", "2024-05-01T20:15:00Z", "2024-05-01", "2023-12-31", None]
    for narrowed, expected in (
        ("watched_min=2024-05-01", times[:3]),
        ("watched_max=2024-05-01", times[1:4]),
        ("watched_min=2024-05-01&watched_max=2024-05-01&ordering=watched_at", times[2:0:-1]),
    ):
        answer = daemon.get(f"{HISTORY}?{narrowed}", token=ann)
        assert [item["watched_at"] for item in answer["results"]] == expected, narrowed
    assert daemon.get(f"/api/v1/movies/{alien}/", token=ann)["times_seen"] == 5


def test_filters_by_tag_and_rewatch(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    for imdb_id, tags, rewatch in (
        (ALIEN, ["cinema", "a,b"], True),
        (HEAT, ["tv"], False),
        (AMELIE, [","], False),
    ):
        sent = {"movie": movie_id(imdb_id), "tags": tags, "rewatch": rewatch}
        daemon.post(HISTORY, sent, token=ann, status=201)
    for narrowed, imdb_ids in (
        ("tag=cinema", [ALIEN]),
        ("tag=cinem", []),
        ("tag=%2C", [AMELIE]),
        ("tag=a%2Cb", [ALIEN]),
        ("rewatch=true", [ALIEN]),
        ("rewatch=false&q=heat", [HEAT]),
    ):
        entries = daemon.get(f"{HISTORY}?{narrowed}", token=ann)["results"]
        assert [item["movie"] for item in entries] == list(map(movie_id, imdb_ids)), narrowed


def test_concurrent_duplicates_create_one_object(daemon: RunningDaemon) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)
    bodies: dict[str, dict[str, Any]] = {
        WATCHLIST: {"movie": alien, "note": "x"},
        HISTORY: {"movie": alien, "watched_at": "2024-05-01", "tags": ["a"]},
        "/api/v1/favorites/": {"movie": alien},
        "/api/v1/favorites/ratings/": {"movie": alien, "rating": 4.5},
    }
    for path, body in bodies.items():

        def add(_: int, path: str = path, body: dict[str, Any] = body) -> str:
            return str(daemon.post(path, body, token=ann, status=(200, 201)))

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(add, range(16)))) == 1, path
        if path != WATCHLIST:
            assert daemon.get(path, token=ann)["count"] == 1
    # Each of them was one change: rating and viewing removed the movie from the watchlist.
    assert daemon.get("/api/v1/changes/", token=ann)["count"] == 4
    assert daemon.get(WATCHLIST, token=ann)["count"] == 0


def test_seen_movies_are_recommended_only_with_include_seen(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    path = "/api/v1/recommendations/?limit=100"
    first = daemon.get(path, token=ann)["results"][0]["movie"]["id"]
    entry = daemon.post(HISTORY, {"movie": first}, token=ann, status=201)

    def recommended(more: str = "") -> set[int]:
        return {item["movie"]["id"] for item in daemon.get(path + more, token=ann)["results"]}

    assert first not in recommended()
    assert first in recommended("&include_seen=true")
    daemon.delete(f"{HISTORY}{entry['id']}/", token=ann)
    assert first in recommended()
    daemon.post("/api/v1/changes/undo/", {}, token=ann)
    assert first not in recommended()
