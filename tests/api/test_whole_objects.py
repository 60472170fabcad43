"""PUT and PATCH take back what a resource answers with: fields that a client may not set are ignored."""

from __future__ import annotations

from typing import Any

import pytest

from movierec.api.app import ENDPOINTS
from movierec.api.endpoint import READ_ONLY_FIELDS, Endpoint
from tests.running import Account, RunningDaemon

WRITES = {
    (endpoint.method, endpoint.path): endpoint
    for endpoint in ENDPOINTS
    if endpoint.method in ("PUT", "PATCH") and endpoint.body is not None
}

RATINGS = "/api/v1/favorites/ratings"
OF_A_MOVIE = [
    ("PUT", f"{RATINGS}/{{id}}/"),
    ("PATCH", f"{RATINGS}/{{id}}/"),
    ("PUT", f"{RATINGS}/movie/{{movie_id}}/"),
    ("PATCH", "/api/v1/favorites/{id}/"),
]


@pytest.fixture(scope="module")
def daemon(module_daemon: RunningDaemon) -> RunningDaemon:
    return module_daemon


@pytest.fixture(scope="module")
def admin(module_daemon: RunningDaemon) -> Account:
    return module_daemon.admin()


@pytest.fixture(scope="module")
def other(module_daemon: RunningDaemon, admin: Account) -> int:
    """Id of another movie than the one of the objects."""
    return int(module_daemon.post("/api/v1/movies/", {"title": "Other"}, token=admin, status=201)["id"])


@pytest.fixture(scope="module")
def paths(module_daemon: RunningDaemon, admin: Account) -> dict[str, str]:
    """Concrete path of each resource that has a PUT or PATCH."""

    def create(path: str, document: Any) -> Any:
        return module_daemon.post(path, document, token=admin, status=201)

    movie = create("/api/v1/movies/", {"title": "Whole"})["id"]
    favorite = create("/api/v1/favorites/", {"movie": movie, "note": "mine"})["id"]
    rating = create(f"{RATINGS}/", {"movie": movie, "rating": 4.5, "review": "good"})["id"]
    profile = module_daemon.get("/api/v1/auth/profiles/my_profile/", token=admin)["id"]
    numbers = {
        "/api/v1/auth/me/": 0,
        "/api/v1/auth/{id}/": admin.id,
        "/api/v1/auth/profiles/my_profile/": 0,
        "/api/v1/auth/profiles/{id}/": profile,
        "/api/v1/movies/{id}/": movie,
        "/api/v1/favorites/{id}/": favorite,
        f"{RATINGS}/{{id}}/": rating,
        f"{RATINGS}/movie/{{movie_id}}/": movie,
    }
    assert numbers.keys() == {path for _, path in WRITES}, "a PUT or PATCH that this test does not know"
    return {path: path.format(id=number, movie_id=number) for path, number in numbers.items()}


def _settable(endpoint: Endpoint, document: dict[str, Any]) -> dict[str, Any]:
    assert endpoint.body is not None
    return {name: value for name, value in document.items() if name in endpoint.body.model_fields}


@pytest.mark.parametrize("name", WRITES, ids=" ".join)
def test_read_only_fields_are_ignored(
    daemon: RunningDaemon, admin: Account, paths: dict[str, str], name: tuple[str, str]
) -> None:
    endpoint, path = WRITES[name], paths[name[1]]
    before = daemon.get(path, token=admin)
    ignored = READ_ONLY_FIELDS & before.keys()
    assert "id" in ignored
    assert endpoint.ignored_fields == ignored
    for value in (None, "nonsense", 1, {"title": "x"}, before["id"]):
        document = {**_settable(endpoint, before), **dict.fromkeys(ignored, value)}
        after = daemon.call(endpoint.method, path, document, token=admin)
        assert {**after, "updated_at": ""} == {**before, "updated_at": ""}


