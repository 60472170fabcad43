"""The queue: one worker a job, whoever else asks; nothing lost when a worker dies."""

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
from tests.films import MOVIES, movie_id

KINDS = ("train",)


@pytest.fixture
def users(database: Settings) -> list[int]:
    accounts = [auth.NewAccount(f"user{number}", f"user{number}@example.org") for number in range(8)]
    return [auth.register(account, "no hash", now=0).id for account in accounts]


def test_a_job_from_begin_to_end(users: list[int]) -> None:
    made = queue.enqueue(users[0], "train", {"measure": True}, now=10)
    assert (made.state, made.parameters, made.created_at) == ("queued", {"measure": True}, 10)
    claimed = queue.claim("w", KINDS, now=11)
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.started_at) == (made.id, "running", 11)
    assert queue.claim("w", KINDS, now=11) is None
    assert queue.save_progress(made.id, "w", "read", 3, 100, now=12)
    found = queue.job(made.id, users[0])
    assert (found.stage, found.done, found.total) == ("read", 3, 100)
    assert queue.finish(made.id, "w", {"version": "x"}, now=13)
    found = queue.job(made.id, users[0])
    assert (found.state, found.report, found.finished_at, found.done) == (
        "succeeded",
        {"version": "x"},
        13,
        100,
    )


def test_one_active_job_of_a_kind_for_each_user(users: list[int]) -> None:
    made = queue.enqueue(users[0], "train", {}, now=1)
    with pytest.raises(Conflict):
        queue.enqueue(users[0], "train", {}, now=1)
    with pytest.raises(Conflict):
        queue.check_none_active(users[0], "train")
    queue.enqueue(users[0], "import_movielens", {}, now=1)
    queue.enqueue(users[1], "train", {}, now=1)
    queue.cancel_or_delete(made.id, users[0], now=2)
    queue.check_none_active(users[0], "train")
    queue.enqueue(users[0], "train", {}, now=3)


def test_one_of_a_kind_runs_at_a_time(users: list[int]) -> None:
    first = queue.enqueue(users[0], "train", {}, now=1)
    second = queue.enqueue(users[1], "train", {}, now=1)
    assert queue.claim("a", KINDS, now=2)
    assert queue.claim("b", KINDS, now=2) is None
    queue.finish(first.id, "a", {}, now=3)
    claimed = queue.claim("b", KINDS, now=4)
    assert claimed
    assert claimed.id == second.id


def test_a_job_is_claimed_once_however_many_ask(users: list[int]) -> None:
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


def test_nobody_writes_on_a_job_that_is_not_his(users: list[int]) -> None:
    made = queue.enqueue(users[0], "train", {}, now=1)
    queue.claim("a", KINDS, now=2)
    assert not queue.save_progress(made.id, "b", "read", 1, 2, now=3)
    assert not queue.finish(made.id, "b", {}, now=3)
    queue.cancel_or_delete(made.id, users[0], now=3)
    assert not queue.save_progress(made.id, "a", "read", 1, 2, now=4)
    assert not queue.fail(made.id, "a", InternalError("too late"), now=4)
    assert queue.job(made.id, users[0]).state == "cancelled"


def test_the_job_of_a_dead_worker_is_taken_up_again_but_not_for_ever(users: list[int]) -> None:
    made = queue.enqueue(users[0], "train", {}, now=0)
    now = 0
    for expected in ("queued", "queued", "failed"):
        assert queue.claim("dead", KINDS, now)
        queue.requeue_stale("alive", KINDS, now + queue.HEARTBEAT_TIMEOUT_SECONDS - 1)
        assert queue.job(made.id, None).state == "running"
        now += queue.HEARTBEAT_TIMEOUT_SECONDS
        queue.requeue_stale("alive", KINDS, now)
        found = queue.job(made.id, None)
        assert found.state == expected
        assert found.error
    assert queue.claim("alive", KINDS, now) is None


