"""Worker of `benchmarks.peers`: runs one algorithm of another library in that library's environment.

Imports nothing of movierec. Its arguments are the algorithm's name and its settings as a JSON object. It reads
requests on standard input, a JSON object a line (`train`, `score` or `rate`, with file names), and writes a response
for each on standard output. Libraries get their usual input: ratings of 4 and more, as ones.
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
    """implicit's AlternatingLeastSquares with the caller's settings."""

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
        all_scores = np.zeros(history.shape, dtype=np.float32)
        all_scores[:, self.inside] = history[:, self.inside] @ np.asarray(self.model.weight, dtype=np.float32)
        return all_scores


class LensKitKnn:
    """LensKit's ItemKNNScorer on implicit feedback."""

    def fit(self, rows):
        import pandas as pd
        from lenskit.data import from_interactions_df
        from lenskit.knn import ItemKNNScorer
        from lenskit.training import TrainingOptions

        table = rows.tocoo()
        self.items = rows.shape[1]
        data = from_interactions_df(pd.DataFrame({"user_id": table.row, "item_id": table.col}))
        self.trained_items = np.unique(table.col)
        self.model = ItemKNNScorer(k=20, feedback="implicit")
        self.model.train(data, TrainingOptions())

    def scores(self, history):
        from lenskit.data import ItemList, RecQuery

        all_scores = np.zeros(history.shape, dtype=np.float32)
        for row in range(history.shape[0]):
            # It panics on items that were not in training.
            items = np.intersect1d(history[row].indices, self.trained_items)
            scored = self.model(
                query=RecQuery(user_items=ItemList(items)), items=ItemList(self.trained_items)
            )
            all_scores[row, self.trained_items] = np.nan_to_num(scored.scores())
        return all_scores


def surprise_ratings(name, train, test):
    """Return expected stars of (user, item) pairs by one of Surprise's algorithms."""
    import pandas as pd
    import surprise

    algorithms = {
        "SVD": lambda: surprise.SVD(random_state=42),
        "SVD++": lambda: surprise.SVDpp(random_state=42),
        "KNNBaseline": lambda: surprise.KNNBaseline(
            sim_options={"name": "pearson_baseline", "user_based": False}, verbose=False
        ),
    }
    frame = pd.DataFrame(train, columns=["user", "item", "stars"])
    data = surprise.Dataset.load_from_df(frame, surprise.Reader(rating_scale=(0.5, 5)))
    model = algorithms[name]()
    model.fit(data.build_full_trainset())
    return np.array([model.predict(user, item).est for user, item in test[:, :2]])


ALGORITHMS = {"item-cosine": ItemCosine, "als": Als, "ease": Ease, "lenskit-knn": LensKitKnn}


def main():
    if len(sys.argv) < 3:
        print("`python -m benchmarks.peers` runs this.")
        return
    responses = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print to standard output
    model = ALGORITHMS[sys.argv[1]](**json.loads(sys.argv[2])) if sys.argv[1] in ALGORITHMS else None
    for line in sys.stdin:
        request = json.loads(line)
        started = time.perf_counter()
        response = {}
        if "train" in request:
            model.fit(liked(request["train"]))
        elif "rate" in request:
            pairs = np.load(request["rate"])
            np.save(request["to"], surprise_ratings(sys.argv[1], pairs["train"], pairs["test"]))
        else:
            history = liked(request["score"])
            np.save(request["to"], np.asarray(model.scores(history), dtype=np.float32))
            response["latency_ms"] = latency(model, history)
        response["seconds"] = time.perf_counter() - started
        response["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(response), file=responses, flush=True)


def latency(model, history):
    """Return the median milliseconds of scoring one history and ranking its best twenty."""
    milliseconds = []
    for row in range(min(60, history.shape[0])):
        one = history[[row]]
        started = time.perf_counter()
        scores = np.asarray(model.scores(one)).ravel()
        scores[one.indices] = -np.inf
        best = np.argpartition(-scores, 20)[:20]
        best[np.argsort(-scores[best])]
        milliseconds.append((time.perf_counter() - started) * 1000)
    return statistics.median(milliseconds)


if __name__ == "__main__":
    main()
