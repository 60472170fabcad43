"""Data stored by earlier versions is read as before: a backup, an export, a model, TMDb's cache, unfinished jobs.

`make_samples.py` says how the samples were made. They are never rewritten.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diskcache
import pytest

from movierec import db
from movierec.config import Settings
from movierec.tmdb import TmdbService
from movierec.tmdb.cache import JsonDisk
from tests.conftest import EmptyDatabases
from tests.golden.world import (
    LETTERBOXD,
    RATINGS,
    TMDB_MOVIES,
    empty_settings,
    migrate_without_movies,
    run_server_command,
)
from tests.running import PASSWORD, Account, Daemon, RunningDaemon
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import StandIn
from tests.waiting import wait_until

SAMPLES = Path(__file__).parent / "samples" / "0.1.0"


@pytest.fixture
def restored(empty_databases: EmptyDatabases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The server of the backup, on each database."""
    settings = dataclasses.replace(
        empty_databases.make(),
        library=dataclasses.replace(Settings().library, undo_days=100_000),
        recommender=dataclasses.replace(Settings().recommender, train_after_ratings=0, train_after_hours=0),
    )
    monkeypatch.setenv("MOVIEREC_HOME", str(settings.paths.state.parent))
    monkeypatch.setenv("MOVIEREC_DATABASE__URL", settings.database_url)
    run_server_command("restore", str(SAMPLES / "server.backup"))
    yield settings
    db.close()


def signed_in(daemon: RunningDaemon, name: str) -> Account:
    tokens = daemon.post("/api/v1/auth/login/", {"username": name, "password": PASSWORD})["tokens"]
    return Account(0, name, "", **tokens)


def exported(daemon: RunningDaemon, account: Account) -> bytes:
    return daemon.request("GET", "/api/v1/exports/?format=json", token=account.access).body


def requeue(kind: str, **parameters: Any) -> tuple[int, dict[str, Any]]:
    """Put the first job of a kind back into the queue, its stored parameters changed in these only."""
    job_id, text = db.rows("SELECT id, parameters FROM jobs WHERE kind = ? ORDER BY id", kind)[0]
    changed = {**json.loads(text), **parameters}
    db.execute(
        "UPDATE jobs SET state = 'queued', owner = '', report = '{}', parameters = ? WHERE id = ?",
        json.dumps(changed),
        job_id,
    )
    return job_id, changed


def end_of(daemon: RunningDaemon, account: Account, job_id: int) -> Any:
    def ended() -> Any:
        job = daemon.get(f"/api/v1/jobs/{job_id}/", token=account)
        return job if job["state"] not in ("queued", "running") else None

    return wait_until(ended, what=f"job {job_id} ends")


def test_a_backup_is_restored_with_its_model_questions_and_journal(restored: Settings) -> None:
    with Daemon(restored) as daemon:
        ada, admin = signed_in(daemon, "ada"), signed_in(daemon, "user1")
        assert exported(daemon, ada) == (SAMPLES / "account.jsonl").read_bytes()

        model = daemon.get("/api/v1/model/", token=admin)
        assert (model["movies"], model["raters"], model["degraded"]) == (30, 60, [])
        items = daemon.get("/api/v1/recommendations/?limit=5", token=ada)["results"]
        assert {item["model"] for item in items} == {model["version"]}
        assert all(item["because"] for item in items if item["predicted_rating"])

        question = next(
            each
            for each in daemon.get("/api/v1/imports/review/", token=ada)["results"]
            if each["title"] == "Made Up Film 12"
        )
        path = f"/api/v1/imports/review/{question['id']}/resolve/"
        assert daemon.post(path, {"movie": 12}, token=ada)["added"] == 2
        rating = daemon.get(f"{RATINGS}/movie/12/", token=ada)
        assert (rating["rating"], rating["review"]) == (4, "Good.")


def test_changes_of_a_stored_journal_are_undone(restored: Settings) -> None:
    with Daemon(restored) as daemon:
        ada = signed_in(daemon, "ada")
        # The newest one is the rating of a movie that the sync brought.
        daemon.post("/api/v1/changes/undo/", {}, token=ada)
        lines = (SAMPLES / "account.jsonl").read_bytes().splitlines()
        expected = {line for line in lines if b"Invented Story 0" not in line and b'"end"' not in line}
        assert {line for line in exported(daemon, ada).splitlines() if b'"end"' not in line} == expected
        job = daemon.get("/api/v1/imports/", token=ada)["results"][-1]
        undone = daemon.post(f"/api/v1/imports/{job['id']}/undo/", token=ada)
        assert (undone["reverted"] > 0, undone["left_count"]) == (True, 0)
        assert daemon.get("/api/v1/watchlist/", token=ada)["count"] == 0


