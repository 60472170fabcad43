"""Round trip: an export imported on another server and exported there is identical to the byte."""

from __future__ import annotations

import io
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from movierec import auth, db, library, movies
from movierec.config import Settings
from movierec.exchange import importing
from movierec.exchange.exports import FORMATS, write_export
from movierec.movies import MovieRecord
from tests.conftest import EmptyDatabases
from tests.exchange.import_files import new_user
from tests.films import MOVIE_TITLES, NOW, store_movies

LONGEST = 10_000
_numbers = itertools.count(1)
HOME = {"title": "Home", "year": 2001}
# Only the first server has these: known by one service or by none, of one title, with titles hard to write.
FURTHER = [
    MovieRecord(**HOME, source="staff"),
    MovieRecord(**HOME, source="staff"),
    MovieRecord(**HOME, source="staff", imdb_id="tt9900001", tmdb_id=9_900_001),
    MovieRecord("=cmd()", "staff", tmdb_id=9_900_002),
    MovieRecord("👩‍🚀  two  blanks", "staff", original_title='"Zitat"', year=1900),
    MovieRecord("Yearless", "movielens", movielens_id=9_900_003),
    # Title and year of a movie that every server has, with another id.
    MovieRecord("The Matrix", "staff", imdb_id="tt9900004", year=1999),
    MovieRecord("The Matrix", "staff", year=1999),
]


@dataclass(repr=False)
class Server:
    """A server's database, with export from it and import into it."""

    settings: Settings
    movie_ids: list[int]

    def connect(self) -> None:
        db.close()
        db.connect(self.settings)

    def new_user(self) -> int:
        self.connect()
        return new_user(f"user{next(_numbers)}")

    def export(self, user_id: int, format: str = "json") -> bytes:
        self.connect()
        file = io.BytesIO()
        write_export(user_id, FORMATS[format], file)
        return file.getvalue()

    def import_(self, content: bytes, scratch: Path, user_id: int, **options: Any) -> dict[str, Any]:
        self.connect()
        source = scratch / "sent"
        source.write_bytes(content)
        return importing.import_history(
            source,
            scratch,
            user_id,
            random.randrange(2**40),
            importing.ImportOptions(**options),
            limit_bytes=2**30,
            now=NOW,
            maximum_new_movies=1_000,
        )


def server(empty: Settings, further: list[MovieRecord]) -> Server:
    db.close()
    db.connect(empty)
    db.migrate()
    store_movies()
    movie_ids = [movies.by_imdb_id(imdb_id) for imdb_id in list(MOVIE_TITLES)[:8]]
    return Server(empty, [*movie_ids, *movies.upsert(further, NOW)])


@pytest.fixture(scope="module", params=["sqlite-sqlite", "sqlite-postgresql", "postgresql-sqlite"])
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Server]]:
    """Yield a server with movies of its own, and one without them."""
    servers, databases = [], []
    for kind, further in zip(request.param.split("-"), (FURTHER, []), strict=True):
        postgres = request.getfixturevalue("_postgres_server") if kind == "postgresql" else None
        databases.append(EmptyDatabases(tmp_path_factory.mktemp(kind), postgres))
        servers.append(server(databases[-1].make(), further))
    yield servers
    db.close()
    for each in databases:
        each.remove()


SHORT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
TEXT = SHORT | st.sampled_from(
    [
        "=1+1",
        "'=1",
        " \r\n\t",
        "a\r\nb\rc\n",
        '"',
        "\u2028\x85",
        "😀" * LONGEST,
        "\x01" * LONGEST,
        '"' * LONGEST,
    ]
)
TIME = st.integers(0, 2**32 - 1) | st.just(NOW)
MOMENT = st.sampled_from(["", "2024-02-29", "1999-12-31", "2024-02-29T20:15:00Z"])
TAGS = st.lists(SHORT.filter(bool) | st.sampled_from(["a,b", '"', "="]), max_size=4, unique=True)
MOVIE = st.integers(0, 7 + len(FURTHER))


def _by_movie(values: st.SearchStrategy[Any], **size: int) -> st.SearchStrategy[dict[Any, Any]]:
    return st.dictionaries(MOVIE, values, max_size=6, **size)


