"""Tables of what users keep: ratings, favorites, watchlist."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, Check, DoubleField, ForeignKeyField, TextField

from movierec.auth.models import User
from movierec.db import Table
from movierec.movies.models import Movie


class Rating(Table):
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


class Favorite(Table):
    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    movie = ForeignKeyField(Movie, on_delete="RESTRICT")
    note = TextField(default="", constraints=[Check("length(note) <= 10000")])
    created_at = BigIntegerField()

    class Meta:
        table_name = "favorites"
        indexes = ((("user", "movie"), True),)


class WatchlistEntry(Table):
    """A film somebody means to see."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", index=False)
    movie = ForeignKeyField(Movie, on_delete="RESTRICT")
    created_at = BigIntegerField()

    class Meta:
        table_name = "watchlist"
        indexes = ((("user", "movie"), True),)
