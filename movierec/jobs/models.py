"""Table of jobs: their parameters, progress and results."""

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
    # Updated while the job runs: a job without a recent heartbeat lost its worker and is requeued.
    heartbeat_at = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)
    # Code of the error that the job failed with.
    error_code = TextField(default="")

    class Meta:
        table_name = "jobs"


# At most one active job of a kind per user, over all daemons.
JobRow.add_index(
    JobRow.index(
        JobRow.user, JobRow.kind, unique=True, name="jobs_active", where=SQL("state IN ('queued', 'running')")
    )
)
