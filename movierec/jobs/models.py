"""Table of long work: what is to be done, how far it is, what came of it."""

from __future__ import annotations

from peewee import SQL, BigAutoField, BigIntegerField, Check, ForeignKeyField, TextField

from movierec.auth.models import User
from movierec.db import BaseModel


class JobRow(BaseModel):
    """`parameters` and `report` are JSON objects; `owner` is the worker that runs it."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE")
    kind = TextField()
    state = TextField(
        constraints=[Check("state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')")]
    )
    stage = TextField(default="")
    done = BigIntegerField(default=0)
    total = BigIntegerField(default=0)
    parameters = TextField(default="{}")
    report = TextField(default="{}")
    error = TextField(default="")
    owner = TextField(default="")
    created_at = BigIntegerField()
    started_at = BigIntegerField(null=True)
    # Renewed while the job runs: a job whose worker died is taken up again.
    heartbeat_at = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)
    # Of the error that the job failed with, as clients know it.
    error_code = TextField(default="")

    class Meta:
        table_name = "jobs"


# One of a kind per user at a time, whatever daemon was asked.
JobRow.add_index(
    JobRow.index(
        JobRow.user, JobRow.kind, unique=True, name="jobs_active", where=SQL("state IN ('queued', 'running')")
    )
)
