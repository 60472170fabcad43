"""Trained models as artifacts: writing their arrays and manifest, and mapping them to a catalogue again."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
import scipy
from scipy import sparse

from movierec import __version__
from movierec.recommender.artifacts import store
from movierec.recommender.artifacts.store import Artifact, CorruptArtifact, Manifest
from movierec.recommender.engine.arrays import Csr, Ints, as_csr
from movierec.recommender.engine.blend import Blend
from movierec.recommender.engine.hybrid import CommunityModel, catalogue_transfer_matrix
from movierec.recommender.engine.model import Model
from movierec.recommender.engine.rating_prediction import RatingModel
from movierec.recommender.engine.settings import ModelSettings
from movierec.recommender.serving.movie_index import MovieIndex


def publish_model(
    folder: Path,
    model: Model,
    ratings: RatingModel,
    movie_ids: Ints,
    catalogue: MovieIndex,
    facts: Manifest,
) -> str:
    """Publish `model` as the current version; `movie_ids` are those of the columns it was fitted on.

    `ratings` predicts ratings of the model's movies. The transfer matrix, from which the movies of `catalogue`
    without raters take their scores, is stored too: computing it would be the slowest part of a daemon's start.
    `facts` go into the manifest beside what every model records. Returns the version.
    """
    ids = np.asarray(movie_ids, dtype=np.int64)[model.items]
    positions = catalogue.items_of(ids)
    transfer = catalogue_transfer_matrix(catalogue.content.features, model.blend.raters, positions)
    manifest = {
        **facts,
        "movies": len(ids),
        "catalogue": catalogue.revision,
        "libraries": {
            "movierec": __version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "python": platform.python_version(),
        },
    }
    arrays = {
        "movie_ids": ids,
        **model.blend.to_arrays(),
        **ratings.to_arrays(),
        "spread_ids": catalogue.movie_ids,
        "spread_ends": transfer.indptr.astype(np.int64),
        "spread_films": transfer.indices.astype(np.int32),
        "spread_shares": transfer.data,
    }
    return store.publish(folder, arrays, manifest)


def community_from_artifact(
    artifact: Artifact, catalogue: MovieIndex, settings: ModelSettings
) -> CommunityModel:
    """Return the model of an artifact, mapped to the present catalogue.

    Raises CorruptArtifact if an array is missing that this version of movierec needs.
    """
    try:
        movie_ids = np.asarray(artifact.arrays["movie_ids"], dtype=np.int64)
        blend = Blend.from_arrays(artifact.arrays, settings)
        positions = _without_merged(catalogue.items_of(movie_ids), movie_ids, catalogue)
        transfer = _stored_transfer_matrix(artifact, catalogue, blend.raters, positions, movie_ids)
        ratings = RatingModel.from_arrays(artifact.arrays) if "rating_films" in artifact.arrays else None
    except KeyError as error:
        raise CorruptArtifact(
            f"model {artifact.version}: {error} is missing: another version of movierec made it; train a new one"
        ) from error
    return CommunityModel(blend, positions, catalogue.content, transfer, ratings)


def _without_merged(positions: Ints, movie_ids: Ints, catalogue: MovieIndex) -> Ints:
    """Give an item to only one of two merged movies of the model, the one that was kept; −1 to the other."""
    is_merged = np.isin(movie_ids, list(catalogue.aliases))
    order = np.argsort(is_merged, kind="stable")
    _, first = np.unique(positions[order], return_index=True)
    unique = np.full(len(positions), -1, dtype=np.int64)
    unique[order[first]] = positions[order[first]]
    return unique


def _stored_transfer_matrix(
    artifact: Artifact, catalogue: MovieIndex, raters: Ints, positions: Ints, movie_ids: Ints
) -> Csr | None:
    """Return the stored matrix with a row for each movie of the present catalogue; None if none is stored.

    Rows of movies added since, and of movies that the model's movies were merged into, are computed now: some
    thousands a second.
    """
    if "spread_ids" not in artifact.arrays:
        return None
    ids, ends, columns, shares = (
        np.asarray(artifact.arrays[f"spread_{name}"]) for name in ("ids", "ends", "films", "shares")
    )
    # With 64-bit ends SciPy would widen the columns too, and every product would read twice as much.
    ends = ends.astype(np.int32)
    stored = as_csr((shares, columns, ends), (len(ids), len(positions)))
    if np.array_equal(ids, catalogue.movie_ids):
        return stored
    merge_targets = [kept for lost, kept in catalogue.aliases.items() if lost in set(movie_ids.tolist())]
    is_stored = np.isin(catalogue.movie_ids, ids) & ~np.isin(catalogue.movie_ids, merge_targets)
    rows = np.searchsorted(ids, catalogue.movie_ids[is_stored])
    fresh = catalogue_transfer_matrix(catalogue.content.features, raters, positions, ~is_stored)
    both = sparse.vstack([stored[rows], fresh[~is_stored]], format="csr")
    order = np.empty(len(catalogue), dtype=np.int64)
    order[np.r_[np.flatnonzero(is_stored), np.flatnonzero(~is_stored)]] = np.arange(len(catalogue))
    return as_csr(both[order])
