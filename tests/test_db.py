"""What the database handle promises, on both databases."""

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
    """Whether a commit waits for the disk, as the connection says."""
    statement = "SHOW synchronous_commit" if db.is_postgres() else "PRAGMA synchronous"
    return {"on": "yes", "off": "no", "2": "yes", "1": "no"}[str(db.value(statement))]


def test_only_what_may_be_lost_does_not_wait_for_the_disk(database: Settings) -> None:
    assert waiting() == "yes"
    with db.write(durable=False):
        db.increment_revision("of a test")
        assert waiting() == "no"
    assert waiting() == "yes"
    assert db.revision("of a test") == 1


def test_a_failure_that_may_be_lost_leaves_the_next_transaction_durable(database: Settings) -> None:
    def fail() -> None:
        with db.write(durable=False):
            db.increment_revision("of a test")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert waiting() == "yes"
    assert db.revision("of a test") == 0


def test_within_a_durable_transaction_everything_is(database: Settings) -> None:
    with db.write(), db.write(durable=False):
        assert waiting() == "yes"


def test_of_two_that_wait_for_each_other_both_come_to_their_end(database: Settings) -> None:
    """PostgreSQL undoes one of them, which is done again; SQLite has one writer."""
    if not db.is_postgres():
        pytest.skip("only PostgreSQL has more than one writer")
    for name in ("one", "two"):
        db.increment_revision(name)
    both_hold = threading.Barrier(2)
    tried: list[str] = []

    def count_up(first: str, second: str) -> None:
        with db.write():
            db.increment_revision(first)
            tried.append(first)
            if len(tried) <= 2:
                both_hold.wait(10)
            db.increment_revision(second)

    def in_thread(first: str, second: str) -> None:
        db.run_with_retry(count_up, first, second)
        db.close()

    threads = [threading.Thread(target=in_thread, args=order) for order in (("one", "two"), ("two", "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(tried) >= 3
    assert (db.revision("one"), db.revision("two")) == (3, 3)


@pytest.mark.parametrize("ask", [db.row, db.rows])
def test_what_fails_while_rows_are_fetched_is_told_as_any_error(
    database: Settings, ask: Callable[[str], Any]
) -> None:
    """SQLite commits then, and may find the disk full; a deferred reference that leads nowhere fails there too."""
    db.execute("CREATE TABLE lost (film INTEGER REFERENCES movies (id) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(peewee.IntegrityError):
        ask("INSERT INTO lost VALUES (-1) RETURNING film")


def test_a_full_disk_is_said_to_be_full(database: Settings) -> None:
    if db.is_postgres():
        pytest.skip("its disk cannot be filled from here")
    db.execute("CREATE TABLE filled (text TEXT)")

    def fill() -> None:
        with db.write():
            try:
                db.execute("INSERT INTO filled SELECT hex(zeroblob(1000000))")
            finally:
                db.execute("ROLLBACK")  # as SQLite does by itself where a disk is really full

    db.execute(f"PRAGMA max_page_count = {db.value('PRAGMA page_count') + 2}")
    with pytest.raises(StorageFull):
        db.run_with_retry(fill)


def test_what_no_index_takes_is_no_trouble_of_the_database(database: Settings) -> None:
    if not db.is_postgres():
        pytest.skip("only PostgreSQL bounds what an index takes")
    name = random.Random(1).randbytes(6_000).hex()
    with pytest.raises(peewee.OperationalError, match="index row"):
        db.run_with_retry(db.increment_revision, name)