def test_alone_a_worker_waits_for_nobody(users: list[int]) -> None:
    made = queue.enqueue(users[0], "train", {}, now=0)
    queue.claim("dead", KINDS, now=0)
    queue.requeue_stale("alive", ("import_movielens",), now=1, alone=True)
    assert queue.job(made.id, None).state == "running"
    queue.requeue_stale("alive", KINDS, now=1, alone=True)
    assert queue.job(made.id, None).state == "queued"


def test_a_worker_that_stops_puts_its_job_back(users: list[int]) -> None:
    made = queue.enqueue(users[0], "train", {}, now=0)
    queue.claim("a", KINDS, now=0)
    queue.requeue(made.id, "b")
    assert queue.job(made.id, None).state == "running"
    queue.requeue(made.id, "a")
    found = queue.job(made.id, None)
    assert (found.state, found.error) == ("queued", "")


def test_jobs_are_their_owners(users: list[int]) -> None:
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


def test_deleting_what_has_ended_forgets_it(users: list[int]) -> None:
    made = queue.enqueue(users[0], "train", {}, now=0)
    queue.cancel_or_delete(made.id, users[0], now=1)
    assert queue.job(made.id, users[0]).state == "cancelled"
    queue.cancel_or_delete(made.id, users[0], now=2)
    with pytest.raises(NotFound):
        queue.job(made.id, users[0])


def test_a_new_job_has_no_number_that_a_forgotten_one_had(users: list[int]) -> None:
    made = queue.enqueue(users[0], IMPORT, {}, now=0)
    db.execute(
        "INSERT INTO acts (user_id, what, at, size, job_id, undone) VALUES (?, 'Imported', 0, 1, ?, ?)",
        users[0],
        made.id,
        False,
    )
    queue.claim("w", (IMPORT,), now=1)
    queue.finish(made.id, "w", {}, now=1)
    queue.cancel_or_delete(made.id, users[0], now=1)
    assert queue.enqueue(users[0], IMPORT, {}, now=2).id > made.id


def broken_off(user: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """A running import whose worker was killed when half of it was applied."""
    made = queue.enqueue(user, IMPORT, {}, now=0)
    assert queue.claim("dead", (IMPORT,), now=0)

    def killed() -> Iterator[library.LibraryChange]:
        yield from [library.rating_change(movie_id(film), 4) for film in MOVIES][:6]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("movierec.library.apply_changes.BATCH", 4)
        patch.setattr("movierec.library.apply_changes.undo_entry", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            library.apply(user, killed(), what="Imported a file", now=0, job_id=made.id)
    assert rated(user) == 4
    return made.id


def rated(user: int) -> int:
    return int(db.value("SELECT COUNT(*) FROM ratings WHERE user_id = ?", user))


def test_an_import_cancelled_after_its_worker_died_is_taken_back(
    users: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = users[0]
    number = broken_off(user, monkeypatch)
    undo_abandoned_imports()
    with pytest.raises(Conflict, match="has not come to its end"):
        library.undo(user, now=1)
    queue.cancel_or_delete(number, user, now=1)
    with pytest.raises(Conflict, match="still being taken back"):
        queue.cancel_or_delete(number, user, now=1)
    assert rated(user) == 4
    undo_abandoned_imports()
    assert (rated(user), library.journal_entries(user, limit=9)[0]) == (0, 0)
    queue.cancel_or_delete(number, user, now=1)


def test_an_import_that_is_given_up_is_taken_back(users: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    number = broken_off(users[0], monkeypatch)
    queue.interrupt(number, "dead", queue.INTERRUPTED[0], now=1)
    undo_abandoned_imports()
    assert rated(users[0]) == 4  # it will be taken up a last time
    queue.claim("dead", (IMPORT,), now=2)
    queue.interrupt(number, "dead", queue.INTERRUPTED[1], now=3)
    assert queue.job(number, None).state == "failed"
    undo_abandoned_imports()
    assert (rated(users[0]), library.journal_entries(users[0], limit=9)[0]) == (0, 0)
