"""Migration of an account from one daemon to another and back, over HTTP only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from movierec import db
from movierec.config import Settings
from tests.api.test_imports import wait_for_job
from tests.conftest import EmptyDatabases
from tests.daemon.test_serve import Served
from tests.films import store_movies
from tests.running import Account, RunningDaemon, TestClock

REVIEW = "👩‍🚀 \r\n=1+1\u2028"


def _served(settings: Settings) -> tuple[Served, RunningDaemon]:
    db.connect(settings)
    db.migrate()
    store_movies()
    db.increment_revision("starter")
    db.close()
    url = {"MOVIEREC_DATABASE__URL": settings.database.url} if settings.database.url else {}
    served = Served(settings.paths.state.parent, **url)
    return served, RunningDaemon(served.url, settings, TestClock(time.time))


@pytest.fixture
def daemons(tmp_path: Path, _postgres_server: str) -> Iterator[list[RunningDaemon]]:
    """Two daemon processes with a few movies, one on SQLite, one on PostgreSQL."""
    databases = [EmptyDatabases(tmp_path, None), EmptyDatabases(tmp_path, _postgres_server)]
    started = [_served(each.make()) for each in databases]
    yield [daemon for _, daemon in started]
    for served, _ in started:
        served.stop()
    for each in databases:
        each.remove()


def export(daemon: RunningDaemon, account: Account, format: str) -> bytes:
    reply = daemon.request("GET", f"/api/v1/exports/?format={format}", token=account.access)
    assert reply.status == 200
    return reply.body


def import_export(daemon: RunningDaemon, account: Account, content: bytes) -> None:
    job = daemon.post("/api/v1/imports/", body=content, token=account, status=202)
    job = wait_for_job(daemon, account, job)
    assert job["state"] == "succeeded", job
    assert job["report"]["format"] == "movierec"
    assert not job["report"]["problems"]


def test_account_moves_from_sqlite_to_postgresql_and_back(daemons: list[RunningDaemon]) -> None:
    here, there = daemons
    ada = here.register("ada")
    db.connect(here.settings)
    admin = here.admin()
    db.close()
    created = here.post("/api/v1/movies/", {"title": REVIEW.strip(), "year": 2001}, token=admin, status=201)
    matrix = here.get("/api/v1/movies/imdb/tt0133093/")["id"]
    for movie, stars in ((created["id"], 0.5), (matrix, 5)):
        body = {"rating": stars, "review": REVIEW}
        here.put(f"/api/v1/favorites/ratings/movie/{movie}/", body, token=ada, status=201)
        here.post("/api/v1/history/", {"movie": movie, "watched_at": "2024-02-29"}, token=ada, status=201)
    here.post("/api/v1/favorites/", {"movie": matrix, "note": REVIEW}, token=ada, status=201)
    here.patch("/api/v1/auth/profiles/my_profile/", {"bio": REVIEW}, token=ada)
    exported = export(here, ada, "json")

    bea = there.register("bea")
    import_export(there, bea, exported)
    assert export(there, bea, "json") == exported

    cleo = here.register("cleo")
    import_export(here, cleo, export(there, bea, "zip"))
    assert export(here, cleo, "json") == exported
