"""The sync job: movies of users first, within the budget of calls, resumed after an interruption."""

from __future__ import annotations

import dataclasses
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from movierec import db, movies
from movierec.config import Settings
from movierec.jobs import catalogue_sync, queue
from movierec.jobs.schedule import enqueue_sync_if_due
from tests.api.test_imports import wait_for_job
from tests.conftest import Template
from tests.daemon.test_serve import Served, on_sqlite
from tests.films import movie_id
from tests.running import Account, Daemon, RunningDaemon, TestClock
from tests.tmdb.answers import Known
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import KEY, StandIn
from tests.waiting import wait_until

MOVIES, RATINGS = "/api/v1/movies", "/api/v1/favorites/ratings"
DAY = 86_400


class Fading(StandIn):
    """A TMDb that fails after `left` requests; None never fails."""

    left: int | None = None

    def _good(self, request: web.Request) -> web.Response:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                return web.Response(status=500, text="{}", content_type="application/json")
        return super()._good(request)


@pytest.fixture(scope="module")
def tmdb() -> Iterator[Fading]:
    with Fading() as running:
        many = [Known(2_000_000 + number, f"Film {number}", f"tt80{number:05}") for number in range(30)]
        running.films |= {film.tmdb_id: film for film in many}
        yield running


@pytest.fixture
def daemon(tmdb: Fading, settings: Settings) -> Iterator[RunningDaemon]:
    tmdb_settings = quick(tmdb, total_seconds=3, requests_per_second=1000)
    with Daemon(dataclasses.replace(settings, tmdb=tmdb_settings)) as running:
        yield running
    tmdb.left = None


@pytest.fixture
def admin(daemon: RunningDaemon, tmdb: Fading) -> Account:
    account = daemon.admin()
    wait_until(lambda: tmdb.counts["/configuration"], what="the daemon has fetched the configuration")
    tmdb.asked.clear()
    return account


def sync(daemon: RunningDaemon, admin: Account, **query: int) -> Any:
    """Run a sync to its end and return the job."""
    parameters = "&".join(f"{name}={value}" for name, value in query.items())
    return wait_for_job(daemon, admin, daemon.post(f"{MOVIES}/sync/?{parameters}", token=admin, status=202))


def rate(daemon: RunningDaemon, *imdb_ids: str) -> None:
    user = daemon.register()
    for imdb_id in imdb_ids:
        path = f"{RATINGS}/movie/{movie_id(imdb_id)}/"
        daemon.put(path, {"rating": 4}, token=user, status=201)


def test_movies_of_users_are_fetched_first(daemon: RunningDaemon, admin: Account, tmdb: Fading) -> None:
    rate(daemon, "tt0133093")
    user = daemon.register()
    daemon.post("/api/v1/watchlist/", {"movie": movie_id("tt0113277")}, token=user, status=201)
    daemon.post("/api/v1/favorites/", {"movie": movie_id("tt0078748")}, token=user, status=201)
    job = sync(daemon, admin, pages=0)
    assert sorted(asked.partition("?")[0] for asked in tmdb.asked) == [
        "/find/tt0078748", "/find/tt0113277", "/find/tt0133093", "/movie/603", "/movie/949",
    ]  # fmt: skip
    counts = {"calls": 5, "detailed": 2, "listed": 0, "new": 0, "unknown": 1, "failed": 0, "left": 1}
    assert job["report"] == {**counts, "stopped": "", "away": False}
    movie = daemon.get(f"{MOVIES}/imdb/tt0133093/")
    assert (movie["tmdb_id"], movie["tagline"]) == (603, "Nothing is what it seems.")


