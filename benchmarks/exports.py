"""Exports of a large account in each format, and its way back in: `python -m benchmarks.exports --help`.

Rows are all records of the account: ratings, a tenth of them with a review, a fifth as many viewings, and
favorites. Each format is written and read by a process of its own; peak memory is that process's, beside what
it has before the first row.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from movierec import auth, config, db, movies
from movierec.exchange import importing
from movierec.exchange.exports import FORMATS, write_export
from movierec.movies import MovieRecord

NOW = 1_750_000_000
REVIEW = "A film to see again, for the light in the last third, and not only for that. " * 6
COLUMNS = f"{'':<17}{'rows':>9}{'size MB':>9}{'seconds':>9}{'rows/s':>9}{'peak MB':>9}{'before MB':>11}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ratings", type=int, default=100_000)
    arguments.add_argument("--database", default="", metavar="URL", help="an empty one; none: SQLite")
    arguments.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.measure:
        print(json.dumps(measure(*given.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MOVIEREC_HOME": folder}
        if given.database:
            environment["MOVIEREC_DATABASE__URL"] = given.database
        db.connect(config.load(environ=environment))
        rows = fill(given.ratings)
        db.close()
        print(COLUMNS)
        for act in ("export", "import"):
            for format in FORMATS:
                found = _measured(act, format, environment)
                print(
                    f"{act} {format:<10}{rows:>9,}{found['megabytes']:>9.1f}{found['seconds']:>9.1f}"
                    f"{rows / found['seconds']:>9,.0f}{found['peak']:>9.0f}{found['before']:>11.0f}",
                    flush=True,
                )


def fill(ratings: int) -> int:
    """One account with `ratings` ratings of as many films; returns how many records it has."""
    db.migrate()
    for batch in db.batches(range(ratings), 10_000):
        movies.upsert(
            [MovieRecord(f"Film {n}", "movielens", movielens_id=n + 1, year=1900 + n % 120) for n in batch],
            NOW,
        )
    user = auth.register(auth.NewAccount("ada", "ada@example.org"), "x", NOW).id
    films = [row[0] for row in db.rows("SELECT id FROM movies WHERE movielens_id IS NOT NULL ORDER BY id")]
    rated = [
        (user, film, 1 + n % 10, REVIEW if n % 10 == 0 else "", NOW + n, NOW + n)
        for n, film in enumerate(films)
    ]
    seen = [(user, film, "2024-05-17", "", False, "[]", NOW + n) for n, film in enumerate(films[::5])]
    loved = [(user, film, "", NOW + n) for n, film in enumerate(films[::20])]
    with db.write():
        db.insert_many(
            "ratings", ("user_id", "movie_id", "steps", "review", "created_at", "updated_at"), rated
        )
        db.insert_many(
            "history",
            ("user_id", "movie_id", "watched_at", "source", "rewatch", "tags", "created_at"),
            seen,
        )
        db.insert_many("favorites", ("user_id", "movie_id", "note", "created_at"), loved)
    return len(rated) + len(seen) + len(loved)


def _measured(act: str, format: str, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.exports", "--measure", act, format]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(act: str, format: str) -> dict[str, float]:
    """Megabytes of the file, seconds, and resident megabytes: at most, and before the first row."""
    settings = config.load()
    db.connect(settings)
    scratch = Path(os.environ["MOVIEREC_HOME"])
    target = scratch / f"exported.{format}"
    user = db.value("SELECT id FROM users WHERE username_key = 'ada'")
    before, started = _resident(), time.perf_counter()
    if act == "export":
        with target.open("wb") as file:
            write_export(user, FORMATS[format], file)
    else:
        other = auth.register(auth.NewAccount(f"from{format}", f"{format}@example.org"), "x", NOW).id
        importing.import_history(
            target, scratch, other, other, importing.ImportOptions(), limit_bytes=2**40, now=NOW
        )
    seconds = time.perf_counter() - started
    return {
        "megabytes": target.stat().st_size / 1e6,
        "seconds": seconds,
        "peak": _resident(),
        "before": before,
    }


def _resident() -> float:
    """Resident megabytes at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
