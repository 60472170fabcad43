"""Merge of movies over HTTP: every endpoint with a movie id accepts the id of a merged movie."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from movierec import db, movies
from movierec.api.app import ENDPOINTS
from movierec.movies import MovieRecord
from tests.films import NOW, movie_id
from tests.running import Account, RunningDaemon

MOVIES, FAVORITES, RECOMMENDATIONS = "/api/v1/movies", "/api/v1/favorites", "/api/v1/recommendations"

# Every endpoint with a movie id: its body, its status, and the path of the movie in its answer.
BY_OLD_ID: dict[tuple[str, str], tuple[dict[str, Any] | None, int, str | None]] = {
    ("GET", f"{MOVIES}/{{id}}/"): (None, 200, "id"),
    ("GET", f"{MOVIES}/{{id}}/poster/"): (None, 404, None),  # no TMDb
    ("PUT", f"{MOVIES}/{{id}}/"): ({"title": "Dune"}, 200, "id"),
    ("PATCH", f"{MOVIES}/{{id}}/"): ({"tagline": "It begins."}, 200, "id"),
    ("POST", f"{FAVORITES}/"): ({"movie": 0}, 201, "movie"),
    ("GET", f"{FAVORITES}/check/{{movie_id}}/"): (None, 200, None),
    ("POST", f"{FAVORITES}/ratings/"): ({"movie": 0, "rating": 4}, 201, "movie"),
    ("PUT", f"{FAVORITES}/ratings/movie/{{movie_id}}/"): ({"movie": 0, "rating": 4.5}, 200, "movie"),
    ("GET", f"{FAVORITES}/ratings/movie/{{movie_id}}/"): (None, 200, "movie"),
    ("DELETE", f"{FAVORITES}/ratings/movie/{{movie_id}}/"): (None, 204, None),
    ("POST", "/api/v1/watchlist/"): ({"movie": 0}, 201, "movie"),
    ("POST", "/api/v1/history/"): ({"movie": 0}, 201, "movie"),
    ("GET", f"{RECOMMENDATIONS}/similar/{{movie_id}}/"): (None, 200, None),
    ("GET", f"{RECOMMENDATIONS}/explain/{{movie_id}}/"): (None, 200, "movie.id"),
    ("POST", f"{RECOMMENDATIONS}/feedback/"): ({"movie": 0, "feedback_type": "like"}, 201, "movie"),
    ("POST", f"{MOVIES}/{{id}}/merge/"): ({"into": 0}, 422, None),  # into itself
}
# Needs a review question of an import first.
AFTER_AN_IMPORT = ("POST", "/api/v1/imports/review/{id}/resolve/")
# By the id of an object, whose movie the body may repeat: see test_whole_objects.py.
OF_AN_OBJECT = {
    ("PATCH", f"{FAVORITES}/{{id}}/"),
    ("PUT", f"{FAVORITES}/ratings/{{id}}/"),
    ("PATCH", f"{FAVORITES}/ratings/{{id}}/"),
}
# Deletes objects that the others need.
LAST = ("DELETE", f"{MOVIES}/{{id}}/")


def endpoints_with_movie_id() -> set[tuple[str, str]]:
    return {
        (endpoint.method, endpoint.path)
        for endpoint in ENDPOINTS
        if "{movie_id}" in endpoint.path
        or endpoint.path.startswith(f"{MOVIES}/{{id}}/")
        or (endpoint.body is not None and "movie" in endpoint.body.model_fields)
    }


def test_table_contains_every_endpoint_with_a_movie_id() -> None:
    assert endpoints_with_movie_id() == {*BY_OLD_ID, *OF_AN_OBJECT, LAST, AFTER_AN_IMPORT}


@pytest.fixture(scope="module")
def admin(module_daemon: RunningDaemon) -> Account:
    return module_daemon.admin()


@pytest.fixture(scope="module")
def merged(module_daemon: RunningDaemon, admin: Account) -> tuple[int, int]:
    """(id of the merged movie, id of the survivor)."""
    lost, kept = movies.upsert([MovieRecord("Dune", "staff"), MovieRecord("Dune", "staff", year=2021)], NOW)
    movie = module_daemon.post(f"{MOVIES}/{lost}/merge/", {"into": kept}, token=admin)
    assert (movie["id"], movie["year"]) == (kept, 2021)
    return lost, kept


# On one worker and in the order of the table: some rows read the objects that others wrote.
@pytest.mark.xdist_group("merged")
@pytest.mark.parametrize("name", BY_OLD_ID, ids=" ".join)
def test_id_of_a_merged_movie_redirects_to_the_survivor(
    module_daemon: RunningDaemon, admin: Account, merged: tuple[int, int], name: tuple[str, str]
) -> None:
    (lost, kept), (method, path) = merged, name
    body, status, where = BY_OLD_ID[name]
    path = path.replace("{id}", str(lost)).replace("{movie_id}", str(lost))
    if body:
        body = {field: lost if field in ("movie", "into") else value for field, value in body.items()}
    answer = module_daemon.call(method, path, body, token=admin, status=status)
    for part in where.split(".") if where else ():
        answer = answer[part]
    if where:
        assert answer == kept
    elif path.endswith(f"check/{lost}/"):
        assert answer == {"is_favorited": True}


def test_delete_by_the_id_of_a_merged_movie_deletes_from_the_survivor(
    module_daemon: RunningDaemon, admin: Account
) -> None:
    lost, kept = movies.upsert([MovieRecord("Twin", "staff"), MovieRecord("Twin", "staff")], NOW)
    module_daemon.post(f"{MOVIES}/{lost}/merge/", {"into": kept}, token=admin)
    module_daemon.delete(f"{MOVIES}/{lost}/", token=admin)
    for movie in (lost, kept):
        module_daemon.get(f"{MOVIES}/{movie}/", status=404)


def test_invalid_merges_are_refused(module_daemon: RunningDaemon, admin: Account) -> None:
    alien = movie_id("tt0078748")
    path = f"{MOVIES}/{alien}/merge/"
    problem = module_daemon.post(path, {"into": alien}, token=admin, status=422)
    assert problem["errors"] == [{"field": "into", "message": "That is the same movie."}]
    module_daemon.post(path, {"into": 999_999}, token=admin, status=404)
    module_daemon.post(path, {"into": 0}, token=admin, status=422)
    module_daemon.post(f"{MOVIES}/999999/merge/", {"into": alien}, token=admin, status=404)


def test_duplicate_external_id_is_refused_with_advice(module_daemon: RunningDaemon, admin: Account) -> None:
    alien, matrix = movie_id("tt0078748"), movie_id("tt0133093")
    problem = module_daemon.patch(f"{MOVIES}/{alien}/", {"imdb_id": "tt0133093"}, token=admin, status=409)
    assert problem["errors"][0]["message"] == f"Movie {matrix} has it. If both are one movie, merge them."


def test_ratings_move_and_lists_are_updated_at_once(module_daemon: RunningDaemon, admin: Account) -> None:
    ann = module_daemon.register()
    lost, kept = movie_id("tt0113277"), movie_id("tt0068688")
    module_daemon.put(f"{FAVORITES}/ratings/movie/{lost}/", {"rating": 5}, token=ann, status=201)
    shown = {item["movie"]["id"] for item in _recommended(module_daemon, ann)}
    assert kept in shown
    module_daemon.post(f"{MOVIES}/{lost}/merge/", {"into": kept}, token=admin)
    for _ in range(3):
        # Also before the daemon has reloaded the catalogue.
        shown = {item["movie"]["id"] for item in _recommended(module_daemon, ann)}
        assert shown.isdisjoint({lost, kept})
    assert module_daemon.get(f"{MOVIES}/{lost}/", token=ann)["my_rating"] == 5
    assert module_daemon.get(f"{MOVIES}/imdb/tt0113277/")["id"] == kept


def _recommended(daemon: RunningDaemon, account: Account) -> list[dict[str, Any]]:
    return list(daemon.get(f"{RECOMMENDATIONS}/?limit=100", token=account)["results"])


def test_ratings_during_a_merge_succeed_and_are_kept(module_daemon: RunningDaemon, admin: Account) -> None:
    people = [module_daemon.register() for _ in range(4)]
    statuses: set[int] = set()

    def rate(person: Account, movie: int, begin: threading.Barrier) -> None:
        begin.wait()
        for _ in range(3):
            for path, body in ((f"{FAVORITES}/ratings/", {"rating": 4}), (f"{FAVORITES}/", {})):
                reply = module_daemon.request("POST", path, {"movie": movie, **body}, token=person.access)
                statuses.add(reply.status)

    for number in range(5):
        lost, kept = movies.upsert(
            [MovieRecord(f"One {number}", "staff"), MovieRecord("Other", "staff")], NOW
        )
        begin = threading.Barrier(len(people) + 1)
        threads = [threading.Thread(target=rate, args=(person, lost, begin)) for person in people]
        for thread in threads:
            thread.start()
        begin.wait()
        module_daemon.post(f"{MOVIES}/{lost}/merge/", {"into": kept}, token=admin)
        for thread in threads:
            thread.join()
        for table in ("ratings", "favorites"):
            assert db.value(f"SELECT COUNT(*) FROM {table} WHERE movie_id = ?", kept) == len(people)
    assert statuses <= {200, 201}


def test_changes_to_a_merged_movie_can_be_undone(module_daemon: RunningDaemon, admin: Account) -> None:
    ann = module_daemon.register()
    lost, kept = movies.upsert([MovieRecord("Twin one", "staff"), MovieRecord("Twin two", "staff")], NOW)
    module_daemon.put(f"{FAVORITES}/ratings/movie/{lost}/", {"rating": 4}, token=ann, status=201)
    module_daemon.put(f"{FAVORITES}/ratings/movie/{lost}/", {"rating": 2, "review": "No."}, token=ann)
    module_daemon.post(f"{MOVIES}/{lost}/merge/", {"into": kept}, token=admin)
    module_daemon.post("/api/v1/changes/undo/", {}, token=ann)
    rating = module_daemon.get(f"{FAVORITES}/ratings/movie/{lost}/", token=ann)
    assert (rating["movie"], rating["rating"], rating["review"]) == (kept, 4, "")
    module_daemon.post("/api/v1/changes/undo/", {}, token=ann)
    module_daemon.get(f"{FAVORITES}/ratings/movie/{kept}/", token=ann, status=404)