def test_a_sync_goes_on_from_its_stored_position(restored: Settings) -> None:
    db.connect(restored)
    job_id, parameters = requeue("sync", budget=1000)
    position = parameters["position"]
    db.close()
    with StandIn() as tmdb:
        tmdb.films = {movie.tmdb_id: movie for movie in TMDB_MOVIES}
        told = quick(tmdb, total_seconds=30, requests_per_second=1000)
        with Daemon(dataclasses.replace(restored, tmdb=told)) as daemon:
            report = end_of(daemon, signed_in(daemon, "user1"), job_id)["report"]
    assert (report["stopped"], report["away"]) == ("", False)
    assert report["calls"] > position["calls"] > 0
    assert report["detailed"] == len(TMDB_MOVIES)
    # What was asked for before the position is not asked for again.
    assert f"/movie/{TMDB_MOVIES[0].tmdb_id}" not in tmdb.counts


@pytest.mark.parametrize("kind", ["import_movielens", "train"])
def test_jobs_of_staff_run_with_stored_parameters(restored: Settings, kind: str) -> None:
    from tests import datasets

    db.connect(restored)
    job_id, parameters = requeue(kind)
    db.close()
    if "upload" in parameters:
        ratings = datasets.ratings_csv(20, list(range(500_001, 500_011)), 0.5)
        source = {"movies.csv": datasets.movies_csv(10).encode(), "ratings.csv": ratings.encode()}
        _place_upload(restored, parameters, datasets.zip_archive(source))
    with Daemon(restored) as daemon:
        job = end_of(daemon, signed_in(daemon, "user1"), job_id)
    assert job["state"] == "succeeded", job
    assert job["report"]["raters"] == (20 if "upload" in parameters else 60)


def test_an_import_runs_with_stored_options(restored: Settings) -> None:
    db.connect(restored)
    job_id, parameters = requeue("import")
    db.close()
    _place_upload(restored, parameters, LETTERBOXD.encode())
    with Daemon(restored) as daemon:
        job = end_of(daemon, signed_in(daemon, "ada"), job_id)
    assert (job["state"], job["report"]["format"]) == ("succeeded", "letterboxd"), job


def _place_upload(settings: Settings, parameters: dict[str, Any], content: bytes) -> None:
    folder = settings.paths.state / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / parameters["upload"]).write_bytes(content)


def test_an_export_is_imported_and_exported_again_to_the_byte(tmp_path: Path) -> None:
    settings = empty_settings(tmp_path / "home", None)
    migrate_without_movies(settings)
    body = (SAMPLES / "account.jsonl").read_bytes()
    with Daemon(settings) as daemon:
        ada = daemon.register("ada")
        job = daemon.post("/api/v1/imports/?filename=a.jsonl", body=body, token=ada, status=202)
        job = end_of(daemon, ada, job["id"])
        assert (job["state"], job["report"]["problems"]) == ("succeeded", []), job
        assert exported(daemon, ada) == body
    db.close()


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


async def test_entries_of_tmdbs_cache_are_read(stand_in: StandIn, tmp_path: Path) -> None:
    entries = json.loads((SAMPLES / "tmdb_cache.json").read_text())
    (tmp_path / "tmdb").mkdir(mode=0o700)
    cache = diskcache.Cache(str(tmp_path / "tmdb"), disk=JsonDisk)
    for key, value in entries.items():
        cache.set(key, value.encode())
    cache.close()
    fetched_at = {json.loads(value)["fetched_at"] for value in entries.values()}
    tmdb = TmdbService(quick(stand_in), tmp_path / "tmdb", lambda: max(fetched_at) + 60)
    await tmdb.start()
    try:
        details = await tmdb.details(TMDB_MOVIES[0].tmdb_id)
        genres = await tmdb.genres()
    finally:
        await tmdb.close()
    assert details.fetched_at in fetched_at
    assert "Invented Story 0" in repr(details.value)
    assert "tt8000000" in repr(details.value)
    assert "Science Fiction" in repr(genres.value)
    assert stand_in.asked == []
