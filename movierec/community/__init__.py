"""Ratings of other people as stored: datasets and their blocks, used for training only."""

from movierec.community import models  # registers what becomes of their rows when movies are merged
from movierec.community.blocks import Ratings
from movierec.community.datasets import (
    MINIMUM_RATERS,
    StoredDataset,
    count,
    dataset,
    datasets,
    give_way,
    histories,
    ratings,
    remove_dataset,
    replace_dataset,
    revision,
)

__all__ = [
    "MINIMUM_RATERS",
    "Ratings",
    "StoredDataset",
    "count",
    "dataset",
    "datasets",
    "give_way",
    "histories",
    "models",
    "ratings",
    "remove_dataset",
    "replace_dataset",
    "revision",
]
