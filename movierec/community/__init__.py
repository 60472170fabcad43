"""Ratings of other people as stored: datasets and their blocks, used for training only."""

from movierec.community import models  # registers what becomes of their rows when movies are merged
from movierec.community.blocks import Ratings
from movierec.community.datasets import (
    MINIMUM_RATERS,
    StoredDataset,
    all_ratings,
    count_ratings,
    datasets,
    delete_dataset,
    find_dataset,
    give_way,
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
    "give_way",
    "histories",
    "models",
    "replace_dataset",
    "revision",
]
