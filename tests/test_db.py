"""What the database handle promises, on both databases."""

from __future__ import annotations

import pytest

from movierec import db
from movierec.config import Settings


def waiting() -> str:
    """Whether a commit waits for the disk, as the connection says."""
    statement = "SHOW synchronous_commit" if db.is_postgres() else "PRAGMA synchronous"
    return {"on": "yes", "off": "no", "2": "yes", "1": "no"}[str(db.value(statement))]


def test_only_what_may_be_lost_does_not_wait_for_the_disk(database: Settings) -> None:
    assert waiting() == "yes"
    with db.write(durable=False):
        db.next_revision("of a test")
        assert waiting() == "no"
    assert waiting() == "yes"
    assert db.revision("of a test") == 1


def test_a_failure_that_may_be_lost_leaves_the_next_transaction_durable(database: Settings) -> None:
    def fail() -> None:
        with db.write(durable=False):
            db.next_revision("of a test")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert waiting() == "yes"
    assert db.revision("of a test") == 0


def test_within_a_durable_transaction_everything_is(database: Settings) -> None:
    with db.write(), db.write(durable=False):
        assert waiting() == "yes"
