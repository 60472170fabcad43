"""Upload of a dataset: access, files refused at once, the report of the job."""

from __future__ import annotations

import errno
import gzip
import http.client
import os
import stat
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from movierec import db
from movierec.errors import Conflict
from movierec.jobs import IncomingUpload
from tests import datasets
from tests.running import Account, Daemon, RunningDaemon
from tests.waiting import wait_until

IMPORTS = "/api/v1/imports/?format=movielens"


def send(daemon: RunningDaemon, account: Account, body: bytes, *, status: int = 202, **options: Any) -> Any:
    return daemon.post(IMPORTS, body=body, token=account, status=status, **options)


def wait_for_job(daemon: RunningDaemon, account: Account, job: Any, *, seconds: float = 180) -> Any:
    """Wait until the job has ended and return it."""

    def ended() -> Any:
        latest = daemon.get(f"/api/v1/jobs/{job['id']}/", token=account)
        return None if latest["state"] in ("queued", "running") else latest

    return wait_until(ended, seconds, what=f"job {job['id']} ({job['kind']}) ends")


def uploads(daemon: RunningDaemon) -> list[Path]:
    folder = daemon.settings.paths.state / "uploads"
    return list(folder.iterdir()) if folder.is_dir() else []


def wait_for_no_upload(daemon: RunningDaemon) -> None:
    """A worker writes the end of a job, then removes the file."""
    wait_until(lambda: not uploads(daemon), what="the upload is removed")


def test_dataset_is_imported_by_a_job(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    job = send(daemon, admin, datasets.zip_archive(datasets.dataset_files()))
    assert job["kind"] == "import_movielens"
    assert job["state"] in ("queued", "running", "succeeded")
    job = wait_for_job(daemon, admin, job)
    assert (job["state"], job["error"]) == ("succeeded", None)
    assert job["progress"]["done"] == job["progress"]["total"] == 100
    assert job["report"]["files"]["ratings.csv"] == {
        "rows": 4,
        "accepted": 4,
        "duplicates": 0,
        "rejected": 0,
    }
    assert job["started_at"] <= job["finished_at"]
    row = db.row("SELECT title, original_title, year, source FROM movies WHERE imdb_id = 'tt0110877'")
    assert row == ("The Postman", "Il Postino", 1994, "movielens")
    wait_for_no_upload(daemon)


def test_repeated_import_changes_nothing(daemon: RunningDaemon) -> None:
    admin, body = daemon.admin(), datasets.zip_archive(datasets.dataset_files())
    first = wait_for_job(daemon, admin, send(daemon, admin, body))["report"]
    before = db.rows("SELECT * FROM movies ORDER BY id"), db.rows("SELECT * FROM datasets")
    again = wait_for_job(daemon, admin, send(daemon, admin, body))["report"]
    assert again["unchanged"] is True
    assert again["files"] == first["files"]
    assert again["movies"] == {"matched": 5, "created": 0}
    assert (db.rows("SELECT * FROM movies ORDER BY id"), db.rows("SELECT * FROM datasets")) == before


def test_only_staff_may_import_community_ratings(daemon: RunningDaemon) -> None:
    body = datasets.zip_archive(datasets.dataset_files())
    assert send(daemon, daemon.register(), body, status=403)["code"] == "permission_denied"
    assert daemon.post(IMPORTS, body=body, status=401)["code"] == "not_authenticated"
    wait_for_no_upload(daemon)


@pytest.mark.parametrize("query", ["?format=cd-rom", "?format=movielens&rows=3", "?format="])
def test_unknown_formats_are_refused_with_the_list_of_formats(daemon: RunningDaemon, query: str) -> None:
    problem = daemon.post(f"/api/v1/imports/{query}", body=b"x", token=daemon.admin(), status=422)
    assert problem["errors"][0]["field"] in ("format", "rows")
    if problem["errors"][0]["field"] == "format":
        assert "movielens" in problem["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02" * 400, "not a zip"),
        (b"userId,movieId,rating\n1,1,4\n", "not a zip"),
        (datasets.zip_archive(datasets.dataset_files(movies=None)), "movies.csv is missing"),
        (datasets.zip_archive(datasets.dataset_files(ratings=None)), "ratings.csv is missing"),
        (datasets.zip_archive({"films.txt": b"hello"}), "no MovieLens files"),
        (datasets.zip_archive(datasets.dataset_files(ratings="user,film\n1,1\n")), "userId"),
    ],
)
def test_other_files_are_refused_at_once(daemon: RunningDaemon, body: bytes, words: str) -> None:
    problem = send(daemon, daemon.admin(), body, status=422)
    assert problem["code"] == "unreadable_import"
    assert words in problem["detail"]
    wait_for_no_upload(daemon)


