"""Import of a user's history over HTTP: upload, job, report, review queue, undo."""

from __future__ import annotations

import typing
from typing import Any

import pytest

from movierec import db
from movierec.api.schemas.imports import ImportQuery
from movierec.exchange.formats.registry import FORMATS
from tests.api.test_imports import wait_for_job
from tests.exchange.reading import zip_archive
from tests.films import movie_id
from tests.running import Account, RunningDaemon
from tests.waiting import wait_until

IMPORTS = "/api/v1/imports/"
REVIEW = f"{IMPORTS}review/"
RATINGS = "Date,Name,Year,Letterboxd URI,Rating\n2020-05-01,Heat,1995,u1,4.5\n2020-05-02,Alien,1980,u2,5\n"


@pytest.fixture
def ada(module_daemon: RunningDaemon) -> Account:
    return module_daemon.register()


def start_import(daemon: RunningDaemon, account: Account, body: str | bytes, query: str = "") -> Any:
    content = body.encode() if isinstance(body, str) else body
    job = daemon.post(IMPORTS + query, body=content, token=account, status=202)
    return wait_for_job(daemon, account, job)


def test_formats_equal_the_registry() -> None:
    [literal, _] = typing.get_args(ImportQuery.model_fields["format"].annotation)
    assert set(typing.get_args(literal)) == {"movielens", *FORMATS}


def test_import_review_and_undo(module_daemon: RunningDaemon, ada: Account) -> None:
    daemon = module_daemon
    job = start_import(daemon, ada, zip_archive({"ratings.csv": RATINGS}))
    assert (job["kind"], job["state"], job["error_code"]) == ("import", "succeeded", None)
    assert (job["report"]["format"], job["report"]["new"], job["report"]["ambiguous"]) == ("letterboxd", 1, 1)
    assert [one["id"] for one in daemon.get(IMPORTS, token=ada)["results"]] == [job["id"]]
    [problem] = daemon.get(f"{IMPORTS}{job['id']}/problems/", token=ada)["results"]
    assert (problem["file"], problem["line"], problem["outcome"]) == ("ratings.csv", 3, "ambiguous")
    [question] = daemon.get(REVIEW, token=ada)["results"]
    assert (question["title"], question["year"], question["rows"]) == ("Alien", 1980, 1)
    assert question["says"] == [{"rated": {"steps": 10, "created_at": 1588377600, "updated_at": 1588377600}}]
    alien = question["candidates"][0]["movie_detail"]["id"]
    assert alien == movie_id("tt0078748")
    one = f"{REVIEW}{question['id']}/"
    assert daemon.get(one, token=ada) == question
    daemon.post(f"{one}resolve/", {}, token=ada, status=422)
    daemon.post(f"{one}resolve/", {"movie": 1, "leave_out": True}, token=ada, status=422)
    daemon.post(f"{one}resolve/", {"movie": 10**9}, token=ada, status=404)
    resolved = daemon.post(f"{one}resolve/", {"movie": alien}, token=ada)
    assert (resolved["added"], resolved["question"]["state"]) == (1, "answered")
    daemon.post(f"{one}resolve/", {"movie": alien}, token=ada, status=409)
    assert daemon.get("/api/v1/favorites/ratings/", token=ada)["count"] == 2
    undone = daemon.post(f"{IMPORTS}{job['id']}/undo/", token=ada)
    assert (undone["reverted"], undone["left_count"]) == (2, 0)
    assert daemon.get("/api/v1/favorites/ratings/", token=ada)["count"] == 0
    daemon.post(f"{IMPORTS}{job['id']}/undo/", token=ada, status=409)
    # the answer is kept until it is deleted
    assert start_import(daemon, ada, RATINGS, "?filename=ratings.csv")["report"]["new"] == 2
    daemon.delete(one, token=ada)
    assert start_import(daemon, ada, RATINGS)["report"]["ambiguous"] == 1


def test_import_is_undone_completely_after_an_answer_was_undone(
    module_daemon: RunningDaemon, ada: Account
) -> None:
    daemon = module_daemon
    job = start_import(daemon, ada, f"{RATINGS}2020-05-03,Up,2010,u3,3\n", "?filename=ratings.csv")
    question, _ = daemon.get(REVIEW, token=ada)["results"]
    movie = question["candidates"][0]["movie_detail"]["id"]
    daemon.post(f"{REVIEW}{question['id']}/resolve/", {"movie": movie}, token=ada)
    daemon.post("/api/v1/changes/undo/", {}, token=ada)
    assert daemon.get("/api/v1/favorites/ratings/", token=ada)["count"] == 1
    undone = daemon.post(f"{IMPORTS}{job['id']}/undo/", token=ada)
    assert undone["reverted"] == 1
    assert daemon.get("/api/v1/favorites/ratings/", token=ada)["count"] == 0
    assert daemon.get(REVIEW, token=ada)["count"] == 0


