"""Tables of imports: what users are asked about films, the rows that wait for the answers, and problems in full."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, Check, ForeignKeyField, IntegerField, TextField

from movierec.auth.models import User
from movierec.db import BaseModel
from movierec.movies.models import Movie


class ReviewQueueEntry(BaseModel):
    """Which film a name in somebody's files means: asked once, and the answer remembered for later imports.

    `identity` is what `matching.identity` says of the name; `film` and `candidates` are JSON.
    """

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    identity = TextField()
    uri = TextField(default="")
    title = TextField()
    year = IntegerField(null=True)
    film = TextField()
    state = TextField(constraints=[Check("state IN ('ambiguous', 'unmatched', 'answered', 'left_out')")])
    why = TextField(default="")
    candidates = TextField(default="[]")
    # The answer. A film that is deleted is asked about again.
    movie = ForeignKeyField(Movie, on_delete="CASCADE", null=True)
    asked_at = BigIntegerField()
    answered_at = BigIntegerField(null=True)

    class Meta:
        table_name = "film_questions"
        indexes = ((("user", "identity", "uri"), True), (("user", "state"), False))


class WaitingRow(BaseModel):
    """A row of a file that waits for an answer; once it is given, `act_id` tells what was done then.

    `content` is JSON, and `digest` its hash: the same row of the same file again waits once.
    """

    id = BigAutoField()
    question = ForeignKeyField(ReviewQueueEntry, on_delete="CASCADE", index=False)
    # No foreign key: jobs are forgotten in their own time, and acts in theirs.
    job_id = BigIntegerField(index=True)
    file = TextField()
    line = IntegerField()
    content = TextField()
    digest = TextField()
    act_id = BigIntegerField(null=True)

    class Meta:
        table_name = "waiting_rows"
        indexes = ((("question", "digest"), True),)


class ImportProblem(BaseModel):
    """A row that an import did not take, and why."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    job_id = BigIntegerField()
    file = TextField()
    line = IntegerField()
    outcome = TextField()
    message = TextField()

    class Meta:
        table_name = "import_problems"
        indexes = ((("user", "job_id"), False),)
