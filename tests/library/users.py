"""Users for the tests of the library, and their library as plain values."""

from __future__ import annotations

from typing import Any

from movierec import auth, db
from movierec.auth import NewAccount

NOW = 1_750_000_000
TABLES = ("ratings", "favorites", "watchlist", "history")


def make_user(name: str = "ann") -> int:
    return int(auth.register(NewAccount(name, f"{name}@example.org"), "x", NOW).id)


def everything_of(user_id: int) -> dict[str, list[Any]]:
    """Return all rows of a user's library, with their ids."""
    return {
        table: db.rows(f"SELECT * FROM {table} WHERE user_id = ? ORDER BY id", user_id) for table in TABLES
    }
