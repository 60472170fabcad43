"""Named revision counters: caches compare them to detect that what they hold is stale."""

from __future__ import annotations

import peewee

from movierec.db.handle import BaseModel
from movierec.db.statements import value


class Revision(BaseModel):
    """Number of changes to something shared: `catalogue`, `starter`, `community`."""

    name = peewee.TextField(primary_key=True)
    value = peewee.BigIntegerField()

    class Meta:
        table_name = "revisions"


def increment_revision(name: str) -> int:
    """Increment a named revision and return it; readers compare it to detect stale data."""
    return int(
        value(
            "INSERT INTO revisions (name, value) VALUES (?, 1) "
            "ON CONFLICT (name) DO UPDATE SET value = revisions.value + 1 RETURNING value",
            name,
        )
    )


def revision(name: str) -> int:
    """Return a named revision, 0 before its first change."""
    return int(value("SELECT value FROM revisions WHERE name = ?", name) or 0)
