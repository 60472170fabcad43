"""Community ratings as stored: datasets and their blocks, used for training only."""

from movierec.community import models  # registers the tables
from movierec.community.blocks import Ratings
from movierec.community.datasets import (
    MINIMUM_RATERS,
    StoredDataset,
    all_ratings,
    count_ratings,
    datasets,
    delete_dataset,
    find_dataset,
    histories,
    replace_dataset,
    revision,
)

__all__ = [
    "MINIMUM_RATERS",
    "Ratings",
    "StoredDataset",
    "all_ratings",
    "count_ratings",
    "datasets",
    "delete_dataset",
    "find_dataset",
    "histories",
    "models",
    "replace_dataset",
    "revision",
]