def test_movies_of_lists_are_stored_with_their_details(
    daemon: RunningDaemon, admin: Account, tmdb: Fading
) -> None:
    job = sync(daemon, admin, pages=2)
    listed = sum(not film.adult for film in tmdb.films.values())
    # The catalogue had two of them, without a TMDb id.
    assert (job["report"]["new"], job["report"]["detailed"]) == (listed - 2, listed)
    assert db.value("SELECT COUNT(*) FROM movies WHERE details_at IS NOT NULL") == listed
    assert movies.by_imdb_id("tt0133093") == movies.by_tmdb_id(603)
    assert {count for path, count in tmdb.counts.items() if path != "/configuration"} == {1, 2}
    assert job["report"]["calls"] == len(tmdb.asked)
    # A second run has nothing to fetch but the changes, once a second has passed.
    tmdb.asked.clear()
    assert sync(daemon, admin, pages=2)["report"]["calls"] == len(tmdb.asked)
    assert tmdb.counts.keys() <= {"/movie/changes"}


def test_movies_changed_since_the_last_run_are_fetched_again(
    daemon: RunningDaemon, admin: Account, tmdb: Fading
) -> None:
    rate(daemon, "tt0133093", "tt0113277")
    sync(daemon, admin, pages=0)
    tmdb.asked.clear()
    daemon.clock.advance(3 * DAY)
    tmdb.films[603] = dataclasses.replace(tmdb.films[603], title="The Matrix, Restored")
    tmdb.changed = {603, 949}
    try:
        admin = daemon.admin()
        job = sync(daemon, admin, pages=0)
    finally:
        tmdb.films[603] = dataclasses.replace(tmdb.films[603], title="The Matrix")
        tmdb.changed = set()
    assert job["report"]["detailed"] == 2
    [request] = [asked for asked in tmdb.asked if "changes" in asked]
    first, last = (time.strftime("%Y-%m-%d", time.gmtime(daemon.clock() - ago * DAY)) for ago in (3, 0))
    assert request == f"/movie/changes?start_date={first}&end_date={last}&page=1"
    assert daemon.get(f"{MOVIES}/tmdb/603/")["title"] == "The Matrix, Restored"


def test_calls_stay_within_the_budget(daemon: RunningDaemon, admin: Account, tmdb: Fading) -> None:
    rate(daemon, "tt0133093", "tt0113277")
    for budget in (1, 2, 3, 9):
        tmdb.asked.clear()
        job = sync(daemon, admin, pages=2, budget=budget)
        assert job["state"] == "succeeded"
        assert len(tmdb.asked) == job["report"]["calls"] <= budget
        assert "next run" in job["report"]["stopped"]
    assert job["report"]["away"] is False


def test_run_stops_when_tmdb_fails_and_reports_its_counts(
    daemon: RunningDaemon, admin: Account, tmdb: Fading
) -> None:
    rate(daemon, "tt0133093", "tt0113277")
    tmdb.left = 8
    job = sync(daemon, admin, pages=2)
    assert (job["state"], job["report"]["away"]) == ("succeeded", True)
    assert "TMDb" in job["report"]["stopped"]
    assert job["report"]["detailed"] >= 2
    assert db.value("SELECT COUNT(*) FROM movies WHERE details_at IS NOT NULL") == job["report"]["detailed"]
    tmdb.left = None
    again = sync(daemon, admin, pages=2)
    assert again["report"]["stopped"] == ""
    assert again["report"]["left"] == 0


def test_one_failed_movie_does_not_stop_the_run(
    daemon: RunningDaemon, admin: Account, tmdb: Fading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tmdb.recorded, "/movie/2000003", {"id": 2_000_003})  # no title: a bad response
    job = sync(daemon, admin, pages=2)
    assert (job["report"]["failed"], job["report"]["stopped"]) == (1, "")


def test_only_one_run_at_a_time(daemon: RunningDaemon, admin: Account, tmdb: Fading) -> None:
    tmdb.delay_seconds = 0.2
    try:
        job = daemon.post(f"{MOVIES}/sync/?pages=2", token=admin, status=202)
        daemon.post(f"{MOVIES}/sync/", token=admin, status=409)
        daemon.delete(f"/api/v1/jobs/{job['id']}/", token=admin)
    finally:
        tmdb.delay_seconds = 0
    assert wait_for_job(daemon, admin, job)["state"] == "cancelled"


