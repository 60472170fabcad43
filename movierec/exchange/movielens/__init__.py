"""Import of MovieLens datasets: movies linked to the catalogue, ratings stored as community ratings."""

from movierec.exchange.movielens.pipeline import DATASET, check_source, import_movielens

__all__ = ["DATASET", "check_source", "import_movielens"]
