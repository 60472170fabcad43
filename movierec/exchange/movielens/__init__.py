"""MovieLens datasets: films joined to the catalogue, ratings kept as community ratings. See `importing`."""

from movierec.exchange.movielens.pipeline import DATASET, ProgressCallback, check_source, import_movielens

__all__ = ["DATASET", "ProgressCallback", "check_source", "import_movielens"]