def test_sync_without_a_key_is_refused(settings: Settings) -> None:
    with Daemon(settings) as daemon:
        problem = daemon.post(f"{MOVIES}/sync/", token=daemon.admin(), status=409)
    assert problem["code"] == "tmdb_off"
    assert "tmdb.api_key" in problem["detail"]


# Interruptions


@pytest.fixture
def serve(database: Settings, tmdb: Fading) -> Any:
    """Return a function that starts a daemon process on the database of the test and the stand-in."""
    started: list[Served] = []
    variables = {"API_KEY": KEY, "BASE_URL": tmdb.url, "IMAGE_URL": tmdb.url, "REQUESTS_PER_SECOND": "1000"}

    def serve() -> tuple[Served, RunningDaemon]:
        more = {f"MOVIEREC_TMDB__{name}": value for name, value in variables.items()}
        if database.database.url:
            more["MOVIEREC_DATABASE__URL"] = database.database.url
        served = Served(database.paths.state.parent, **more)
        started.append(served)
        return served, RunningDaemon(served.url, database, TestClock(time.time))

    tmdb.delay_seconds = 0.15
    yield serve
    tmdb.delay_seconds = 0
    for served in started:
        if served.process.poll() is None:
            served.stop(signal.SIGKILL)


@on_sqlite
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_interrupted_run_is_resumed_by_the_next_daemon(serve: Any, tmdb: Fading, end: signal.Signals) -> None:
    served, daemon = serve()
    admin = daemon.admin()
    tmdb.asked.clear()
    job = daemon.post(f"{MOVIES}/sync/?pages=2", token=admin, status=202)
    wait_until(lambda: sum(path.startswith("/movie/2") for path in tmdb.asked) >= 15)
    served.stop(end)
    before = len(tmdb.asked)
    _, daemon = serve()
    job = wait_for_job(daemon, admin, job)
    assert job["state"] == "succeeded", job["error"]
    assert job["report"]["stopped"] == ""
    listed = sum(not film.adult for film in tmdb.films.values())
    assert db.value("SELECT COUNT(*) FROM movies WHERE details_at IS NOT NULL") == listed
    assert len(tmdb.asked) > before
    # Requests in flight when it was killed had no response yet; nothing else is fetched twice.
    fetches = Counter(asked for asked in tmdb.asked if asked.startswith("/movie/") and asked[7].isdigit())
    assert len(fetches) == listed
    assert sum(fetches.values()) - listed <= catalogue_sync.MAX_CONCURRENT


# Schedule


@pytest.fixture
def staff(template: Template, tmp_path: Path) -> Iterator[Settings]:
    for settings in template.copy(tmp_path / "staff"):
        db.connect(settings)
        with db.write():
            db.execute(
                "INSERT INTO users (username, username_key, email, email_key, password_hash, first_name, "
                "last_name, is_active, is_staff, is_verified, auth_epoch, date_joined) "
                "VALUES ('root', 'root', 'r@e.org', 'r@e.org', '', '', '', ?, ?, ?, 1, 0)",
                True,
                True,
                False,
            )
        yield settings
        db.close()


def _with(settings: Settings, **tmdb: Any) -> Settings:
    return dataclasses.replace(settings, tmdb=dataclasses.replace(settings.tmdb, **tmdb))


def test_sync_is_enqueued_once_a_day(staff: Settings) -> None:
    now = 100 * DAY
    assert enqueue_sync_if_due(staff, now) is None  # no key
    on = _with(staff, api_key="k")
    assert enqueue_sync_if_due(_with(on, sync_hours=0), now) is None
    job = enqueue_sync_if_due(on, now)
    assert job is not None
    assert job.parameters == {"pages": 10, "budget": 2000}
    assert enqueue_sync_if_due(on, now + 2 * DAY) is None  # still queued
    db.execute("UPDATE jobs SET state = 'succeeded' WHERE id = ?", job.id)
    assert enqueue_sync_if_due(on, now + DAY - 1) is None
    assert enqueue_sync_if_due(on, now + DAY) is not None
    assert queue.jobs(None, kind=catalogue_sync.KIND, limit=9, offset=0)[0] == 2