@pytest.mark.parametrize("name", OF_A_MOVIE, ids=" ".join)
def test_object_of_a_movie_is_sent_back_whole(
    daemon: RunningDaemon, admin: Account, paths: dict[str, str], other: int, name: tuple[str, str]
) -> None:
    method, path = name[0], paths[name[1]]
    whole = daemon.get(path, token=admin)
    text = "review" if "review" in whole else "note"
    changed = daemon.call(method, path, {**whole, text: f"by {method}"}, token=admin)
    assert (changed["id"], changed["movie"], changed[text]) == (whole["id"], whole["movie"], f"by {method}")
    daemon.call(method, path, {**whole, "movie": None}, token=admin)
    for wrong in (other, 999_999_999):
        document = {**whole, text: "of another movie", "movie": wrong}
        problem = daemon.call(method, path, document, token=admin, status=422)
        assert [error["field"] for error in problem["errors"]] == ["movie"]
        assert str(whole["movie"]) in problem["errors"][0]["message"]
    for wrong in ("x", 0, [1], 2**63):
        daemon.call(method, path, {**whole, "movie": wrong}, token=admin, status=422)
    assert daemon.get(path, token=admin)[text] == whole[text]
    # Nobody learns of which movie another user's object is.
    if "movie_id" not in name[1]:
        for movie in (whole["movie"], other):
            daemon.call(method, path, {**whole, "movie": movie}, token=daemon.register(), status=404)


def test_every_object_of_a_movie_is_tested() -> None:
    answered = {
        name for name, e in WRITES.items() if "movie" in getattr(e.answers[200], "__annotations__", {})
    }
    assert answered == set(OF_A_MOVIE)


@pytest.mark.parametrize("name", WRITES, ids=" ".join)
def test_other_unknown_fields_are_refused(
    daemon: RunningDaemon, admin: Account, paths: dict[str, str], name: tuple[str, str]
) -> None:
    endpoint, path = WRITES[name], paths[name[1]]
    before = daemon.get(path, token=admin)
    unknown = {"no_such_field", *READ_ONLY_FIELDS} - endpoint.ignored_fields
    for field in unknown:
        document = {**_settable(endpoint, before), field: 1}
        problem = daemon.call(endpoint.method, path, document, token=admin, status=422)
        assert [error["field"] for error in problem["errors"]] == [field]


def test_post_refuses_read_only_fields(daemon: RunningDaemon, admin: Account, other: int) -> None:
    assert not any(endpoint.ignored_fields for endpoint in ENDPOINTS if endpoint.method == "POST")
    for path, document in (
        (f"{RATINGS}/", {"movie": other, "rating": 3}),
        ("/api/v1/favorites/", {"movie": other}),
        ("/api/v1/movies/", {"title": "x"}),
    ):
        problem = daemon.post(path, {**document, "id": 1}, token=admin, status=422)
        assert [error["field"] for error in problem["errors"]] == ["id"]


def test_id_of_a_merged_movie_names_the_same_movie(daemon: RunningDaemon, admin: Account) -> None:
    favorites = "/api/v1/favorites"
    old, new = (
        daemon.post("/api/v1/movies/", {"title": title}, token=admin, status=201)["id"]
        for title in ("Doubled", "Kept")
    )
    whole = daemon.post(f"{RATINGS}/", {"movie": old, "rating": 2}, token=admin, status=201)
    favorite = daemon.post(f"{favorites}/", {"movie": old}, token=admin, status=201)
    daemon.post(f"/api/v1/movies/{old}/merge/", {"into": new}, token=admin)
    path = f"{RATINGS}/{whole['id']}/"
    assert daemon.put(path, {**whole, "rating": 3}, token=admin)["movie"] == new
    assert daemon.patch(path, {"movie": new, "rating": 3.5}, token=admin)["rating"] == 3.5
    for movie in (old, new):
        annotated = {**favorite, "movie": movie, "note": "mine"}
        assert daemon.patch(f"{favorites}/{favorite['id']}/", annotated, token=admin)["movie"] == new
    for movie_id in (old, new):
        for movie in (old, new):
            by_movie = f"{RATINGS}/movie/{movie_id}/"
            assert daemon.put(by_movie, {"movie": movie, "rating": 4}, token=admin)["movie"] == new
