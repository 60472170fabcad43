"""Quality, time, memory and latency of other libraries and the served model, on the same splits of MovieLens.

`python -m benchmarks.peers FOLDER [--libraries implicit rectools lenskit surprise]`. Each library is installed into
an environment of its own below the cache folder. One that cannot be installed is left out, with a message.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks.movielens import MovieLens, default_folder, read_movielens
from movierec.daemon.quality import METRICS
from movierec.recommender import ModelSettings
from movierec.recommender.engine import evaluation, rmse
from movierec.recommender.engine.arrays import Csr, Floats
from movierec.recommender.engine.reference_models import REFERENCE_MODELS, popularity

WORKER = Path(__file__).with_name("peer_worker.py")
PACKAGES = {
    "implicit": "implicit>=0.7",
    "rectools": "RecTools>=0.12",
    "lenskit": "lenskit>=2025.1",
    # It reads data frames but does not require pandas.
    "surprise": "scikit-surprise>=1.1.4 pandas",
}
RANKERS = {
    "implicit": {"implicit item cosine": "item-cosine", "implicit ALS tuned": "als"},
    "rectools": {"RecTools EASE λ=500": "ease"},
    "lenskit": {"LensKit ItemKNN": "lenskit-knn"},
    "surprise": {},
}
RATING_PREDICTORS = ("SVD", "SVD++", "KNNBaseline")
# Reference models that are fitted in this process.
OWN_MODELS = {"popularity": popularity, **REFERENCE_MODELS}
# ALS depends on its settings more than the others. The best of these for whole histories is used, on splits that our
# own settings were chosen on too.
ALS_GRID = [
    {"factors": factors, "regularization": regularization, "alpha": alpha}
    for factors in (64, 128, 256)
    for regularization in (10.0, 20.0, 40.0, 80.0, 160.0)
    for alpha in (4.0, 8.0, 16.0)
]
TUNING_SEEDS = (1, 2)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "folder", type=Path, nargs="?", help="holds ratings.csv and movies.csv, or ratings.dat and movies.dat"
    )
    arguments.add_argument("--libraries", nargs="+", choices=PACKAGES, default=list(PACKAGES))
    arguments.add_argument("--seeds", type=int, nargs="+", default=list(evaluation.SEEDS))
    given = arguments.parse_args()
    folder = given.folder or default_folder()
    if folder is None:
        print("No dataset: name a folder, or set MOVIEREC_TEST_DATA to one that holds ml-latest-small.")
        return
    ready = {name: python for name in given.libraries if (python := environment(name))}
    data = read_movielens(folder)
    with tempfile.TemporaryDirectory() as scratch:
        rank(data, ready, given.seeds, Path(scratch))
        if "surprise" in ready:
            predict(data.ratings.ratings, ready["surprise"], Path(scratch))


def environment(library: str) -> Path | None:
    """Return the Python of a library's own environment, installed at the first call; None if that fails."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "movierec-benchmarks" / library
    python = home / "bin" / "python"
    if not (home / "installed").exists():
        print(f"installing {PACKAGES[library]} …", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES[library].split()]
        if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
            print(f"{library} is left out: pip could not install {PACKAGES[library]}.", file=sys.stderr)
            print("Check the network and try again.", file=sys.stderr)
            return None
        (home / "installed").touch()
    return python


