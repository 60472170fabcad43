"""Helpers that import files into a database without a daemon."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from movierec import auth, db
from movierec.exchange.importing import ImportOptions, import_history
from tests.exchange.reading import LIMIT, zip_archive

NOW = 1_750_000_000
_jobs = itertools.count(1)
TABLES = ("ratings", "favorites", "watchlist", "history")


def new_user(name: str = "ada") -> int:
    return int(auth.register(auth.NewAccount(name, f"{name}@example.org"), "x", NOW).id)


def import_file(
    tmp_path: Path,
    user_id: int,
    content: str | bytes | Mapping[str, str | bytes],
    *,
    now: int = NOW,
    job_id: int | None = None,
    fetch_movies: Any = None,
    progress: Any = lambda *_: None,
    maximum_new_movies: int = 100,
    **options: Any,
) -> dict[str, Any]:
    """Import a file, or an archive of several; return the report after a check of its sums."""
    source = tmp_path / f"upload{next(_jobs)}"
    if isinstance(content, Mapping):
        content = zip_archive(content)
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    given = ImportOptions(**{"name": "sent.csv", **options})
    number = job_id or next(_jobs)
    report = import_history(
        source,
        tmp_path,
        user_id,
        number,
        given,
        limit_bytes=LIMIT,
        now=now,
        fetch_movies=fetch_movies,
        progress=progress,
        maximum_new_movies=maximum_new_movies,
    )
    check_sums(report)
    return {**report, "job": number}


def check_sums(report: Mapping[str, Any]) -> None:
    """Check that every row has one outcome."""
    for counts in (report, *report["files"].values()):
        problems = [counts[name] for name in ("ambiguous", "unmatched", "skipped", "rejected")]
        assert counts["accepted"] == counts["new"] + counts["changed"]
        assert counts["unchanged"] == counts["same"] + counts["kept"]
        assert counts["accepted"] + counts["unchanged"] + sum(problems) == counts["rows"]
    assert sum(counts["rows"] for counts in report["files"].values()) == report["rows"]
    assert len(report["problems"]) == min(report["problems_total"], 100)


def library_rows(user_id: int) -> dict[str, list[Any]]:
    """Return a user's library by table and movie title, without the ids of rows."""
    columns = {
        "ratings": "steps, review, ratings.created_at, ratings.updated_at",
        "favorites": "note, favorites.created_at",
        "watchlist": "note, watchlist.created_at",
        "history": "watched_at, history.source, rewatch, tags, history.created_at",
    }
    return {
        shelf: db.rows(
            f"SELECT title, year, {columns[shelf]} FROM {shelf} JOIN movies ON movies.id = movie_id "
            "WHERE user_id = ? ORDER BY 1, 2, 3, 4",
            user_id,
        )
        for shelf in TABLES
    }
