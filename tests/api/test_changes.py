"""Undo over HTTP, and the filters of library lists."""

from __future__ import annotations

import sys

import pytest

from movierec import library
from tests.films import MOVIE_TITLES, movie_id
from tests.running import Account, RunningDaemon

CHANGES, UNDO = "/api/v1/changes/", "/api/v1/changes/undo/"
RATINGS, FAVORITES, WATCHLIST = "/api/v1/favorites/ratings/", "/api/v1/favorites/", "/api/v1/watchlist/"
ALIEN, HEAT, AMELIE, CASABLANCA = "tt0078748", "tt0113277", "tt0211915", "tt0034583"


@pytest.fixture(scope="module")
def daemon(module_daemon: RunningDaemon) -> RunningDaemon:
    """One daemon for the file: every test has its own users."""
    return module_daemon


def test_undo_restores_the_state_and_can_be_undone(daemon: RunningDaemon) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)
    rating = daemon.post(RATINGS, {"movie": alien, "rating": 4, "review": "Quiet."}, token=ann, status=201)
    daemon.delete(f"{RATINGS}{rating['id']}/", token=ann)
    undone = daemon.post(UNDO, {}, token=ann)
    assert undone["undone"]["what"] == "Took back the rating of Alien (1979)"
    assert (undone["reverted"], undone["left"]) == (1, [])
    assert daemon.get(f"{RATINGS}{rating['id']}/", token=ann) == rating
    assert [item["undone"] for item in daemon.get(CHANGES, token=ann)["results"]] == [False, True, False]
    daemon.post(UNDO, {"change": undone["by"]["id"]}, token=ann)
    daemon.get(f"{RATINGS}{rating['id']}/", token=ann, status=404)
    assert daemon.get(CHANGES, token=ann)["count"] == 2


def test_undo_of_an_undone_or_missing_change_is_refused(daemon: RunningDaemon) -> None:
    ann, bob = daemon.register(), daemon.register()
    assert daemon.post(UNDO, {}, token=ann, status=404)["detail"] == "There is nothing to undo."
    daemon.post(FAVORITES, {"movie": movie_id(ALIEN)}, token=ann, status=201)
    change = {"change": daemon.get(CHANGES, token=ann)["results"][0]["id"]}
    daemon.post(UNDO, change, token=bob, status=404)
    daemon.post(UNDO, change, token=ann)
    daemon.post(UNDO, change, token=ann, status=409)
    daemon.post(UNDO, {"change": 10**15}, token=ann, status=404)
    assert daemon.get(CHANGES, token=bob)["count"] == 0


def test_large_import_is_undone_in_steps_and_later_changes_are_named(
    daemon: RunningDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["movierec.library.undo"], "BATCH", 10)
    ann = daemon.register()
    changes = [library.rating_change(movie_id(imdb_id), 3) for imdb_id in MOVIE_TITLES]
    library.apply(ann.id, changes, what="Imported a file", now=1, job_id=1)
    daemon.put(f"{RATINGS}movie/{movie_id(ALIEN)}/", {"rating": 5}, token=ann)
    change = next(item for item in daemon.get(CHANGES, token=ann)["results"] if item["job"] == 1)
    assert change["rows"] == len(MOVIE_TITLES)
    undone = daemon.post(UNDO, {"change": change["id"]}, token=ann)
    assert (undone["reverted"], undone["left_count"]) == (len(MOVIE_TITLES) - 1, 1)
    assert undone["left"] == [{"movie": movie_id(ALIEN), "title": "Alien (1979)"}]
    assert [item["rating"] for item in daemon.get(RATINGS, token=ann)["results"]] == [5]


