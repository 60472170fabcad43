"""Other libraries beside what is served, on the same splits of a MovieLens dataset, with time, memory and latency.

`python -m benchmarks.peers FOLDER [--libraries implicit rectools lenskit surprise]`. Each library is installed into
an environment of its own below the cache folder; one that cannot be installed is left out, and that is said.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from movierec.recommender import Settings, evaluation, fit
from movierec.recommender.arrays import Csr, Floats, as_csr, row_of
from movierec.recommender.baselines import popularity
from movierec.recommender.dataset import Dataset, build
from movierec.recommender.factorise import fit_ratings
from movierec.recommender.facts import facts
from movierec.recommender.features import features_of
from movierec.recommender.ranking import top_k

WORKER = Path(__file__).with_name("peer_worker.py")
PACKAGES = {
    "implicit": "implicit>=0.7",
    "rectools": "RecTools>=0.12",
    "lenskit": "lenskit>=2025.1",
    "surprise": "scikit-surprise>=1.1.4",
}
RANKERS = {
    "implicit": {"implicit item cosine": "item-cosine", "implicit ALS tuned": "als"},
    "rectools": {"RecTools EASE λ=500": "ease"},
    "lenskit": {"LensKit ItemKNN": "lenskit-knn"},
    "surprise": {},
}
RATERS = ("SVD", "SVD++", "KNNBaseline")
CELLS = (1, 3, 5, 10, 20, 40, None)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path, nargs="?", help="holds ratings.csv and movies.csv")
    arguments.add_argument("--libraries", nargs="+", choices=PACKAGES, default=list(PACKAGES))
    arguments.add_argument("--seeds", type=int, nargs="+", default=list(evaluation.SEEDS))
    given = arguments.parse_args()
    folder = given.folder or default_folder()
    if folder is None:
        print("No dataset: name a folder, or set MOVIEREC_TEST_DATA to one that holds ml-latest-small.")
        return
    ready = {name: python for name in given.libraries if (python := environment(name))}
    data, features = read(folder)
    with tempfile.TemporaryDirectory() as scratch:
        rank(data, features, ready, given.seeds, Path(scratch))
        if "surprise" in ready:
            predict(data.ratings, ready["surprise"], Path(scratch))


def default_folder() -> Path | None:
    found = os.environ.get("MOVIEREC_TEST_DATA")
    return Path(found) / "ml-latest-small" if found else None


def environment(library: str) -> Path | None:
    """The Python of a library's own environment, made at the first call; None where it cannot be made."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "movierec-benchmarks" / library
    python = home / "bin" / "python"
    if not (home / "installed").exists():
        print(f"installing {PACKAGES[library]} …", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", PACKAGES[library]]
        if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
            print(f"{library} is left out: it could not be installed", file=sys.stderr)
            return None
        (home / "installed").touch()
    return python


def read(folder: Path) -> tuple[Dataset, Csr]:
    """Ratings, and the facts that MovieLens itself has: genres and years."""
    columns = np.loadtxt(folder / "ratings.csv", delimiter=",", skiprows=1)
    data = build(columns[:, 0], columns[:, 1], columns[:, 2])
    with (folder / "movies.csv").open(encoding="utf-8", newline="") as file:
        lines = {int(line["movieId"]): line for line in csv.DictReader(file)}
    films = [lines[film] for film in data.films.tolist()]
    years = [re.search(r"\((\d{4})\)\s*$", film["title"]) for film in films]
    genres = [film["genres"].split("|") for film in films]
    return data, features_of(facts(genres, [int(year[1]) if year else 0 for year in years])).rows


class Peer:
    """An algorithm in a process of its own, as `evaluation` wants it; collects what it costs."""

    def __init__(self, python: Path, algorithm: str, scratch: Path) -> None:
        self.python, self.algorithm, self.scratch = python, algorithm, scratch
        self.costs: list[dict[str, float]] = []
        self._process: subprocess.Popen[str] | None = None

    def ask(self, **request: str) -> dict[str, float]:
        if self._process is None:
            # -P: what lies beside the worker must not hide the library's own imports.
            self._process = subprocess.Popen(
                [str(self.python), "-P", str(WORKER), self.algorithm],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        self.costs.append({**answer, "fit": float("train" in request or "rate" in request)})
        return answer

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def __call__(self, train: Csr) -> Any:
        self.close()  # a process has the memory of one fit
        self.ask(train=self._stored(train))

        def scores(history: Csr) -> Floats:
            answer = self.scratch / "scores.npy"
            self.ask(score=self._stored(history), to=str(answer))
            found: Floats = np.load(answer)
            return found

        return scores

    def _stored(self, rows: Csr) -> str:
        path = self.scratch / "rows.npz"
        sparse.save_npz(path, rows, compressed=False)
        return str(path)


def rank(data: Dataset, features: Csr, ready: dict[str, Path], seeds: list[int], scratch: Path) -> None:
    peers = {
        shown: Peer(python, algorithm, scratch)
        for library, python in ready.items()
        for shown, algorithm in RANKERS[library].items()
    }
    # As the figures elsewhere are published: dislikes as trained.
    report = evaluation.evaluate(
        data.ratings,
        Settings(dislikes="trained"),
        features=features,
        algorithms={"popularity": popularity, **peers},
        cells=CELLS,
        seeds=seeds,
    )
    costs = {name: _costs(peer) for name, peer in peers.items()}
    costs[evaluation.SERVED] = own_costs(data.ratings, features, report.fit_seconds[evaluation.SERVED])
    print(f"{report.users:,} users, {report.films:,} films, {report.ratings:,} ratings, seeds {seeds}")
    (header, *rows) = report.table()
    print("| " + " | ".join([*header, "fit s", "peak MB", "one list ms"]) + " |")
    print("|" + "---|" * (len(header) + 3))
    for row in rows:
        print("| " + " | ".join([*row, *costs.get(row[0], ("", "", ""))]) + " |", flush=True)
    for peer in peers.values():
        peer.close()


def _costs(peer: Peer) -> tuple[str, str, str]:
    fits = [cost["seconds"] for cost in peer.costs if cost["fit"]]
    latencies = [cost["latency_ms"] for cost in peer.costs if "latency_ms" in cost]
    peak = max(cost["peak_mb"] for cost in peer.costs)
    return f"{statistics.mean(fits):.1f}", f"{peak:.0f}", f"{statistics.median(latencies):.2f}"


def own_costs(ratings: Csr, features: Csr, seconds: float) -> tuple[str, str, str]:
    """Of what is served; the memory is that of this process, which holds the dataset besides."""
    model = fit(ratings, features)
    allowed, found = np.ones(len(model.films), dtype=bool), []
    for user in range(min(200, ratings.shape[0])):
        films, stars = row_of(ratings, user)
        started = time.perf_counter()
        top_k(model.fold_in(films, stars).scores, allowed, 20)
        found.append((time.perf_counter() - started) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{seconds:.1f}", f"{peak:.0f}", f"{statistics.median(found):.2f}"


def predict(ratings: Csr, python: Path, scratch: Path) -> None:
    """RMSE of predicted ratings on a random tenth."""
    users = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    held_out = np.random.default_rng(1).random(ratings.nnz) < 0.1
    rows = np.stack([users, ratings.indices, ratings.data], axis=1)
    train, test = rows[~held_out], rows[held_out]
    np.savez(scratch / "pairs.npz", train=train, test=test)
    print("\n| predicted rating | RMSE | fit and predict s |\n|---|---|---|")
    started = time.perf_counter()
    _print_rmse("movierec", own_predictions(ratings, train, test), test, time.perf_counter() - started)
    for name in RATERS:
        peer = Peer(python, name, scratch)
        answer = peer.ask(rate=str(scratch / "pairs.npz"), to=str(scratch / "stars.npy"))
        _print_rmse(f"Surprise {name}", np.load(scratch / "stars.npy"), test, answer["seconds"])
        peer.close()


def own_predictions(ratings: Csr, train: Floats, test: Floats) -> Floats:
    """Every user folded in anew, as it is served."""
    stars = as_csr((train[:, 2], (train[:, 0].astype(int), train[:, 1].astype(int))), ratings.shape)
    model = fit_ratings(stars)
    expected = np.full(len(test), float(model.mean[0]), dtype=np.float32)
    users, films = test[:, 0].astype(int), test[:, 1].astype(int)
    for user in np.unique(users):
        taste = model.fold_in(*row_of(stars, int(user)))
        if taste is not None:
            expected[users == user] = taste.expected(films[users == user])
    return expected


def _print_rmse(name: str, expected: Floats, test: Floats, seconds: float) -> None:
    rmse = float(np.sqrt(np.square(np.clip(expected, 0.5, 5) - test[:, 2]).mean()))
    print(f"| {name} | {rmse:.4f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