class PeerProcess:
    """An algorithm of another library in a process of its own, callable as a fit function; records its costs."""

    def __init__(
        self, python: Path, algorithm: str, scratch: Path, settings: dict[str, float] | None = None
    ) -> None:
        self.python, self.algorithm, self.scratch, self.settings = python, algorithm, scratch, settings or {}
        self.costs: list[dict[str, float]] = []
        self._process: subprocess.Popen[str] | None = None

    def request(self, **message: str) -> dict[str, float]:
        if self._process is None:
            # -P: files beside the worker must not shadow the library's own imports.
            self._process = subprocess.Popen(
                [str(self.python), "-P", str(WORKER), self.algorithm, json.dumps(self.settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(message), file=self._process.stdin, flush=True)
        response: dict[str, float] = json.loads(self._process.stdout.readline())
        self.costs.append({**response, "fit": float("train" in message or "rate" in message)})
        return response

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def __call__(self, train: Csr) -> Any:
        self.close()  # each fit has a process of its own, for its peak memory
        self.request(train=self._stored(train))

        def scores(history: Csr) -> Floats:
            target = self.scratch / "scores.npy"
            self.request(score=self._stored(history), to=str(target))
            loaded: Floats = np.load(target)
            return loaded

        return scores

    def _stored(self, rows: Csr) -> str:
        path = self.scratch / "rows.npz"
        sparse.save_npz(path, rows, compressed=False)
        return str(path)


def tuned_als(python: Path, ratings: Csr, scratch: Path) -> dict[str, float]:
    """Return the settings of `ALS_GRID` with the best NDCG@100 for whole histories."""
    splits = [evaluation.split_users(ratings, seed) for seed in TUNING_SEEDS]
    ndcg = []
    for done, settings in enumerate(ALS_GRID):
        print(f"\rtuning ALS: {done} of {len(ALS_GRID)}", end="", file=sys.stderr, flush=True)
        peer = PeerProcess(python, "als", scratch, settings)
        of_splits = [
            evaluation.measure_ranking(peer(split.train)(split.first_ratings(None)), split).ndcg_100
            for split in splits
        ]
        peer.close()
        ndcg.append(statistics.mean(of_splits))
    best = ALS_GRID[int(np.argmax(ndcg))]
    print(f"\rALS: {best}, NDCG@100 {max(ndcg):.3f} on the splits {TUNING_SEEDS}", file=sys.stderr)
    return best


def rank(data: MovieLens, ready: dict[str, Path], seeds: list[int], scratch: Path) -> None:
    settings_of = (
        {"als": tuned_als(ready["implicit"], data.ratings.ratings, scratch)} if "implicit" in ready else {}
    )
    peers = {
        name_in_table: PeerProcess(python, algorithm, scratch, settings_of.get(algorithm))
        for library, python in ready.items()
        for name_in_table, algorithm in RANKERS[library].items()
    }
    ratings, content = data.ratings.ratings, data.item_content()
    # Dislikes as trained, as in the published figures.
    report = evaluation.evaluate(
        ratings,
        ModelSettings(dislikes="trained"),
        item_content=content,
        algorithms={**OWN_MODELS, **peers},
        seeds=seeds,
    )
    costs = {name: _costs(peer) for name, peer in peers.items()}
    print(f"{report.users:,} users, {report.films:,} films, {report.ratings:,} ratings, seeds {seeds}")
    for metric, name in METRICS.items():
        (header, *rows) = report.table(metric, name)
        print("\n| " + " | ".join(header) + " |\n|" + "---|" * len(header))
        for row in rows:
            print("| " + " | ".join(row) + " |")
    print("\n| costs | fit s | peak MB | one list ms |\n|---|---|---|---|")
    for name in report.fit_seconds:
        cells = costs.get(name) or _own_costs(report, name, data, seeds[0])
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    for peer in peers.values():
        peer.close()


def _own_costs(
    report: evaluation.EvaluationReport, name: str, data: MovieLens, seed: int
) -> tuple[str, str, str]:
    """Return the costs of a model of this process; it is fitted again alone to measure its memory."""
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        peak = alone.submit(_peak_alone, data, seed, name).result()
    return f"{report.fit_seconds[name]:.1f}", f"{peak:.0f}", f"{report.list_milliseconds[name]:.2f}"


def _peak_alone(data: MovieLens, seed: int, name: str) -> float:
    """Return the peak memory in MB of a process that fits one of our models."""
    fits = {**OWN_MODELS, evaluation.SERVED: evaluation.served_model(data.item_content(), ModelSettings())}
    fits[name](evaluation.split_users(data.ratings.ratings, seed).train)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _costs(peer: PeerProcess) -> tuple[str, str, str]:
    fits = [cost["seconds"] for cost in peer.costs if cost["fit"]]
    latencies = [cost["latency_ms"] for cost in peer.costs if "latency_ms" in cost]
    peak = max(cost["peak_mb"] for cost in peer.costs)
    return f"{statistics.mean(fits):.1f}", f"{peak:.0f}", f"{statistics.median(latencies):.2f}"


def predict(ratings: Csr, python: Path, scratch: Path) -> None:
    """Print the RMSE of predicted ratings on a random tenth that no model has seen."""
    held_out = rmse.hold_out_ratings(ratings)
    users = np.repeat(np.arange(ratings.shape[0]), np.diff(held_out.train.indptr))
    train = np.stack([users, held_out.train.indices, held_out.train.data], axis=1)
    # Users and items only: the worker must not see the stars.
    test = np.stack([held_out.users, held_out.items], axis=1)
    np.savez(scratch / "pairs.npz", train=train, test=test)
    print("\n| predicted rating | RMSE | fit and predict s |\n|---|---|---|")
    started = time.perf_counter()
    error = held_out.error(rmse.predict_with_model(held_out))
    _print_rmse("movierec", error, time.perf_counter() - started)
    for name in RATING_PREDICTORS:
        peer = PeerProcess(python, name, scratch)
        response = peer.request(rate=str(scratch / "pairs.npz"), to=str(scratch / "stars.npy"))
        _print_rmse(f"Surprise {name}", held_out.error(np.load(scratch / "stars.npy")), response["seconds"])
        peer.close()


def _print_rmse(name: str, error: float, seconds: float) -> None:
    print(f"| {name} | {error:.4f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
