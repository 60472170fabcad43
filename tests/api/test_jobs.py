"""Jobs over HTTP: ownership, pages, cancellation, deletion."""

from __future__ import annotations

import pytest

from movierec import db
from tests.running import Account, RunningDaemon


def job(owner: Account, *, kind: str = "elsewhere", state: str = "running", error: str = "") -> int:
    """Insert a job that no worker of this daemon runs."""
    return int(
        db.value(
            "INSERT INTO jobs (user_id, kind, state, stage, done, total, parameters, report, error, owner, "
            "created_at, started_at) VALUES (?, ?, ?, 'reading', 5, 100, '{}', '{}', ?, 'somebody', 1700000000, "
            "1700000060) RETURNING id",
            owner.id,
            kind,
            state,
            error,
        )
    )


def test_job_is_visible_to_its_owner(daemon: RunningDaemon) -> None:
    owner = daemon.register()
    number = job(owner, error="Interrupted; taken up again.")
    assert daemon.get(f"/api/v1/jobs/{number}/", token=owner) == {
        "id": number,
        "kind": "elsewhere",
        "state": "running",
        "progress": {"done": 5, "total": 100, "stage": "reading"},
        "report": None,
        "error": "Interrupted; taken up again.",
        "error_code": None,
        "created_at": "2023-11-14T22:13:20Z",
        "started_at": "2023-11-14T22:14:20Z",
        "finished_at": None,
    }


def test_job_of_another_user_is_not_found(daemon: RunningDaemon) -> None:
    owner, other = daemon.register(), daemon.register()
    number = job(owner)
    for method in ("GET", "DELETE"):
        foreign = daemon.request(method, f"/api/v1/jobs/{number}/", token=other.access)
        absent = daemon.request(method, f"/api/v1/jobs/{number + 1000}/", token=other.access)
        assert foreign.status == absent.status == 404
        assert {**foreign.json(), "instance": "", "request_id": ""} == {
            **absent.json(),
            "instance": "",
            "request_id": "",
        }
    assert daemon.get("/api/v1/jobs/", token=other)["count"] == 0
    assert daemon.get(f"/api/v1/jobs/{number}/", token=owner)["state"] == "running"


def test_staff_see_all_jobs(daemon: RunningDaemon) -> None:
    number = job(daemon.register())
    admin = daemon.admin()
    assert daemon.get(f"/api/v1/jobs/{number}/", token=admin)["id"] == number
    assert daemon.get("/api/v1/jobs/", token=admin)["count"] == 1


def test_jobs_are_paged_newest_first(daemon: RunningDaemon) -> None:
    owner = daemon.register()
    numbers = [job(owner, state="succeeded") for _ in range(5)]
    page = daemon.get("/api/v1/jobs/?page_size=2", token=owner)
    assert [job["id"] for job in page["results"]] == numbers[:2:-1]
    assert page["count"] == 5
    assert page["previous"] is None
    last = daemon.get("/api/v1/jobs/?page=3&page_size=2", token=owner)
    assert [job["id"] for job in last["results"]] == numbers[:1]
    assert last["next"] is None


def test_delete_cancels_a_running_job_and_removes_a_finished_one(daemon: RunningDaemon) -> None:
    owner = daemon.register()
    number = job(owner)
    daemon.delete(f"/api/v1/jobs/{number}/", token=owner)
    cancelled = daemon.get(f"/api/v1/jobs/{number}/", token=owner)
    assert cancelled["state"] == "cancelled"
    assert cancelled["finished_at"]
    daemon.delete(f"/api/v1/jobs/{number}/", token=owner)
    daemon.get(f"/api/v1/jobs/{number}/", token=owner, status=404)


@pytest.mark.parametrize("path", ["/api/v1/jobs/", "/api/v1/jobs/1/"])
def test_jobs_need_an_account(daemon: RunningDaemon, path: str) -> None:
    daemon.get(path, status=401)


@pytest.mark.parametrize("query", ["page=0", "page_size=101", "state=queued", "page=1&page=2"])
def test_unknown_and_bad_parameters_are_refused(daemon: RunningDaemon, query: str) -> None:
    daemon.get(f"/api/v1/jobs/?{query}", token=daemon.register(), status=422)
