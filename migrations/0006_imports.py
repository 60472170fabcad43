"""Imports of a user's history: review queue of movies, rows that wait for it, problems; the error code of a job.

Frozen copies of the models as they were; they never change with the models.
"""

from peewee import BigAutoField, BigIntegerField, Check, ForeignKeyField, IntegerField, Model, TextField


def tables(db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class User(Table):
        id = BigAutoField()

        class Meta:
            table_name = "users"

    class Movie(Table):
        id = BigAutoField()

        class Meta:
            table_name = "movies"

    class FilmQuestion(Table):
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
        movie = ForeignKeyField(Movie, on_delete="CASCADE", null=True)
        asked_at = BigIntegerField()
        answered_at = BigIntegerField(null=True)

        class Meta:
            table_name = "film_questions"
            indexes = ((("user", "identity", "uri"), True), (("user", "state"), False))

    class WaitingRow(Table):
        id = BigAutoField()
        question = ForeignKeyField(FilmQuestion, on_delete="CASCADE", index=False)
        job_id = BigIntegerField(index=True)
        file = TextField()
        line = IntegerField()
        content = TextField()
        digest = TextField()
        act_id = BigIntegerField(null=True)

        class Meta:
            table_name = "waiting_rows"
            indexes = ((("question", "digest"), True),)

    class ImportProblem(Table):
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

    return [FilmQuestion, WaitingRow, ImportProblem]


def up(migrator, db):
    db.create_tables(tables(db), safe=False)
    db.execute_sql("ALTER TABLE jobs ADD COLUMN error_code TEXT NOT NULL DEFAULT ''")


def down(migrator, db):
    db.execute_sql("ALTER TABLE jobs DROP COLUMN error_code")
    db.drop_tables(tables(db), safe=False)
