"""Tables of the catalogue: movies, genres, people and their credits, keywords."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    Check,
    CompositeKey,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from movierec.auth.models import User
from movierec.db import BaseModel


class Movie(BaseModel):
    """A movie: one row for all sources. Votes are on TMDb's scale of 0 to 10; lists are JSON."""

    id = BigAutoField()
    tmdb_id = BigIntegerField(null=True, unique=True)
    imdb_id = TextField(null=True, unique=True)
    movielens_id = BigIntegerField(null=True, unique=True)
    title = TextField()
    original_title = TextField(default="")
    year = IntegerField(null=True, index=True)
    release_date = TextField(null=True)
    overview = TextField(default="")
    tagline = TextField(default="")
    status = TextField(default="")
    runtime = IntegerField(null=True, constraints=[Check("runtime > 0")])
    budget = BigIntegerField(null=True)
    revenue = BigIntegerField(null=True)
    homepage = TextField(default="")
    original_language = TextField(default="")
    languages = TextField(default="[]")
    countries = TextField(default="[]")
    certificate = TextField(default="")
    adult = BooleanField(default=False)
    critics_score = IntegerField(null=True, constraints=[Check("critics_score BETWEEN 0 AND 100")])
    critics_reviews = IntegerField(null=True)
    vote_average = DoubleField(default=0, constraints=[Check("vote_average BETWEEN 0 AND 10")])
    vote_count = IntegerField(default=0, constraints=[Check("vote_count >= 0")])
    popularity = DoubleField(default=0, index=True)
    poster_path = TextField(default="")
    backdrop_path = TextField(default="")
    # Source of the facts: import, movielens, starter, tmdb or staff.
    source = TextField()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    # Time of TMDb's details; its lists have fewer fields.
    details_at = BigIntegerField(null=True)

    class Meta:
        table_name = "movies"
        constraints = [SQL("CHECK (title <> '')")]


class MovieAlias(BaseModel):
    """A merged movie: its id, and its external ids that the survivor does not have, lead to the survivor."""

    id = BigIntegerField(primary_key=True)
    movie = ForeignKeyField(Movie, on_delete="CASCADE")
    tmdb_id = BigIntegerField(null=True, index=True)
    imdb_id = TextField(null=True, index=True)
    movielens_id = BigIntegerField(null=True, index=True)
    own_id = TextField(null=True, index=True)
    created_at = BigIntegerField()

    class Meta:
        table_name = "movie_aliases"


# A row of any table, by column.
StoredRow = Mapping[str, Any]


@dataclass(frozen=True)
class MergeRule:
    """Rule for two rows of a table that collide when their movies are merged: `merge_rule` in a model's Meta.

    The row of the greater `weight` survives. It takes over the texts of `joined` columns and the smaller value of
    `earliest` ones.
    """

    weight: Callable[[StoredRow], Any]
    joined: tuple[str, ...] = ()
    earliest: tuple[str, ...] = ()

    def merged_columns(self, survivor: StoredRow, lost: StoredRow, longest: int) -> dict[str, Any]:
        """Return the columns of the surviving row that change; texts are cut at `longest` characters."""
        texts = {name: _joined(survivor[name], lost[name])[:longest] for name in self.joined}
        times = {name: min(survivor[name], lost[name]) for name in self.earliest}
        return {name: value for name, value in {**texts, **times}.items() if value != survivor[name]}


def _joined(first: str, second: str) -> str:
    return first if second in first else f"{first}\n\n{second}" if first else second


class MovieTitle(BaseModel):
    """A normalised title of a movie (`title_key`) for search; `compact` is the key without spaces."""

    id = BigAutoField()
    movie = ForeignKeyField(Movie, on_delete="CASCADE")
    key = TextField(index=True)
    compact = TextField(index=True)

    class Meta:
        table_name = "movie_titles"


class Genre(BaseModel):
    id = BigAutoField()
    name = TextField(unique=True)
    tmdb_id = BigIntegerField(null=True, unique=True)

    class Meta:
        table_name = "genres"


class MovieGenre(BaseModel):
    movie = ForeignKeyField(Movie, on_delete="CASCADE", index=False)
    genre = ForeignKeyField(Genre, on_delete="CASCADE")
    position = IntegerField()

    class Meta:
        table_name = "movie_genres"
        primary_key = CompositeKey("movie", "genre")


class Person(BaseModel):
    """A credited person. Names are unique only among people without a TMDb id."""

    id = BigAutoField()
    name = TextField(index=True)
    tmdb_id = BigIntegerField(null=True, unique=True)

    class Meta:
        table_name = "people"


class Credit(BaseModel):
    """A person's role in a movie: director, writer or cast; `position` is the billing."""

    movie = ForeignKeyField(Movie, on_delete="CASCADE", index=False)
    person = ForeignKeyField(Person, on_delete="CASCADE")
    role = TextField(constraints=[Check("role IN ('director', 'writer', 'cast')")])
    position = IntegerField()
    character = TextField(default="")

    class Meta:
        table_name = "credits"
        primary_key = CompositeKey("movie", "role", "person")


class Keyword(BaseModel):
    id = BigAutoField()
    name = TextField(unique=True)
    tmdb_id = BigIntegerField(null=True, unique=True)

    class Meta:
        table_name = "keywords"


class MovieKeyword(BaseModel):
    movie = ForeignKeyField(Movie, on_delete="CASCADE", index=False)
    keyword = ForeignKeyField(Keyword, on_delete="CASCADE")

    class Meta:
        table_name = "movie_keywords"
        primary_key = CompositeKey("movie", "keyword")


class MovierecId(BaseModel):
    """An id that movierec assigned to a movie without external ids: the same on every server it is exported to.

    `added_by` is the user whose import added the movie; null where the catalogue had it before.
    """

    movie = ForeignKeyField(Movie, on_delete="CASCADE", primary_key=True)
    own_id = TextField(unique=True)
    added_by = ForeignKeyField(User, on_delete="SET NULL", null=True)

    class Meta:
        table_name = "own_ids"
