"""One algorithm of another library, run in that library's environment by `benchmarks.peers`; imports no movierec.

Its arguments are the algorithm's name and its settings as a JSON object. Reads requests on standard input, a
JSON object a line (`train`, `score` or `rate`, with file names), answers with one on standard output. Libraries
get what is usual for them: ratings of 4 and more, as ones.
"""

import json
import os
import resource
import statistics
import sys
import time

import numpy as np
from scipy import sparse

LIKED = 4.0


def liked(path):
    rows = sparse.load_npz(path).tocsr()
    rows = sparse.csr_matrix((rows.data, rows.indices, rows.indptr), shape=rows.shape)
    rows.data = (rows.data >= LIKED).astype(np.float32)
    rows.eliminate_zeros()
    return rows


class ItemCosine:
    """implicit's CosineRecommender, 100 neighbours."""

    def fit(self, rows):
        from implicit.nearest_neighbours import CosineRecommender

        self.model = CosineRecommender(K=100)
        self.model.fit(rows, show_progress=False)

    def scores(self, history):
        return (history @ self.model.similarity).toarray()


class Als:
    """implicit's AlternatingLeastSquares; the caller says its settings."""

    def __init__(self, factors, regularization, alpha):
        self.settings = {"factors": factors, "regularization": regularization, "alpha": alpha}

    def fit(self, rows):
        from implicit.cpu.als import AlternatingLeastSquares

        self.model = AlternatingLeastSquares(**self.settings, iterations=20, random_state=42)
        self.model.fit(rows, show_progress=False)

    def scores(self, history):
        users = self.model.recalculate_user(np.arange(history.shape[0]), history)
        return users @ self.model.item_factors.T


class Ease:
    """RecTools' EASEModel, λ = 500."""

    def fit(self, rows):
        import pandas as pd
        from rectools.dataset import Dataset
        from rectools.models import EASEModel

        table = rows.tocoo()
        columns = {"user_id": table.row, "item_id": table.col, "weight": 1.0, "datetime": "2000-01-01"}
        dataset = Dataset.construct(pd.DataFrame(columns))
        self.inside = dataset.item_id_map.external_ids.astype(np.int64)
        self.model = EASEModel(regularization=500.0)
        self.model.fit(dataset)

    def scores(self, history):
        found = np.zeros(history.shape, dtype=np.float32)
        found[:, self.inside] = history[:, self.inside] @ np.asarray(self.model.weight, dtype=np.float32)
        return found


class LensKitKnn:
    """LensKit's ItemKNNScorer on implicit feedback."""

    def fit(self, rows):
        import pandas as pd
        from lenskit.data import from_interactions_df
        from lenskit.knn import ItemKNNScorer
        from lenskit.training import TrainingOptions

        table = rows.tocoo()
        self.films = rows.shape[1]
        data = from_interactions_df(pd.DataFrame({"user_id": table.row, "item_id": table.col}))
        self.known = np.unique(table.col)
        self.model = ItemKNNScorer(k=20, feedback="implicit")
        self.model.train(data, TrainingOptions())

    def scores(self, history):
        from lenskit.data import ItemList, RecQuery

        found = np.zeros(history.shape, dtype=np.float32)
        for row in range(history.shape[0]):
            # It panics on films that it has not seen in training.
            films = np.intersect1d(history[row].indices, self.known)
            scored = self.model(query=RecQuery(user_items=ItemList(films)), items=ItemList(self.known))
            found[row, self.known] = np.nan_to_num(scored.scores())
        return found


def surprise_ratings(name, train, test):
    """Expected stars of (user, film) pairs by one of Surprise's algorithms."""
    import pandas as pd
    import surprise

    algorithms = {
        "SVD": lambda: surprise.SVD(random_state=42),
        "SVD++": lambda: surprise.SVDpp(random_state=42),
        "KNNBaseline": lambda: surprise.KNNBaseline(
            sim_options={"name": "pearson_baseline", "user_based": False}, verbose=False
        ),
    }
    frame = pd.DataFrame(train, columns=["user", "film", "stars"])
    data = surprise.Dataset.load_from_df(frame, surprise.Reader(rating_scale=(0.5, 5)))
    model = algorithms[name]()
    model.fit(data.build_full_trainset())
    return np.array([model.predict(user, film).est for user, film in test[:, :2]])


ALGORITHMS = {"item-cosine": ItemCosine, "als": Als, "ease": Ease, "lenskit-knn": LensKitKnn}


def main():
    if len(sys.argv) < 3:
        print("`python -m benchmarks.peers` runs this.")
        return
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print
    model = ALGORITHMS[sys.argv[1]](**json.loads(sys.argv[2])) if sys.argv[1] in ALGORITHMS else None
    for line in sys.stdin:
        asked = json.loads(line)
        started = time.perf_counter()
        answer = {}
        if "train" in asked:
            model.fit(liked(asked["train"]))
        elif "rate" in asked:
            pairs = np.load(asked["rate"])
            np.save(asked["to"], surprise_ratings(sys.argv[1], pairs["train"], pairs["test"]))
        else:
            history = liked(asked["score"])
            np.save(asked["to"], np.asarray(model.scores(history), dtype=np.float32))
            answer["latency_ms"] = latency(model, history)
        answer["seconds"] = time.perf_counter() - started
        answer["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(answer), file=answers, flush=True)


def latency(model, history):
    """Milliseconds of one history: scores and the best twenty, median."""
    found = []
    for row in range(min(60, history.shape[0])):
        one = history[[row]]
        started = time.perf_counter()
        scores = np.asarray(model.scores(one)).ravel()
        scores[one.indices] = -np.inf
        best = np.argpartition(-scores, 20)[:20]
        best[np.argsort(-scores[best])]
        found.append((time.perf_counter() - started) * 1000)
    return statistics.median(found)


if __name__ == "__main__":
    main()