LIBRARY = st.fixed_dictionaries(
    {
        "profile": st.fixed_dictionaries(
            {
                "bio": SHORT,
                "favorite_genres": st.lists(st.sampled_from(["Drama", "Comedy"]), unique=True),
                "preferred_language": st.sampled_from(["", "fr"]),
                "mature_content": st.booleans(),
                "rating_scale": st.sampled_from([5, 10, 100]),
                "seen_leaves_watchlist": st.booleans(),
            }
        ),
        "ratings": _by_movie(st.tuples(st.integers(1, 10), TEXT, TIME, TIME)),
        "favorites": _by_movie(st.tuples(TEXT, TIME)),
        "watchlist": _by_movie(st.tuples(TEXT, TIME)),
        "history": st.dictionaries(
            st.tuples(MOVIE, MOMENT, st.sampled_from(["", "letterboxd"])),
            st.tuples(st.booleans(), TAGS, TIME),
            max_size=8,
        ),
        "feedback": _by_movie(st.tuples(st.sampled_from(["like", "dislike", "not_interested"]), TEXT, TIME)),
    }
)


def store_library(user_id: int, movie_ids: list[int], contents: dict[str, Any]) -> None:
    """Store a profile and a library for a user."""
    profile = dict(contents["profile"])
    profile["favorite_genres"] = json.dumps(profile["favorite_genres"])
    auth.change_profile(auth.profile_of(user_id).id, profile)
    changes = [
        library.rating_change(
            movie_ids[number], steps / 2, review=review, created_at=created, updated_at=updated
        )
        for number, (steps, review, created, updated) in contents["ratings"].items()
    ]
    for name, change in (("favorites", library.favorite_change), ("watchlist", library.watchlist_change)):
        changes += [
            change(movie_ids[number], note=note, created_at=at)
            for number, (note, at) in contents[name].items()
        ]
    changes += [
        library.viewing_change(
            movie_ids[number], moment or None, rewatch=rewatch, tags=tags, source=source, created_at=at
        )
        for (number, moment, source), (rewatch, tags, at) in contents["history"].items()
    ]
    changes += [
        library.LibraryChange(
            library.FEEDBACK, movie_ids[number], {"feedback_type": kind, "comment": comment, "created_at": at}
        )
        for number, (kind, comment, at) in contents["feedback"].items()
    ]
    library.apply(user_id, changes, what="Stored", now=NOW)


def everything(count: int) -> dict[str, Any]:
    """Return a library with an entry of every kind for every movie, all of one time."""
    each = range(count)
    return {
        "profile": {
            "bio": "[", "favorite_genres": ["Drama"], "preferred_language": "", "mature_content": True,
            "rating_scale": 10, "seen_leaves_watchlist": False,
        },
        "ratings": {number: (1 + number % 10, "", NOW, NOW) for number in each},
        "favorites": dict.fromkeys(each, ("", NOW)),
        "watchlist": dict.fromkeys(each, ("", NOW)),
        "history": {
            (number, day, ""): (False, [], NOW) for number in each for day in ("", "2020-01-01")
        },
        "feedback": dict.fromkeys(each, ("dislike", "", NOW)),
    }  # fmt: skip


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=LIBRARY)
@example(contents=everything(8 + len(FURTHER)))
def test_any_account_survives_the_round_trip(
    servers: list[Server], scratch: Path, contents: dict[str, Any]
) -> None:
    here, there = servers
    store_library(user := here.new_user(), here.movie_ids, contents)
    exported = here.export(user)
    report = there.import_(exported, scratch, other := there.new_user())
    assert there.export(other) == exported
    assert report["rows"] == report["accepted"] + report["unchanged"]
    again = there.import_(exported, scratch, other)
    assert (again["accepted"], again["act"]) == (0, None)
    assert there.export(other) == exported


@pytest.mark.parametrize("format", ["csv", "zip"])
def test_csv_and_zip_survive_the_round_trip(servers: list[Server], scratch: Path, format: str) -> None:
    here, there = servers
    contents = everything(8 + len(FURTHER))
    contents["ratings"] = {
        number: (5, text, NOW + number, NOW) for number, text in enumerate(["=1", "a\r\nb\rc", '"', "\t"])
    }
    store_library(user := here.new_user(), here.movie_ids, contents)
    exported = here.export(user, format)
    there.import_(exported, scratch, other := there.new_user())
    assert there.export(other) == here.export(user)
