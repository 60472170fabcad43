"""A trained model as an artifact and back: which arrays and facts are kept, and how they fit a catalogue."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from scipy import sparse

from movierec import __version__
from movierec.recommender.artifacts import store
from movierec.recommender.artifacts.store import Artifact, CorruptArtifact
from movierec.recommender.engine.arrays import Csr, Ints, as_csr
from movierec.recommender.engine.blend import Blend
from movierec.recommender.engine.hybrid import CommunityModel, catalogue_transfer_matrix
from movierec.recommender.engine.model import Model
from movierec.recommender.engine.rating_prediction import RatingModel
from movierec.recommender.engine.settings import Settings
from movierec.recommender.serving.movie_index import MovieIndex


def publish_model(
    folder: Path,
    model: Model,
    ratings: RatingModel,
    movie_ids: Ints,
    catalogue: MovieIndex,
    facts: dict[str, Any],
) -> str:
    """Make `model` the one to serve; `movie_ids` are those of the columns it was fitted on.

    `ratings` predicts stars of the model's films. What films of `catalogue` without raters are to take their
    scores from is kept too: to find it takes longer than anything else at a daemon's start. `facts` (JSON) go
    into the manifest beside what every model records. Returns its version.
    """
    films = np.asarray(movie_ids, dtype=np.int64)[model.films]
    positions = catalogue.items_of(films)
    spread = catalogue_transfer_matrix(catalogue.content.features, model.blend.raters, positions)
    recorded = {
        **facts,
        "movies": len(films),
        "catalogue": catalogue.revision,
        "libraries": {
            "movierec": __version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "python": platform.python_version(),
        },
    }
    arrays = {
        "movie_ids": films,
        **model.blend.arrays(),
        **ratings.arrays(),
        "spread_ids": catalogue.movie_ids,
        "spread_ends": spread.indptr.astype(np.int64),
        "spread_films": spread.indices.astype(np.int32),
        "spread_shares": spread.data,
    }
    return store.publish(folder, arrays, recorded)


def community_from_artifact(found: Artifact, catalogue: MovieIndex, settings: Settings) -> CommunityModel:
    """The model of an artifact, laid over the catalogue as it is now.

    Raises CorruptArtifact where it lacks what this version of movierec asks of a model.
    """
    try:
        movie_ids = np.asarray(found.arrays["movie_ids"], dtype=np.int64)
        blend = Blend.from_arrays(found.arrays, settings)
        positions = _one_each(catalogue.items_of(movie_ids), movie_ids, catalogue)
        spread = _spread_of(found, catalogue, blend.raters, positions, movie_ids)
        stars = RatingModel.from_arrays(found.arrays) if "rating_films" in found.arrays else None
    except KeyError as error:
        raise CorruptArtifact(
            f"model {found.version}: it has no {error}, being of another movierec; train a new one"
        ) from error
    return CommunityModel(blend, positions, catalogue.content, spread, stars)


def _one_each(positions: Ints, movie_ids: Ints, catalogue: MovieIndex) -> Ints:
    """Of two films of the model that were merged only one is a film of the catalogue: the one that was kept."""
    merged = np.isin(movie_ids, list(catalogue.aliases))
    order = np.argsort(merged, kind="stable")
    _, first = np.unique(positions[order], return_index=True)
    alone = np.full(len(positions), -1, dtype=np.int64)
    alone[order[first]] = positions[order[first]]
    return alone


def _spread_of(
    found: Artifact, catalogue: MovieIndex, raters: Ints, positions: Ints, movie_ids: Ints
) -> Csr | None:
    """The stored matrix with a row for each film of the present catalogue; None where none is stored.

    Films that came since, or that films of the model were merged into, get theirs now: some thousands of
    them a second.
    """
    if "spread_ids" not in found.arrays:
        return None
    ids, ends, films, shares = (
        np.asarray(found.arrays[f"spread_{name}"]) for name in ("ids", "ends", "films", "shares")
    )
    # With ends of 64 bits SciPy would widen the columns too, and every product would read twice as much.
    ends = ends.astype(np.int32)
    stored = as_csr(sparse.csr_array((shares, films, ends), shape=(len(ids), len(positions))))
    if np.array_equal(ids, catalogue.movie_ids):
        return stored
    became = [kept for lost, kept in catalogue.aliases.items() if lost in set(movie_ids.tolist())]
    known = np.isin(catalogue.movie_ids, ids) & ~np.isin(catalogue.movie_ids, became)
    places = np.searchsorted(ids, catalogue.movie_ids[known])
    fresh = catalogue_transfer_matrix(catalogue.content.features, raters, positions, ~known)
    both = sparse.vstack([stored[places], fresh[~known]], format="csr")
    order = np.empty(len(catalogue), dtype=np.int64)
    order[np.r_[np.flatnonzero(known), np.flatnonzero(~known)]] = np.arange(len(catalogue))
    return as_csr(both[order])