def test_forms_are_refused(daemon: RunningDaemon) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    send(daemon, daemon.admin(), b"--x--", status=415, headers=headers)


def test_compressed_bodies_are_refused(daemon: RunningDaemon) -> None:
    body = gzip.compress(datasets.zip_archive(datasets.dataset_files()))
    problem = send(daemon, daemon.admin(), body, status=415, headers={"Content-Encoding": "gzip"})
    assert "Content-Encoding" in problem["detail"]
    wait_for_no_upload(daemon)


def test_full_disk_is_reported_and_no_file_is_left(
    daemon: RunningDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(IncomingUpload, "write", full)
    assert send(daemon, daemon.admin(), b"PK", status=507)["code"] == "storage_full"
    wait_for_no_upload(daemon)


def test_account_has_one_upload_at_a_time(database: Any) -> None:
    arriving, of_another = IncomingUpload(database, 1), IncomingUpload(database, 2)
    arriving.write(b"first")
    with pytest.raises(Conflict, match="in progress"):
        IncomingUpload(database, 1)
    arriving.complete()
    following = IncomingUpload(database, 1)
    following.write(b"2nd")
    assert (arriving.path.read_bytes(), following.path.read_bytes()) == (b"first", b"2nd")
    following.discard()
    # Simulates a killed daemon.
    following.path.write_bytes(b"longer than what follows")
    IncomingUpload(database, 1).discard()
    of_another.discard()


def test_second_import_is_refused_while_one_is_active(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    db.execute(
        "INSERT INTO jobs (user_id, kind, state, stage, done, total, parameters, report, error, owner, created_at) "
        "VALUES (?, 'import_movielens', 'running', '', 0, 0, '{}', '{}', '', 'elsewhere', 0)",
        admin.id,
    )
    problem = send(daemon, admin, datasets.zip_archive(datasets.dataset_files()), status=409)
    assert "under way" in problem["detail"]


def test_broken_dataset_fails_with_the_first_error(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    body = datasets.zip_archive(datasets.dataset_files(ratings="userId,movieId,rating\n1,1,9\n1,77,3.5\n"))
    job = wait_for_job(daemon, admin, send(daemon, admin, body))
    assert job["state"] == "failed"
    assert job["report"] is None
    assert "ratings.csv" in job["error"]
    assert "line" in job["error"]
    wait_for_no_upload(daemon)


@pytest.fixture
def small_limits(template: Any, tmp_path: Path) -> Any:
    yield from template.copy(
        tmp_path / "movierec",
        MOVIEREC_IMPORTS__UPLOAD_LIMIT_BYTES="5000",
        MOVIEREC_SERVER__BODY_TIMEOUT_SECONDS="0.4",
    )


def test_uploads_have_a_limit(small_limits: Any) -> None:
    with Daemon(small_limits) as daemon:
        admin = daemon.admin()
        assert send(daemon, admin, os.urandom(6000), status=413)["code"] == "body_too_large"

        def pieces() -> Any:
            for _ in range(20):
                yield os.urandom(500)

        reply = daemon.request("POST", IMPORTS, body=pieces(), token=admin.access)
        assert reply.status == 413
        wait_for_no_upload(daemon)


def test_slow_upload_succeeds_and_stalled_upload_fails(small_limits: Any) -> None:
    body = datasets.zip_archive(datasets.dataset_files())
    with Daemon(small_limits) as daemon:
        admin = daemon.admin()

        def begin() -> http.client.HTTPConnection:
            parts = urlsplit(daemon.url)
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
            connection.putrequest("POST", IMPORTS)
            connection.putheader("Authorization", f"Bearer {admin.access}")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            return connection

        stopping = begin()
        stopping.send(body[:100])
        assert stopping.getresponse().status == 400
        stopping.close()
        wait_for_no_upload(daemon)
        slow = begin()
        for start in range(0, len(body), len(body) // 4):
            slow.send(body[start : start + len(body) // 4])
            time.sleep(0.2)  # clock: pieces arrive one by one, further apart than a timeout would be
        assert slow.getresponse().status == 202
        slow.close()


def test_upload_is_readable_by_the_daemon_only(database: Any) -> None:
    upload = IncomingUpload(database, 1)
    upload.write(b"x")
    assert stat.S_IMODE(upload.path.stat().st_mode) == 0o600
    upload.complete()
    assert stat.S_IMODE(upload.path.stat().st_mode) == 0o600
    upload.discard()
    assert not upload.path.exists()
