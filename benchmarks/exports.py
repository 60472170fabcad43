"""Export of a large account in each format, and import of the exports: `python -m benchmarks.exports --help`.

Rows are all records of the account: ratings, a tenth of them with a review, a fifth as many viewings, and
favorites. Each format is written and read in a separate process, whose peak memory is printed beside the memory
before the first row.
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
    arguments.add_argument(
        "--database", default="", metavar="URL", help="address of an empty database; default: SQLite"
    )
    arguments.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MOVIEREC_HOME": folder}
        if options.database:
            environment["MOVIEREC_DATABASE__URL"] = options.database
        db.connect(config.load(environ=environment))
        rows = fill(options.ratings)
        db.close()
        print(COLUMNS)
        for action in ("export", "import"):
            for format in FORMATS:
                result = _measured(action, format, environment)
                print(
                    f"{action} {format:<10}{rows:>9,}{result['megabytes']:>9.1f}{result['seconds']:>9.1f}"
                    f"{rows / result['seconds']:>9,.0f}{result['peak']:>9.0f}{result['before']:>11.0f}",
                    flush=True,
                )


def fill(ratings: int) -> int:
    """Create an account with `ratings` ratings of as many movies and return its number of records."""
    db.migrate()
    for batch in db.batches(range(ratings), 10_000):
        movies.upsert(
            [MovieRecord(f"Film {n}", "movielens", movielens_id=n + 1, year=1900 + n % 120) for n in batch],
            NOW,
        )
    user = auth.register(auth.NewAccount("ada", "ada@example.org"), "x", NOW).id
    movie_ids = [
        row[0] for row in db.rows("SELECT id FROM movies WHERE movielens_id IS NOT NULL ORDER BY id")
    ]
    rated = [
        (user, movie_id, 1 + n % 10, REVIEW if n % 10 == 0 else "", NOW + n, NOW + n)
        for n, movie_id in enumerate(movie_ids)
    ]
    seen = [
        (user, movie_id, "2024-05-17", "", False, "[]", NOW + n) for n, movie_id in enumerate(movie_ids[::5])
    ]
    loved = [(user, movie_id, "", NOW + n) for n, movie_id in enumerate(movie_ids[::20])]
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


def _measured(action: str, format: str, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.exports", "--measure", action, format]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def measure(action: str, format: str) -> dict[str, float]:
    """Return megabytes of the file, seconds, and resident megabytes at the peak and before the first row."""
    settings = config.load()
    db.connect(settings)
    scratch = Path(os.environ["MOVIEREC_HOME"])
    target = scratch / f"exported.{format}"
    user = db.value("SELECT id FROM users WHERE username_key = 'ada'")
    before, started = _resident(), time.perf_counter()
    if action == "export":
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
    """Return the peak of resident megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