def test_profile_decides_if_rating_removes_a_movie_from_the_watchlist(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    daemon.patch("/api/v1/auth/profiles/my_profile/", {"seen_leaves_watchlist": False}, token=ann)
    daemon.post(WATCHLIST, {"movie": movie_id(ALIEN)}, token=ann, status=201)
    daemon.put(f"{RATINGS}movie/{movie_id(ALIEN)}/", {"rating": 5}, token=ann, status=201)
    assert daemon.get(WATCHLIST, token=ann)["count"] == 1
    for scale in (7, "5", None, True):
        daemon.patch("/api/v1/auth/profiles/my_profile/", {"rating_scale": scale}, token=ann, status=422)


# Lists


@pytest.fixture(scope="module")
def ann(daemon: RunningDaemon) -> Account:
    """A user with a few ratings; the same movies are favorites and on the watchlist."""
    account = daemon.register()
    daemon.patch("/api/v1/auth/profiles/my_profile/", {"seen_leaves_watchlist": False}, token=account)
    for imdb_id, stars, review in (
        (ALIEN, 5, "Quiet."),
        (HEAT, 3.5, ""),
        (AMELIE, 4, "The gnome!"),
        (CASABLANCA, 0.5, ""),
    ):
        sent = {"movie": movie_id(imdb_id), "rating": stars, "review": review}
        daemon.post(RATINGS, sent, token=account, status=201)
        daemon.post(FAVORITES, {"movie": movie_id(imdb_id)}, token=account, status=201)
        daemon.post(WATCHLIST, {"movie": movie_id(imdb_id)}, token=account, status=201)
    for imdb_id, when in (
        (ALIEN, "2024-05-01T20:15:00Z"),
        (HEAT, "2023-05-01"),
        (CASABLANCA, "2024-06-01"),
        (AMELIE, None),
    ):
        sent = {"movie": movie_id(imdb_id), "watched_at": when}
        daemon.post("/api/v1/history/", sent, token=account, status=201)
    return account


@pytest.mark.parametrize(
    ("query", "imdb_ids"),
    [
        ("rating_min=4", [ALIEN, AMELIE]),
        ("rating_max=3.5", [HEAT, CASABLANCA]),
        ("rating_min=3.5&rating_max=4", [AMELIE, HEAT]),
        ("has_review=true", [ALIEN, AMELIE]),
        ("has_review=false", [HEAT, CASABLANCA]),
        ("q=amelie", [AMELIE]),
        ("q=AL", [ALIEN]),
        ("q=%25", []),  # no wildcard
        ("q=zzz", []),
    ],
)
def test_rating_filters(daemon: RunningDaemon, ann: Account, query: str, imdb_ids: list[str]) -> None:
    page = daemon.get(f"{RATINGS}?ordering=-rating&{query}", token=ann)
    assert [item["movie"] for item in page["results"]] == list(map(movie_id, imdb_ids))
    assert page["count"] == len(imdb_ids)


@pytest.mark.parametrize("path", [RATINGS, FAVORITES, WATCHLIST])
@pytest.mark.parametrize(
    ("query", "imdb_ids"),
    [
        ("year=1979", [ALIEN]),
        ("year_min=1979&year_max=1995", [ALIEN, HEAT]),
        ("genre=romance", [CASABLANCA, AMELIE]),
        ("movie={AMELIE}", [AMELIE]),
        ("q=heat&year=1995", [HEAT]),
        ("watched_min=2024-05-01", [CASABLANCA, ALIEN]),
        ("watched_max=2024-05-01", [ALIEN, HEAT]),
        ("watched_min=2024-01-01&watched_max=2024-05-31", [ALIEN]),
    ],
)
def test_movie_filters_of_every_list(
    daemon: RunningDaemon, ann: Account, path: str, query: str, imdb_ids: list[str]
) -> None:
    query = query.replace("{AMELIE}", str(movie_id(AMELIE)))
    page = daemon.get(f"{path}?ordering=year&{query}", token=ann)
    assert [item["movie"] for item in page["results"]] == list(map(movie_id, imdb_ids))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (RATINGS, "rating_min=4.3"),
        (RATINGS, "rating_min=4&rating_max=2"),
        (RATINGS, "genre=Drma"),
        (FAVORITES, "year_min=2020&year_max=1990"),
        (RATINGS, "rating_min=0"),
        (RATINGS, "has_review=perhaps"),
        (FAVORITES, "rating_min=4"),
        (WATCHLIST, "q="),
        (WATCHLIST, "year=x"),
        ("/api/v1/history/", "watched_min=yesterday"),
        ("/api/v1/history/", "ordering=rating"),
    ],
)
def test_contradictory_queries_are_refused(
    daemon: RunningDaemon, ann: Account, path: str, query: str
) -> None:
    daemon.get(f"{path}?{query}", token=ann, status=422)
