"""Stored integers at the ends of their documented ranges: nothing that anybody asks for overflows."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from movierec import db
from movierec.api.app import ENDPOINTS
from movierec.api.endpoint import Endpoint
from movierec.api.schemas.movies import NewMovie
from tests.running import Account, RunningDaemon

MOVIES, FAVORITES = "/api/v1/movies", "/api/v1/favorites"


def largest() -> dict[str, Any]:
    """Return every number of a movie at its documented maximum."""
    values: dict[str, Any] = {}
    for name, schema in NewMovie.model_json_schema()["properties"].items():
        for form in schema.get("anyOf", [schema]):
            if form.get("type") in ("integer", "number"):
                limits = [form["maximum"]] if "maximum" in form else [form["exclusiveMaximum"] - 1]
                values[name] = limits[0]
    return values


def test_every_number_of_a_movie_has_a_documented_maximum() -> None:
    numbers = {"tmdb_id", "year", "runtime", "budget", "revenue", "critics_score", "critics_reviews"}
    assert set(largest()) == numbers | {"vote_average", "vote_count", "popularity"}
    assert largest()["vote_count"] == 2**31 - 1


@pytest.fixture
def user(daemon: RunningDaemon) -> Account:
    """A user who keeps movies whose numbers are as large as they may be."""
    admin, user = daemon.admin(), daemon.register()
    for number in range(3):
        facts = {**largest(), "title": f"Largest {number}", "genres": ["Drama"], "directors": ["Ann"]}
        facts["tmdb_id"] -= number
        movie = daemon.post(f"{MOVIES}/", facts, token=admin, status=201)["id"]
        daemon.put(f"{FAVORITES}/ratings/movie/{movie}/", {"rating": 5}, token=user, status=(200, 201))
        daemon.post(f"{FAVORITES}/", {"movie": movie}, token=user, status=201)
        daemon.post("/api/v1/watchlist/", {"movie": movie}, token=user, status=201)
        for day in range(1, 4):
            viewing = {"movie": movie, "watched_at": f"2026-05-0{day}", "rewatch": day > 1}
            daemon.post("/api/v1/history/", viewing, token=user, status=201)
    db.execute("UPDATE movies SET runtime = ? WHERE title LIKE 'Largest%'", 2**31 - 1)
    return user


def queries(endpoint: Endpoint) -> list[str]:
    """Return a query for each ordering that the endpoint names, and for each number at its maximum."""
    texts = [""]
    if endpoint.query is None:
        return texts
    for name, schema in endpoint.query.model_json_schema()["properties"].items():
        if name == "ordering":
            names = re.findall(r"[a-z_]{4,}", schema.get("description", ""))
            texts += [f"?ordering={sign}{key}" for key, sign in itertools.product(names, ("", "-"))]
        for form in schema.get("anyOf", [schema]):
            if form.get("type") == "integer":
                maximum = form.get("maximum", form.get("exclusiveMaximum", 2**63) - 1)
                texts.append(f"?{name}={maximum}")
    return texts


def test_no_sum_or_product_of_stored_integers_overflows(daemon: RunningDaemon, user: Account) -> None:
    admin = daemon.admin()
    movie = db.value("SELECT MAX(id) FROM movies")
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET":
            continue
        for query in queries(endpoint):
            db.execute("DELETE FROM throttle")
            path = re.sub(r"\{\w+\}", str(movie), endpoint.path) + query
            for token in (None, user.access, admin.access):
                reply = daemon.request("GET", path, token=token)
                assert reply.status < 500, f"{path}: {reply.body[:300]!r}"


def test_movies_with_the_most_votes_lead_the_top_rated(daemon: RunningDaemon, user: Account) -> None:
    titles = [movie["title"] for movie in daemon.get(f"{MOVIES}/top_rated/")["results"]]
    assert titles[:3] == ["Largest 0", "Largest 1", "Largest 2"]


def test_statistics_add_up_beyond_32_bits(daemon: RunningDaemon, user: Account) -> None:
    minutes = daemon.get("/api/v1/stats/", token=user)["counts"]["minutes"]
    assert minutes == 9 * (2**31 - 1)
