"""A small server of made-up movies on which everything has happened once: imports, training, a sync, mail."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import json
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from typer.testing import CliRunner

from movierec import db
from movierec.config import Settings
from movierec.daemon.app import app as server_commands
from tests import datasets
from tests.conftest import make_settings
from tests.running import Account, Daemon, RunningDaemon
from tests.tmdb.answers import Known
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import StandIn
from tests.waiting import wait_until

RATINGS = "/api/v1/favorites/ratings"
MOVIES = range(500_001, 500_031)
TMDB_MOVIES = [
    Known(2_000_000 + number, f"Invented Story {number}", f"tt80{number:05}") for number in range(30)
]

ACCOUNT_LINES: tuple[dict[str, Any], ...] = (
    {"format": "movierec", "version": 1},
    {"kind": "profile", "bio": "Made up.", "avatar": "", "favorite_genres": ["Drama"],
     "preferred_language": "en", "mature_content": False, "rating_scale": 5, "seen_leaves_watchlist": True},
    {"kind": "rating", "film": {"title": "Made Up Film 8", "year": 2001, "movielens_id": 500_008}, "rating": 4.5,
     "review": "As made up as it gets.", "created_at": "2020-05-01T10:00:00Z", "updated_at": "2020-05-02T10:00:00Z"},
    {"kind": "favorite", "film": {"title": "Made Up Film 8", "year": 2001, "movielens_id": 500_008},
     "note": "again", "created_at": "2020-05-01T10:00:00Z"},
    {"kind": "watchlist", "film": {"title": "Made Up Film 9", "year": 2001, "movielens_id": 500_009},
     "note": "soon", "created_at": "2020-05-01T10:00:00Z"},
    {"kind": "history", "film": {"title": "Made Up Film 8", "year": 2001, "movielens_id": 500_008},
     "watched_at": "2020-05-01", "rewatch": True, "tags": ["cinema"], "source": "letterboxd",
     "created_at": "2020-05-01T10:00:00Z"},
    {"kind": "feedback", "film": {"title": "Made Up Film 10", "year": 2001, "movielens_id": 500_010},
     "feedback_type": "not_interested", "comment": "no", "created_at": "2020-05-01T10:00:00Z"},
    {"kind": "rating", "film": {"title": "Nobody Made This Up", "year": 1999, "imdb_id": "tt7999999"},
     "rating": 2.0, "review": "", "created_at": "2020-05-03T10:00:00Z", "updated_at": "2020-05-03T10:00:00Z"},
    {"kind": "rating", "film": {"title": "Known Only Here", "year": 2002,
                                "movierec_id": "0123456789abcdef0123456789abcdef"},
     "rating": 3.0, "review": "", "created_at": "2020-05-03T10:00:00Z", "updated_at": "2020-05-03T10:00:00Z"},
    {"kind": "rating", "film": {"title": ""}, "rating": 3.0},
    {"kind": "end", "records": 9},
)  # fmt: skip
LETTERBOXD = (
    "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Review,Tags,Watched Date\n"
    "2020-06-01,Made Up Film 11,2001,https://boxd.it/a,4.5,Yes,Seen twice.,home,2020-05-30\n"
    "2020-06-02,Made Up Film 12,2002,https://boxd.it/b,4,,Good.,,2020-06-02\n"
    "2020-06-03,Made Up Film 13,2003,https://boxd.it/d,3,,,,2020-06-03\n"
    "2020-06-03,Nothing Of The Kind,1991,https://boxd.it/c,3,,,,2020-06-03\n"
    "2020-06-03,,1991,,3,,,,\n"
)


def empty_settings(home: Path, tmdb: StandIn | None) -> Settings:
    """Settings of an empty server on SQLite that loads no shipped catalogue."""
    settings = make_settings(
        home,
        MOVIEREC_SERVER__PUBLIC_URL="https://films.example.org",
        MOVIEREC_RECOMMENDER__TRAIN_AFTER_RATINGS="0",
        MOVIEREC_TMDB__SYNC_HOURS="0",
    )
    if tmdb is None:
        return settings
    return dataclasses.replace(
        settings, tmdb=quick(tmdb, total_seconds=30, requests_per_second=1000, sync_hours=0)
    )


def migrate_without_movies(settings: Settings) -> None:
    db.connect(settings)
    db.migrate()
    db.execute("INSERT INTO revisions (name, value) VALUES ('starter', 1)")
    db.close()


class World:
    """The server's running daemon, two accounts, and the jobs that have ended, by name."""

    def __init__(self, daemon: RunningDaemon) -> None:
        self.daemon = daemon
        self.settings = daemon.settings
        self.jobs: dict[str, Any] = {}
        self.admin, self.ada = daemon.admin(), daemon.register("ada")

    def fill(self) -> None:
        self._import_dataset()
        self._rate()
        self._job("train", self.admin, "/api/v1/model/train/?measure=true")
        self._job(
            "import account", self.ada, "/api/v1/imports/?filename=account.jsonl", _lines(ACCOUNT_LINES)
        )
        self._job("import letterboxd", self.ada, "/api/v1/imports/?filename=diary.csv", LETTERBOXD.encode())
        self._job(
            "dry run",
            self.ada,
            "/api/v1/imports/?filename=r.csv&dry_run=true&on_conflict=keep",
            LETTERBOXD.encode(),
        )
        self._job("sync", self.admin, "/api/v1/movies/sync/?pages=2&budget=12")
        self._answer_a_question()
        [story] = db.rows("SELECT id FROM movies WHERE tmdb_id = 2000000")
        self.daemon.put(f"{RATINGS}/movie/{story[0]}/", {"rating": 4}, token=self.ada, status=201)
        document = {"name": "script", "scopes": ["read"]}
        self.daemon.post("/api/v1/auth/tokens/", document, token=self.ada, status=201)
        self.daemon.get("/api/v1/recommendations/?limit=5", token=self.ada)
        self.daemon.post("/api/v1/auth/password_reset/", {"email": self.ada.email}, status=202)

    def _import_dataset(self) -> None:
        ratings = datasets.ratings_csv(60, list(MOVIES), 0.5) + "61,500001,9.5,1000000000\n"
        source = {"movies.csv": datasets.movies_csv(30).encode(), "ratings.csv": ratings.encode()}
        self._job(
            "import movielens", self.admin, "/api/v1/imports/?format=movielens", datasets.zip_archive(source)
        )

    def _rate(self) -> None:
        for number in range(1, 8):
            document = {"rating": 1 + number % 5}
            self.daemon.put(f"{RATINGS}/movie/{number}/", document, token=self.ada, status=201)
        self.daemon.put(f"{RATINGS}/movie/1/", {"rating": 0.5, "review": "Worse."}, token=self.ada)

    def _answer_a_question(self) -> None:
        for question in self.daemon.get("/api/v1/imports/review/", token=self.ada)["results"]:
            if question["title"] == "Made Up Film 13":
                path = f"/api/v1/imports/review/{question['id']}/resolve/"
                self.daemon.post(path, {"movie": 13}, token=self.ada)

    def _job(self, name: str, account: Account, path: str, body: bytes | None = None) -> None:
        job = self.daemon.post(path, body=body, token=account, status=202)
        self.jobs[name] = wait_until(lambda: self._ended(job["id"], account), what=f"the job {name} ends")

    def _ended(self, job_id: int, account: Account) -> Any:
        job = self.daemon.get(f"/api/v1/jobs/{job_id}/", token=account)
        return job if job["state"] not in ("queued", "running") else None


def _lines(documents: tuple[dict[str, Any], ...]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in documents)


@contextlib.contextmanager
def made(home: Path) -> Iterator[World]:
    with StandIn() as tmdb:
        tmdb.films = {movie.tmdb_id: movie for movie in TMDB_MOVIES}
        settings = empty_settings(home, tmdb)
        migrate_without_movies(settings)
        with Daemon(settings) as daemon:
            world = World(daemon)
            world.fill()
            yield world
        db.close()
        gc.collect()


def run_server_command(*arguments: str, **environment: str) -> str:
    """Run `movierec-server` in this process, whose logging it leaves as it is; return what it prints."""
    with mock.patch.object(logging, "basicConfig"):
        result = CliRunner().invoke(server_commands, arguments, env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout


def tmdb_cache(settings: Settings) -> dict[str, bytes]:
    """The entries of TMDb's cache as they lie on disk."""
    connection = sqlite3.connect(settings.paths.cache / "tmdb" / "cache.db")
    try:
        return dict(connection.execute("SELECT key, value FROM Cache"))
    finally:
        connection.close()
