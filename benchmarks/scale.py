"""Time and memory of training by the number of ratings; memory does not grow with them.

`python -m benchmarks.scale [--ratings 2 10 20] [--films 20000] [--threads 2] [--database]`. Synthetic ratings
(`benchmarks.synthetic`), in millions. By default they go straight into the statistics, which are then solved twice;
with --database they are imported into a SQLite database and a model is trained and published as the daemon does it.
Each row is a process of its own, with its peak memory.
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import synthetic


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--ratings", type=float, nargs="+", default=[2, 10, 20], help="Millions of ratings."
    )
    arguments.add_argument("--films", type=int, default=20_000)
    arguments.add_argument("--threads", type=int, default=2, help="Number of threads for linear algebra.")
    arguments.add_argument(
        "--database", action="store_true", help="Import into a database and train instead."
    )
    arguments.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.alone:
        figures = (measure_database if given.database else measure_solution)(
            int(given.ratings[0] * 1e6), given.films
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({**figures, "peak MB": round(peak)}), flush=True)
        return
    header: list[str] = []
    for millions in given.ratings:
        figures = run_alone(millions, given.films, given.threads, database=given.database)
        if not header:
            header = list(figures)
            print("".join(f"{name:>17}" for name in header))
        print("".join(f"{figures[name]:>17,}" for name in header), flush=True)


def run_alone(millions: float, films: int, threads: int, *, database: bool) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.scale",
        "--alone",
        "--ratings",
        str(millions),
        "--films",
        str(films),
    ]
    environ = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads)}
    process = subprocess.run(
        [*command, *(["--database"] if database else [])],
        env=environ,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    figures: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return figures


class Stages:
    """Elapsed and processor seconds of each named stage, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began, self._name = self._now(), ""

    def __call__(self, name: str, _done: float = 0.0) -> None:
        now = self._now()
        if self._name:
            for clock, (began, ended) in zip(("s", "cpu"), zip(self._began, now, strict=True), strict=True):
                column = f"{self._name} {clock}"
                self.seconds[column] = round(self.seconds.get(column, 0.0) + ended - began, 1)
        self._began, self._name = now, name

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()


def measure_solution(total: int, films: int) -> dict[str, Any]:
    """Measure accumulation and solution alone, apart from generating the ratings."""
    from movierec.recommender.engine.model import accumulate_statistics, solve_model
    from movierec.recommender.engine.rating_matrix import rating_rows
    from movierec.recommender.engine.settings import ModelSettings

    stages = Stages()

    def read() -> Iterator[Any]:
        stages("made up")
        for block in synthetic.generate_ratings(total, films):
            stages("sums")
            rows = block.raters - block.raters.min()
            shape = (int(rows.max()) + 1, films)
            stars = rating_rows(rows, block.movie_ids - 1, block.stars, block.rated_at, shape, 1_500)
            counted["ratings"] += stars.nnz
            yield stars
            stages("made up")

    counted = {"ratings": 0}
    settings = ModelSettings(coverage=1.0, min_raters=1)
    statistics = accumulate_statistics(read, films, settings)
    stages("")
    sums_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    solve_model(statistics, None, films, settings, stages)
    stages("")
    return {
        "ratings": counted["ratings"] // 2,  # read twice
        "films": len(statistics.items),
        "users": statistics.users,
        **{name: seconds for name, seconds in stages.seconds.items() if not name.startswith("done")},
        "sums MB": sums_mb,
    }


def measure_database(total: int, films: int) -> dict[str, Any]:
    """Measure import and training, from an empty database to a published model."""
    from movierec import community, config, db, movies
    from movierec.community.blocks import Ratings
    from movierec.movies import MovieRecord
    from movierec.recommender.training import pipeline

    with tempfile.TemporaryDirectory() as home:
        settings = config.load(
            environ={"MOVIEREC_HOME": home, "MOVIEREC_RECOMMENDER__MAXIMUM_FILMS": str(films)}
        )
        db.connect(settings)
        db.migrate()
        stages = Stages()
        stages("import")
        genres = ("Drama", "Comedy", "Horror", "Western", "War")
        ids = movies.upsert(
            [
                MovieRecord(
                    source="movielens",
                    movielens_id=number,
                    title=f"Film {number}",
                    year=1920 + number % 100,
                    genres=(genres[number % 5], genres[number % 3]),
                )
                for number in range(1, films + 1)
            ],
            1,
        )

        def blocks() -> Iterator[Ratings]:
            for block in synthetic.generate_ratings(total, films):
                for start in range(0, len(block), 100_000):
                    yield block.part(start, start + 100_000)

        assert ids == list(range(1, films + 1))
        stored = community.replace_dataset("synthetic", "made up", blocks(), 1)
        report = pipeline.train(settings, stages, now=1)
        stages("")
        folder = Path(home) / "state" / "models" / report["version"]
        size = sum(file.stat().st_size for file in folder.iterdir())
        db.close()
    return {
        "ratings": stored.ratings,
        "films": report["movies"],
        **stages.seconds,
        "model MB": round(size / 1e6),
    }


if __name__ == "__main__":
    main()
