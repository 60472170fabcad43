"""Memory of one model shared by several processes, and latency while they switch to a new one.

`python -m benchmarks.takeover postgresql://… [--processes 3] [--films 10000]`. The database must be empty; the model
is random. Memory is each process's proportional share (PSS), and the part of it that is the model's files.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.serving import random_matrix
from movierec import config, db
from movierec.recommender import ModelSettings, models_folder
from movierec.recommender.artifacts import store
from movierec.recommender.engine.blend import Blend
from movierec.recommender.engine.hybrid import catalogue_transfer_matrix
from movierec.recommender.serving.movie_index import load_movie_index
from tests.daemon.fleet import Fleet, run_fleet

RATED = 100
PATH = "/api/v1/recommendations/?limit=20"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("database", help="URL of an empty PostgreSQL database.")
    arguments.add_argument("--processes", type=int, default=3)
    arguments.add_argument("--films", type=int, default=10_000)
    arguments.add_argument("--seconds", type=float, default=15)
    given = arguments.parse_args()
    environment = {"MOVIEREC_DATABASE__URL": given.database}
    with (
        tempfile.TemporaryDirectory() as home,
        run_fleet(Path(home), given.processes, **environment) as fleet,
    ):
        settings = config.load(environ={"MOVIEREC_HOME": home, **environment})
        db.connect(settings)
        arrays = model(given.films, Path(home))
        publish(settings, arrays)
        token = fleet.sign_up("ann").access
        movie_ids = [row[0] for row in db.rows("SELECT id FROM movies ORDER BY id LIMIT 5000")]
        for movie_id in random.Random(42).sample(movie_ids, RATED):
            fleet(0, "PUT", f"/api/v1/favorites/ratings/movie/{movie_id}/", {"rating": 4.0}, token=token)
        for number in range(given.processes):
            fleet(number, "GET", PATH, token=token)
        print(f"{'':<14}{'answers':>9}{'failed':>8}{'median ms':>11}{'p99 ms':>9}{'max ms':>9}")
        time_requests(fleet, token, given.seconds, "alone")
        publishing = threading.Thread(target=publish, args=(settings, arrays))
        publishing.start()
        time_requests(fleet, token, given.seconds, "a new model")
        publishing.join()
        time.sleep(1)
        print_memory(fleet)
        db.close()


def model(movies: int, folder: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an artifact over the first movies of the catalogue."""
    rng = np.random.default_rng(42)
    catalogue = load_movie_index()
    long, short = (random_matrix(rng, movies, folder / f"{name}.npy") for name in ("long", "short"))
    raters = rng.integers(5, 50_000, movies)
    blend = Blend(long, short, raters, np.sqrt(raters).astype(np.float32), ModelSettings())
    transfer = catalogue_transfer_matrix(catalogue.content.features, raters, np.arange(movies))
    return {
        "movie_ids": catalogue.movie_ids[:movies],
        **blend.to_arrays(),
        "spread_ids": catalogue.movie_ids,
        "spread_ends": transfer.indptr.astype(np.int64),
        "spread_films": transfer.indices.astype(np.int32),
        "spread_shares": transfer.data,
    }


def publish(settings: config.Settings, arrays: dict[str, np.ndarray]) -> None:
    store.publish(models_folder(settings), arrays, {"trained_at": time.time_ns()})


def time_requests(fleet: Fleet, token: str, seconds: float, name: str) -> None:
    """Request lists from all processes in turn; each has a new seed, so that no result is cached."""
    times, failed, seed = [], 0, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seed += 1
        started = time.perf_counter()
        response = fleet(seed, "GET", f"{PATH}&seed={seed}", token=token)
        times.append((time.perf_counter() - started) * 1000)
        failed += response.status != 200
    p99 = sorted(times)[int(len(times) * 0.99)]
    print(
        f"{name:<14}{len(times):>9}{failed:>8}{statistics.median(times):>11.1f}{p99:>9.1f}{max(times):>9.1f}",
        flush=True,
    )


def print_memory(fleet: Fleet) -> None:
    print(f"{'process':<14}{'PSS MB':>9}{'of it the model':>18}{'if alone':>10}")
    for served in fleet.daemons:
        mapped = Path(f"/proc/{served.process.pid}/smaps").read_text()
        parts = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", mapped, flags=re.M)
        of_model = [part for part in parts if "/models/" in part.partition("\n")[0]]
        whole, shared, alone = _sum(parts, "Pss"), _sum(of_model, "Pss"), _sum(of_model, "Rss")
        print(f"{served.process.pid:<14}{whole:>9,}{shared:>18,}{alone:>10,}")


def _sum(parts: list[str], name: str) -> int:
    return (
        sum(int(size) for part in parts for size in re.findall(rf"^{name}:\s+(\d+) kB", part, re.M)) // 1024
    )


if __name__ == "__main__":
    main()
