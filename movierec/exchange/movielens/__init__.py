"""Import of MovieLens datasets: movies linked to the catalogue, ratings stored as community ratings."""

from movierec.exchange.movielens.pipeline import DATASET, ProgressCallback, check_source, import_movielens

__all__ = ["DATASET", "ProgressCallback", "check_source", "import_movielens"]
