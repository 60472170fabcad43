"""The queue: exactly one worker claims a job; no job is lost when a worker dies."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from movierec import auth, db, library
from movierec.config import Settings
from movierec.errors import Conflict, InternalError, NotFound
from movierec.jobs import queue
from movierec.jobs.registry import IMPORT, undo_abandoned_imports
from tests.films import MOVIE_TITLES, movie_id

KINDS = ("train",)


@pytest.fixture
def users(database: Settings) -> list[int]:
    accounts = [auth.NewAccount(f"user{number}", f"user{number}@example.org") for number in range(8)]
    return [auth.register(account, "no hash", now=0).id for account in accounts]


def test_job_from_enqueue_to_success(users: list[int]) -> None:
    job = queue.enqueue(users[0], "train", {"measure": True}, now=10)
    assert (job.state, job.parameters, job.created_at) == ("queued", {"measure": True}, 10)
    claimed = queue.claim("w", KINDS, now=11)
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.started_at) == (job.id, "running", 11)
    assert queue.claim("w", KINDS, now=11) is None
    assert queue.save_progress(job.id, "w", "read", 3, 100, now=12)
    stored = queue.job(job.id, users[0])
    assert (stored.stage, stored.done, stored.total) == ("read", 3, 100)
    assert queue.finish(job.id, "w", {"version": "x"}, now=13)
    stored = queue.job(job.id, users[0])
    assert (stored.state, stored.report, stored.finished_at, stored.done) == (
        "succeeded",
        {"version": "x"},
        13,
        100,
    )


def test_each_user_has_one_active_job_of_a_kind(users: list[int]) -> None:
    job = queue.enqueue(users[0], "train", {}, now=1)
    with pytest.raises(Conflict):
        queue.enqueue(users[0], "train", {}, now=1)
    with pytest.raises(Conflict):
        queue.check_none_active(users[0], "train")
    queue.enqueue(users[0], "import_movielens", {}, now=1)
    queue.enqueue(users[1], "train", {}, now=1)
    queue.cancel_or_delete(job.id, users[0], now=2)
    queue.check_none_active(users[0], "train")
    queue.enqueue(users[0], "train", {}, now=3)


def test_one_job_of_a_kind_runs_at_a_time(users: list[int]) -> None:
    first = queue.enqueue(users[0], "train", {}, now=1)
    second = queue.enqueue(users[1], "train", {}, now=1)
    assert queue.claim("a", KINDS, now=2)
    assert queue.claim("b", KINDS, now=2) is None
    queue.finish(first.id, "a", {}, now=3)
    claimed = queue.claim("b", KINDS, now=4)
    assert claimed
    assert claimed.id == second.id


def test_job_is_claimed_once_by_concurrent_workers(users: list[int]) -> None:
    for user in users:
        queue.enqueue(user, "train", {}, now=1)
    claimed: Counter[int] = Counter()
    at_once: list[int] = []
    lock = threading.Lock()
    running = 0

    def work(name: str) -> None:
        nonlocal running
        for _ in range(200):
            job = db.run_with_retry(queue.claim, name, KINDS, 2)
            if job is None:
                if not db.value("SELECT 1 FROM jobs WHERE state = 'queued' LIMIT 1"):
                    break
                continue
            with lock:
                running += 1
                at_once.append(running)
                claimed[job.id] += 1
            with lock:
                running -= 1
            assert queue.finish(job.id, name, {}, now=3)
        db.close()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(users)
    assert set(claimed.values()) == {1}
    assert max(at_once) == 1


def test_worker_cannot_write_to_a_job_it_does_not_own(users: list[int]) -> None:
    job = queue.enqueue(users[0], "train", {}, now=1)
    queue.claim("a", KINDS, now=2)
    assert not queue.save_progress(job.id, "b", "read", 1, 2, now=3)
    assert not queue.finish(job.id, "b", {}, now=3)
    queue.cancel_or_delete(job.id, users[0], now=3)
    assert not queue.save_progress(job.id, "a", "read", 1, 2, now=4)
    assert not queue.fail(job.id, "a", InternalError("too late"), now=4)
    assert queue.job(job.id, users[0]).state == "cancelled"


def test_job_of_a_dead_worker_is_requeued_twice_then_failed(users: list[int]) -> None:
    job = queue.enqueue(users[0], "train", {}, now=0)
    now = 0
    for expected in ("queued", "queued", "failed"):
        assert queue.claim("dead", KINDS, now)
        queue.requeue_stale("alive", KINDS, now + queue.HEARTBEAT_TIMEOUT_SECONDS - 1)
        assert queue.job(job.id, None).state == "running"
        now += queue.HEARTBEAT_TIMEOUT_SECONDS
        queue.requeue_stale("alive", KINDS, now)
        stored = queue.job(job.id, None)
        assert stored.state == expected
        assert stored.error
    assert queue.claim("alive", KINDS, now) is None


def test_only_worker_requeues_running_jobs_without_waiting(users: list[int]) -> None:
    job = queue.enqueue(users[0], "train", {}, now=0)
    queue.claim("dead", KINDS, now=0)
    queue.requeue_stale("alive", ("import_movielens",), now=1, alone=True)
    assert queue.job(job.id, None).state == "running"
    queue.requeue_stale("alive", KINDS, now=1, alone=True)
    assert queue.job(job.id, None).state == "queued"


def test_stopping_worker_requeues_its_job(users: list[int]) -> None:
    job = queue.enqueue(users[0], "train", {}, now=0)
    queue.claim("a", KINDS, now=0)
    queue.requeue(job.id, "b")
    assert queue.job(job.id, None).state == "running"
    queue.requeue(job.id, "a")
    stored = queue.job(job.id, None)
    assert (stored.state, stored.error) == ("queued", "")


def test_jobs_are_visible_to_their_owner_only(users: list[int]) -> None:
    mine = queue.enqueue(users[0], "train", {}, now=0)
    other = queue.enqueue(users[1], "train", {}, now=0)
    assert queue.jobs(users[0], limit=10, offset=0) == (1, [mine])
    assert queue.jobs(None, limit=10, offset=0) == (2, [other, mine])
    assert queue.jobs(None, limit=1, offset=1) == (2, [mine])
    with pytest.raises(NotFound):
        queue.job(other.id, users[0])
    with pytest.raises(NotFound):
        queue.cancel_or_delete(other.id, users[0], now=1)
    assert queue.job(other.id, None) == other


def test_ended_job_can_be_deleted(users: list[int]) -> None:
    job = queue.enqueue(users[0], "train", {}, now=0)
    queue.cancel_or_delete(job.id, users[0], now=1)
    assert queue.job(job.id, users[0]).state == "cancelled"
    queue.cancel_or_delete(job.id, users[0], now=2)
    with pytest.raises(NotFound):
        queue.job(job.id, users[0])


def test_new_job_never_gets_the_id_of_a_deleted_one(users: list[int]) -> None:
    job = queue.enqueue(users[0], IMPORT, {}, now=0)
    db.execute(
        "INSERT INTO acts (user_id, what, at, size, job_id, undone) VALUES (?, 'Imported', 0, 1, ?, ?)",
        users[0],
        job.id,
        False,
    )
    queue.claim("w", (IMPORT,), now=1)
    queue.finish(job.id, "w", {}, now=1)
    queue.cancel_or_delete(job.id, users[0], now=1)
    assert queue.enqueue(users[0], IMPORT, {}, now=2).id > job.id


def killed_import(user: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return a running import whose worker was killed when half of it was applied."""
    job = queue.enqueue(user, IMPORT, {}, now=0)
    assert queue.claim("dead", (IMPORT,), now=0)

    def killed() -> Iterator[library.LibraryChange]:
        yield from [library.rating_change(movie_id(film), 4) for film in MOVIE_TITLES][:6]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("movierec.library.apply_changes.BATCH", 4)
        patch.setattr("movierec.library.apply_changes.undo_entry", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            library.apply(user, killed(), what="Imported a file", now=0, job_id=job.id)
    assert count_ratings(user) == 4
    return job.id


def count_ratings(user: int) -> int:
    return int(db.value("SELECT COUNT(*) FROM ratings WHERE user_id = ?", user))


def test_import_cancelled_after_its_worker_died_is_undone(
    users: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = users[0]
    number = killed_import(user, monkeypatch)
    undo_abandoned_imports()
    with pytest.raises(Conflict, match="has not come to its end"):
        library.undo(user, now=1, is_unfinished=queue.is_unfinished)
    queue.cancel_or_delete(number, user, now=1)
    with pytest.raises(Conflict, match="still being undone"):
        queue.cancel_or_delete(number, user, now=1)
    assert count_ratings(user) == 4
    undo_abandoned_imports()
    assert (count_ratings(user), library.journal_entries(user, limit=9)[0]) == (0, 0)
    queue.cancel_or_delete(number, user, now=1)


def test_import_that_is_given_up_is_undone(users: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    number = killed_import(users[0], monkeypatch)
    queue.interrupt(number, "dead", queue.INTERRUPTED[0], now=1)
    undo_abandoned_imports()
    assert count_ratings(users[0]) == 4  # it is queued a last time
    queue.claim("dead", (IMPORT,), now=2)
    queue.interrupt(number, "dead", queue.INTERRUPTED[1], now=3)
    assert queue.job(number, None).state == "failed"
    undo_abandoned_imports()
    assert (count_ratings(users[0]), library.journal_entries(users[0], limit=9)[0]) == (0, 0)
