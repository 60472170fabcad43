"""Viewing history, notes on the watchlist, the journal of changes; the rating scale of a user.

Frozen copies of the models as they were; they never change with the models.
"""

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    Check,
    ForeignKeyField,
    IntegerField,
    Model,
    PostgresqlDatabase,
    TextField,
)

ADDED = (
    ("watchlist", "note", "TEXT NOT NULL DEFAULT '' CHECK (length(note) <= 10000)"),
    ("profiles", "rating_scale", "INTEGER NOT NULL DEFAULT 5 CHECK (rating_scale IN (5, 10, 100))"),
    ("profiles", "seen_leaves_watchlist", "{boolean} NOT NULL DEFAULT TRUE"),
)


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

    class Viewing(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        movie = ForeignKeyField(Movie, on_delete="RESTRICT")
        watched_at = TextField(default="", constraints=[Check("length(watched_at) IN (0, 10, 20)")])
        source = TextField(default="")
        rewatch = BooleanField(default=False)
        tags = TextField(default="[]")
        created_at = BigIntegerField()

        class Meta:
            table_name = "history"
            indexes = ((("user", "movie", "watched_at", "source"), True),)

    class Act(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        what = TextField()
        at = BigIntegerField(index=True)
        size = IntegerField(default=0)
        job_id = BigIntegerField(null=True)
        undoes = ForeignKeyField("self", on_delete="SET NULL", null=True)
        undone = BooleanField(default=False)

        class Meta:
            table_name = "acts"
            indexes = ((("user", "id"), False),)

    class RecordedChange(Table):
        id = BigAutoField()
        act = ForeignKeyField(Act, on_delete="CASCADE")
        shelf = TextField()
        movie = ForeignKeyField(Movie, on_delete="CASCADE")
        before = TextField(null=True)
        after = TextField(null=True)

        class Meta:
            table_name = "changes"

    return [Viewing, Act, RecordedChange]


def up(migrator, db):
    db.create_tables(tables(db), safe=False)
    boolean = "BOOLEAN" if isinstance(db, PostgresqlDatabase) else "INTEGER"
    for table, column, definition in ADDED:
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column} {definition.format(boolean=boolean)}")


def down(migrator, db):
    for table, column, _ in ADDED:
        db.execute_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
    db.drop_tables(tables(db), safe=False)