def test_running_import_cannot_be_undone(module_daemon: RunningDaemon, ada: Account) -> None:
    daemon = module_daemon
    job = start_import(daemon, ada, RATINGS, "?filename=ratings.csv")
    db.execute(
        "UPDATE jobs SET state = 'running', owner = 'x', heartbeat_at = ? WHERE id = ?", 2**40, job["id"]
    )
    for path in (f"{IMPORTS}{job['id']}/undo/", "/api/v1/changes/undo/"):
        daemon.post(path, {} if "changes" in path else None, token=ada, status=409)
    assert daemon.get(REVIEW, token=ada)["count"] == 1
    daemon.delete(f"/api/v1/jobs/{job['id']}/", token=ada)
    wait_until(
        lambda: daemon.get("/api/v1/favorites/ratings/", token=ada)["count"] == 0,
        what="the cancelled import is taken back",
    )


def test_question_without_candidates_gets_search_results(module_daemon: RunningDaemon, ada: Account) -> None:
    start_import(module_daemon, ada, "title,year,rating\nGodfather 2: The Return of Michael,1990,4\n")
    [question] = module_daemon.get(f"{REVIEW}?state=unmatched", token=ada)["results"]
    assert question["candidates"] == []
    candidates = module_daemon.get(f"{REVIEW}{question['id']}/", token=ada)["candidates"]
    assert "The Godfather Part II" in [candidate["movie_detail"]["title"] for candidate in candidates]
    left_out = module_daemon.post(f"{REVIEW}{question['id']}/resolve/", {"leave_out": True}, token=ada)
    assert left_out["question"]["state"] == "left_out"
    assert module_daemon.get(REVIEW, token=ada)["count"] == 0


def test_a_dry_run_changes_nothing(module_daemon: RunningDaemon, ada: Account) -> None:
    report = start_import(module_daemon, ada, RATINGS, "?dry_run=true&on_conflict=overwrite")["report"]
    assert (report["dry_run"], report["new"], report["ambiguous"]) == (True, 1, 1)
    assert module_daemon.get("/api/v1/favorites/ratings/", token=ada)["count"] == 0
    assert module_daemon.get(REVIEW, token=ada)["count"] == 0


@pytest.mark.parametrize(
    ("body", "query", "words"),
    [
        (b"", "", "empty"),
        (b"\0\1\2\3", "", "contains no text"),
        (b"hello\n", "", "matches no known format"),
        (RATINGS.encode(), "?format=trakt", "does not match the format “Trakt export”"),
        (zip_archive({"../../evil.csv": RATINGS}), "", "outside its own folder"),
        (b"PK\3\4 and nothing behind it", "", "not a zip archive"),
    ],
)
def test_unreadable_files_are_refused_at_once(
    module_daemon: RunningDaemon, ada: Account, body: bytes, query: str, words: str
) -> None:
    problem = module_daemon.post(IMPORTS + query, body=body, token=ada, status=422)
    assert problem["code"] == "unreadable_import"
    assert words in problem["detail"]


@pytest.mark.parametrize(
    "query", ["?format=cd", "?scale=7", "?on_conflict=maybe", "?dry_run=x", f"?filename={'x' * 300}"]
)
def test_invalid_queries_are_refused(module_daemon: RunningDaemon, ada: Account, query: str) -> None:
    problem = module_daemon.post(IMPORTS + query, body=RATINGS.encode(), token=ada, status=422)
    assert problem["code"] == "validation_failed"


def test_truncated_file_fails_with_its_line(module_daemon: RunningDaemon, ada: Account) -> None:
    entry = '{"rated_at": "2020-05-01T00:00:00Z", "rating": 9, "movie": {"title": "Heat", "year": 1995, "ids": {}}}'
    job = start_import(module_daemon, ada, f"[{entry},\n{entry}", "?filename=mine.json")
    assert (job["state"], job["error_code"]) == ("failed", "unreadable_import")
    assert "mine.json, line 2" in job["error"]
    assert module_daemon.get("/api/v1/favorites/ratings/", token=ada)["count"] == 0


def test_scale_can_be_set(module_daemon: RunningDaemon, ada: Account) -> None:
    start_import(module_daemon, ada, "title,year,rating\nHeat,1995,70\n", "?scale=100")
    [rating] = module_daemon.get("/api/v1/favorites/ratings/", token=ada)["results"]
    assert rating["rating"] == 3.5


def test_user_has_one_import_at_a_time(module_daemon: RunningDaemon, ada: Account) -> None:
    db.execute(
        "INSERT INTO jobs (user_id, kind, state, stage, done, total, parameters, report, error, error_code, "
        "owner, created_at, heartbeat_at) "
        "VALUES (?, 'import', 'running', '', 0, 0, '{}', '{}', '', '', 'elsewhere', 0, 4000000000)",
        ada.id,
    )
    number = db.value("SELECT id FROM jobs WHERE user_id = ?", ada.id)
    try:
        problem = module_daemon.post(IMPORTS, body=RATINGS.encode(), token=ada, status=409)
    finally:
        db.execute("DELETE FROM jobs WHERE user_id = ?", ada.id)
    assert f"under way already: job {number}" in problem["detail"]
    assert f"movierec jobs cancel {number}" in problem["detail"]
