"""Tables of what users keep: ratings, favorites, watchlist, history; and the journal of their changes."""

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
    """One user's rating of one film, in half-star steps: 1 is 0.5 stars, 10 is 5.0."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    # RESTRICT: a film that somebody rated cannot be deleted from under them.
    movie = ForeignKeyField(Movie, on_delete="RESTRICT")
    # Not an integer column: PostgreSQL would round 6.6 steps to 7 on the way in instead of refusing them.
    steps = DoubleField(constraints=[Check("steps IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)")])
    review = TextField(default="", constraints=[Check("length(review) <= 10000")])
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        table_name = "ratings"
        indexes = ((("user", "movie"), True),)
        when_merged = MergeRule(itemgetter("updated_at"), joined=("review",), earliest=("created_at",))


class Favorite(BaseModel):
    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    movie = ForeignKeyField(Movie, on_delete="RESTRICT")
    note = TextField(default="", constraints=[Check("length(note) <= 10000")])
    created_at = BigIntegerField()

    class Meta:
        table_name = "favorites"
        indexes = ((("user", "movie"), True),)
        when_merged = MergeRule(itemgetter("created_at"), joined=("note",), earliest=("created_at",))


class WatchlistEntry(BaseModel):
    """A film somebody means to see."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    movie = ForeignKeyField(Movie, on_delete="RESTRICT")
    created_at = BigIntegerField()
    note = TextField(default="", constraints=[Check("length(note) <= 10000")])

    class Meta:
        table_name = "watchlist"
        indexes = ((("user", "movie"), True),)
        when_merged = MergeRule(itemgetter("created_at"), joined=("note",), earliest=("created_at",))


class Viewing(BaseModel):
    """A film seen once; several of a film are usual.

    `watched_at` is a date, a time in UTC, or empty where nobody knows, as it was told; `tags` a JSON list.
    """

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    movie = ForeignKeyField(Movie, on_delete="RESTRICT")
    watched_at = TextField(default="", constraints=[Check("length(watched_at) IN (0, 10, 20)")])
    # Where an import took it from: tells two viewings of one film on one day apart.
    source = TextField(default="")
    rewatch = BooleanField(default=False)
    tags = TextField(default="[]")
    created_at = BigIntegerField()

    class Meta:
        table_name = "history"
        indexes = ((("user", "movie", "watched_at", "source"), True),)
        when_merged = MergeRule(itemgetter("created_at"))


class StoredJournalEntry(BaseModel):
    """Something a user did to what they keep, in words; it is undone as one."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    what = TextField()
    at = BigIntegerField(index=True)
    # How many rows it changed.
    size = IntegerField(default=0)
    # The import that did it. No foreign key: jobs are forgotten in their own time.
    job_id = BigIntegerField(null=True)
    undoes = ForeignKeyField("self", on_delete="SET NULL", null=True)
    undone = BooleanField(default=False)

    class Meta:
        table_name = "acts"
        indexes = ((("user", "id"), False),)


class RecordedChange(BaseModel):
    """One row before and after an act, as JSON objects by column; null where there was none."""

    id = BigAutoField()
    act = ForeignKeyField(StoredJournalEntry, on_delete="CASCADE")
    shelf = TextField()
    # Not within the JSON: where two films become one, it is led over to the one that stays.
    movie = ForeignKeyField(Movie, on_delete="CASCADE")
    before = TextField(null=True)
    after = TextField(null=True)

    class Meta:
        table_name = "changes"
