"""Recorded work of requests: SQL statements and password hashes, so that tests compare work without a clock."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import bcrypt
import peewee
import pytest

from movierec.api.call import Call

# The steps of the request being processed; database and hashing threads inherit its context.
_STEPS: ContextVar[list[str] | None] = ContextVar("steps", default=None)


class RecordedWork:
    """Steps of every request since the start of the recording, in order of arrival."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests: list[list[str]] = []
        start, execute = Call.__init__, peewee.Database.execute_sql
        check, compute = bcrypt.checkpw, bcrypt.hashpw

        def start_recording(call: Call, *arguments: Any) -> None:
            start(call, *arguments)
            self.requests.append([])
            _STEPS.set(self.requests[-1])

        def record_statement(database: peewee.Database, sql: str, *arguments: Any, **options: Any) -> Any:
            _record(sql)
            return execute(database, sql, *arguments, **options)

        def record_check(password: bytes, hashed: bytes) -> bool:
            _record(f"check at cost {hashed.split(b'$')[2].decode()}")
            return check(password, hashed)

        def record_hash(password: bytes, salt: bytes) -> bytes:
            _record(f"hash at cost {salt.split(b'$')[2].decode()}")
            return compute(password, salt)

        monkeypatch.setattr(Call, "__init__", start_recording)
        monkeypatch.setattr(peewee.Database, "execute_sql", record_statement)
        monkeypatch.setattr(bcrypt, "checkpw", record_check)
        monkeypatch.setattr(bcrypt, "hashpw", record_hash)

    def of(self, request: Callable[[], object]) -> list[str]:
        """Send one request and return its steps."""
        count = len(self.requests)
        request()
        [steps] = self.requests[count:]
        return steps


def _record(step: str) -> None:
    steps = _STEPS.get()
    if steps is not None:
        steps.append(step)
