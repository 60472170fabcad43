"""Statistics over HTTP: own data only, freshness, filter by year."""

from __future__ import annotations

import pytest

from tests.films import movie_id
from tests.running import RunningDaemon

STATS, RATINGS, HISTORY = "/api/v1/stats/", "/api/v1/favorites/ratings/", "/api/v1/history/"
ALIEN, HEAT = "tt0078748", "tt0113277"


@pytest.fixture(scope="module")
def daemon(module_daemon: RunningDaemon) -> RunningDaemon:
    """One daemon for the file: every test has its own users."""
    return module_daemon


def test_statistics_include_the_latest_changes(daemon: RunningDaemon) -> None:
    ann, bob = daemon.register(), daemon.register()
    nothing = daemon.get(STATS, token=ann)
    daemon.post(RATINGS, {"movie": movie_id(ALIEN), "rating": 4.5}, token=ann, status=201)
    daemon.post(HISTORY, {"movie": movie_id(HEAT), "watched_at": "2024-05-01"}, token=ann, status=201)
    statistics = daemon.get(STATS, token=ann)
    assert (statistics["counts"]["ratings"], statistics["counts"]["viewings"], statistics["mean"]) == (
        1,
        2,
        4.5,
    )
    assert statistics["histogram"][8] == {"rating": 4.5, "count": 1}
    assert statistics["directors"] == [{"name": "Ridley Scott", "count": 1, "mean": 4.5}]
    assert statistics["best"][0]["title"] == "Alien"
    assert daemon.get(STATS, token=bob) == nothing


def test_statistics_of_one_year(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    daemon.post(RATINGS, {"movie": movie_id(HEAT), "rating": 3}, token=ann, status=201)
    daemon.post(HISTORY, {"movie": movie_id(HEAT), "watched_at": "2024-05-01"}, token=ann, status=201)
    statistics = daemon.get(f"{STATS}?year=2024", token=ann)
    assert (statistics["counts"]["ratings"], statistics["months"][4], statistics["year"]) == (1, 1, 2024)
    assert daemon.get(f"{STATS}?year=2023", token=ann)["counts"]["ratings"] == 0
    for wrong in ("year=24", "year=x", "top=0", "top=101"):
        daemon.get(f"{STATS}?{wrong}", token=ann, status=422)
