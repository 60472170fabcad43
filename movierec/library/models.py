"""Tables of the library: ratings, favorites, watchlist and history; and the journal of changes to them."""

from __future__ import annotations

from operator import itemgetter

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    Check,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from movierec.auth.models import User
from movierec.db import BaseModel
from movierec.movies.models import MergeRule, Movie


class Rating(BaseModel):
    """One user's rating of one movie, in half-star steps: 1 is 0.5 stars, 10 is 5.0."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    # RESTRICT: nobody can delete a movie that somebody has rated.
    movie = ForeignKeyField(Movie, on_delete="RESTRICT")
    # Not an integer column: PostgreSQL would round 6.6 steps to 7 instead of refusing them.
    steps = DoubleField(constraints=[Check("steps IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)")])
    review = TextField(default="", constraints=[Check("length(review) <= 10000")])
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        table_name = "ratings"
        # The second is for the trending movies, which are read from it alone.
        indexes = ((("user", "movie"), True), (("updated_at", "movie"), False))
        merge_rule = MergeRule(itemgetter("updated_at"), joined=("review",), earliest=("created_at",))


class Favorite(BaseModel):
    """A movie that a user loves, with a note."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    movie = ForeignKeyField(Movie, on_delete="RESTRICT")
    note = TextField(default="", constraints=[Check("length(note) <= 10000")])
    created_at = BigIntegerField()

    class Meta:
        table_name = "favorites"
        indexes = ((("user", "movie"), True),)
        merge_rule = MergeRule(itemgetter("created_at"), joined=("note",), earliest=("created_at",))


class WatchlistEntry(BaseModel):
    """A movie that a user intends to see."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    movie = ForeignKeyField(Movie, on_delete="RESTRICT")
    created_at = BigIntegerField()
    note = TextField(default="", constraints=[Check("length(note) <= 10000")])

    class Meta:
        table_name = "watchlist"
        indexes = ((("user", "movie"), True),)
        merge_rule = MergeRule(itemgetter("created_at"), joined=("note",), earliest=("created_at",))


class Viewing(BaseModel):
    """One viewing of a movie; a movie may have several.

    `watched_at` is a date, a time in UTC, or empty where the time is unknown; `tags` is a JSON list.
    """

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    movie = ForeignKeyField(Movie, on_delete="RESTRICT")
    watched_at = TextField(default="", constraints=[Check("length(watched_at) IN (0, 10, 20)")])
    # The file an import read it from: tells two viewings of one movie on one day apart.
    source = TextField(default="")
    rewatch = BooleanField(default=False)
    tags = TextField(default="[]")
    created_at = BigIntegerField()

    class Meta:
        table_name = "history"
        indexes = ((("user", "movie", "watched_at", "source"), True),)
        merge_rule = MergeRule(itemgetter("created_at"))


class StoredJournalEntry(BaseModel):
    """One action of a user on the library, described by `what`; undo reverts it as a whole."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    what = TextField()
    at = BigIntegerField(index=True)
    # Number of changed rows.
    size = IntegerField(default=0)
    # The import that made the changes. No foreign key: jobs have a retention of their own.
    job_id = BigIntegerField(null=True)
    undoes = ForeignKeyField("self", on_delete="SET NULL", null=True)
    undone = BooleanField(default=False)

    class Meta:
        table_name = "acts"
        indexes = ((("user", "id"), False),)


class RecordedChange(BaseModel):
    """One row before and after a journal entry, as JSON objects by column; null where there was no row."""

    id = BigAutoField()
    act = ForeignKeyField(StoredJournalEntry, on_delete="CASCADE")
    shelf = TextField()
    # A column of its own, not part of the JSON: merging two movies redirects it to the survivor.
    movie = ForeignKeyField(Movie, on_delete="CASCADE")
    before = TextField(null=True)
    after = TextField(null=True)

    class Meta:
        table_name = "changes"
