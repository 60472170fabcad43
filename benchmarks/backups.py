"""Time of a backup and a restore of the shipped catalogue: `python -m benchmarks.backups --help`.

`--movielens` adds community ratings and a trained model; `--database` restores to PostgreSQL.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from movierec import auth, config, db, movies
from movierec.config import Settings
from movierec.daemon.backup import back_up
from movierec.daemon.restore import restore
from movierec.exchange import movielens
from movierec.recommender.training import pipeline

Result = TypeVar("Result")
NOW = 1_750_000_000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--movielens", type=Path, help="a MovieLens folder or zip")
    arguments.add_argument(
        "--database", default="", metavar="URL", help="address of an empty database; default: SQLite"
    )
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = config.load(environ={"MOVIEREC_HOME": f"{folder}/here"})
        there = config.load(environ={"MOVIEREC_HOME": f"{folder}/there"})
        if options.database:
            there = dataclasses.replace(there, database=config.DatabaseSettings(url=options.database))
        fill(here, options.movielens)
        target = Path(folder) / "backup"
        contents = timed("backup", lambda: back_up(here, target, force=False, models=True))
        rows, megabytes = sum(contents.tables.values()), target.stat().st_size / 1e6
        print(f"{rows:,} rows in {len(contents.tables)} tables, {megabytes:.1f} MB, model {contents.model}")
        db.close()
        timed("restore", lambda: restore(there, target, force=False))


def fill(settings: Settings, source: Path | None) -> None:
    settings.paths.state.mkdir(parents=True)
    db.connect(settings)
    db.migrate()
    movies.seed_catalogue(NOW)
    auth.load_or_create_keys(settings.paths.state / "keys.json")
    if source:
        movielens.import_movielens(source, settings.paths.state, limit_bytes=2**40, now=NOW)
        pipeline.train(settings, lambda *_: None, now=NOW)


def timed(what: str, work: Callable[[], Result]) -> Result:
    started = time.perf_counter()
    result = work()
    print(f"{what:<9}{time.perf_counter() - started:>7.1f} s", flush=True)
    return result


if __name__ == "__main__":
    main()
