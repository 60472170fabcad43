"""Durability, retries, errors and yielding to writers, on both databases."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import peewee
import pytest

from movierec import db
from movierec.config import Settings
from movierec.errors import StorageFull


def waiting() -> str:
    """Return the connection's setting: does a commit wait for the disk?"""
    statement = "SHOW synchronous_commit" if db.is_postgres() else "PRAGMA synchronous"
    return {"on": "yes", "off": "no", "2": "yes", "1": "no"}[str(db.value(statement))]


def test_a_transaction_that_is_not_durable_does_not_wait_for_the_disk(database: Settings) -> None:
    assert waiting() == "yes"
    with db.write(durable=False):
        db.increment_revision("of a test")
        assert waiting() == "no"
    assert waiting() == "yes"
    assert db.revision("of a test") == 1


def test_the_transaction_after_a_failed_one_that_is_not_durable_is_durable(database: Settings) -> None:
    def fail() -> None:
        with db.write(durable=False):
            db.increment_revision("of a test")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert waiting() == "yes"
    assert db.revision("of a test") == 0


def test_a_durable_transaction_stays_durable_with_nested_ones(database: Settings) -> None:
    with db.write(), db.write(durable=False):
        assert waiting() == "yes"


def test_both_of_two_deadlocked_transactions_succeed(database: Settings) -> None:
    """PostgreSQL aborts one of them, which is retried; SQLite has one writer."""
    if not db.is_postgres():
        pytest.skip("only PostgreSQL has more than one writer")
    for name in ("one", "two"):
        db.increment_revision(name)
    both_hold = threading.Barrier(2)
    attempts: list[str] = []

    def increment(first: str, second: str) -> None:
        with db.write():
            db.increment_revision(first)
            attempts.append(first)
            if len(attempts) <= 2:
                both_hold.wait(60)
            db.increment_revision(second)

    def in_thread(first: str, second: str) -> None:
        db.run_with_retry(increment, first, second)
        db.close()

    threads = [threading.Thread(target=in_thread, args=order) for order in (("one", "two"), ("two", "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    assert len(attempts) >= 3
    assert (db.revision("one"), db.revision("two")) == (3, 3)


@pytest.mark.parametrize("fetch", [db.row, db.rows])
def test_an_error_while_fetching_rows_is_converted_like_any_other(
    database: Settings, fetch: Callable[[str], Any]
) -> None:
    """SQLite commits at the last row: a full disk or a violated deferred foreign key is reported only then."""
    db.execute("CREATE TABLE lost (film INTEGER REFERENCES movies (id) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(peewee.IntegrityError):
        fetch("INSERT INTO lost VALUES (-1) RETURNING film")


def test_a_full_disk_raises_storage_full(database: Settings) -> None:
    if db.is_postgres():
        pytest.skip("the disk of a server cannot be filled from here")
    db.execute("CREATE TABLE filled (text TEXT)")

    def fill() -> None:
        with db.write():
            try:
                db.execute("INSERT INTO filled SELECT hex(zeroblob(1000000))")
            finally:
                db.execute("ROLLBACK")  # as SQLite does by itself on a full disk

    db.execute(f"PRAGMA max_page_count = {db.value('PRAGMA page_count') + 2}")
    with pytest.raises(StorageFull):
        db.run_with_retry(fill)


def test_a_value_too_long_for_an_index_is_not_reported_as_database_unavailable(database: Settings) -> None:
    if not db.is_postgres():
        pytest.skip("only PostgreSQL limits the size of a row in an index")
    name = random.Random(1).randbytes(6_000).hex()
    with pytest.raises(peewee.OperationalError, match="index row"):
        db.run_with_retry(db.increment_revision, name)


class FakeTime:
    """A clock that advances only by sleeping and by `work`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.pauses = 1000.0, list[float]()
        monkeypatch.setattr("movierec.db.transactions.time", self)

    def monotonic(self) -> float:  # clock: a stand-in for it
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def work(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def fake_time(database: Settings, monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime(monkeypatch)
    db.yield_to_writers()
    fake.pauses.clear()
    return fake


def test_yield_to_writers_pauses_for_the_time_worked_but_not_longer_than_20_ms(fake_time: FakeTime) -> None:
    for seconds in (0.0, 0.003, 0.02, 5.0, 0.001):
        fake_time.work(seconds)
        db.yield_to_writers()
    expected = [] if db.is_postgres() else [0.0, 0.003, 0.02, 0.02, 0.001]
    assert fake_time.pauses == pytest.approx(expected)


def test_yield_to_writers_does_not_pause_inside_a_transaction(fake_time: FakeTime) -> None:
    with db.write():
        fake_time.work(1.0)
        db.yield_to_writers()
    assert fake_time.pauses == []
    db.yield_to_writers()
    assert fake_time.pauses == ([] if db.is_postgres() else [0.02])
