"""Tables of imports: the review queue, the rows that wait for decisions, and all problems."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, Check, ForeignKeyField, IntegerField, TextField

from movierec.auth.models import User
from movierec.db import BaseModel
from movierec.movies.models import Movie


class ReviewQueueEntry(BaseModel):
    """A reference of a user's files with an uncertain match, and later the decision, which is reused by imports.

    `identity` is the `movie_matcher.reference_key` of the reference; `film` and `candidates` are JSON.
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
    # The decision. If the movie is deleted, the next import queues the reference again.
    movie = ForeignKeyField(Movie, on_delete="CASCADE", null=True)
    asked_at = BigIntegerField()
    answered_at = BigIntegerField(null=True)

    class Meta:
        table_name = "film_questions"
        indexes = ((("user", "identity", "uri"), True), (("user", "state"), False))


class WaitingRow(BaseModel):
    """A row of a file that waits for a decision; after it, `act_id` is the journal entry that applied the row.

    `content` is JSON, and `digest` its hash: the same content is stored once per reference.
    """

    id = BigAutoField()
    question = ForeignKeyField(ReviewQueueEntry, on_delete="CASCADE", index=False)
    # No foreign keys: jobs and journal entries have their own retention.
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
    """A row that was not imported, and the reason."""

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
