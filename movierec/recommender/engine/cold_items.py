"""Cold items: items without raters take the scores of the rated items most similar by facts."""

import numpy as np
from scipy import sparse

from movierec.recommender.engine.arrays import Csr, Floats, Ints, Mask, as_csr
from movierec.recommender.engine.features import Features
from movierec.recommender.engine.settings import ColdItemSettings

# Items that are compared with all rated ones at once.
BLOCK_ITEMS = 512
# A fact of more than this share of the items is compared by a dense product.
DENSE_SHARE = 0.005


def own_score_share(raters: Ints, settings: ColdItemSettings = ColdItemSettings()) -> Floats:
    """Return the share of an item's score that is its own: n / (n + ¼), and all of it where n is large."""
    share = (raters / (raters + settings.half_evidence)).astype(np.float32)
    share[raters >= settings.well_known] = 1.0
    return share


def transfer_matrix(
    features: Features,
    catalogue_items: Ints,
    raters: Ints,
    only: Mask | None = None,
    settings: ColdItemSettings = ColdItemSettings(),
) -> Csr:
    """Return catalogue items × model items: the matrix that turns a model's scores into scores of every item.

    `score(j) = own(j)·s(j) + (1 − own(j)) · Σ cos²(j, k)·s(k) / (Σ cos²(j, k) + damping)`

    - own(j) = n / (n + ¼) for an item of n raters, 0 outside the model (`own_score_share`)
    - s: the model's scores; k: the 20 rated items nearest to j by the cosine of their feature vectors

    `catalogue_items` is the catalogue number of each item of the model, `raters` its number of raters. Rows outside
    `only` are left empty.
    """
    total = features.rows.shape[0]
    own = np.zeros(total, dtype=np.float32)
    filled = np.ones(total, dtype=bool) if only is None else only
    own[catalogue_items] = own_score_share(raters, settings)
    cold = np.flatnonzero((own < 1.0) & filled)
    nearest, cosines = nearest_rated_items(features.rows, cold, catalogue_items, settings.neighbours)
    weights = np.square(cosines)
    mass = weights.sum(axis=1)
    weights *= ((1.0 - own[cold]) / (mass + np.float32(settings.damping)))[:, None]
    themselves = np.flatnonzero(filled[catalogue_items])
    rows = np.r_[catalogue_items[themselves], np.repeat(cold, nearest.shape[1])]
    columns = np.r_[themselves, nearest.ravel()]
    values = np.r_[own[catalogue_items[themselves]], weights.ravel()].astype(np.float32)
    matrix = as_csr(sparse.csr_array((values, (rows, columns)), shape=(total, len(catalogue_items))))
    matrix.eliminate_zeros()
    return matrix


def nearest_rated_items(
    rows: Csr, items: Ints, rated: Ints, n: int = ColdItemSettings().neighbours
) -> tuple[Ints, Floats]:
    """Return the nearest rated items of each item, as indices into `rated`, and their cosines; never itself."""
    n = min(n, len(rated))
    if not n or not len(items):
        return np.zeros((len(items), n), dtype=np.int64), np.zeros((len(items), n), dtype=np.float32)
    is_common = np.bincount(rows.indices, minlength=rows.shape[1]) > DENSE_SHARE * rows.shape[0]
    common, rare = rows[:, np.flatnonzero(is_common)], rows[:, np.flatnonzero(~is_common)]
    common_rated, rare_rated = common[rated].toarray().T, sparse.csr_array(rare[rated].T)
    index_in_rated = np.full(rows.shape[0], -1, dtype=np.int64)
    index_in_rated[rated] = np.arange(len(rated))
    nearest = np.empty((len(items), n), dtype=np.int64)
    cosines = np.empty((len(items), n), dtype=np.float32)
    for start in range(0, len(items), BLOCK_ITEMS):
        block = items[start : start + BLOCK_ITEMS]
        similarity: Floats = common[block].toarray() @ common_rated
        shared = sparse.coo_array(rare[block] @ rare_rated)
        similarity[shared.coords] += shared.data
        itself = np.flatnonzero(index_in_rated[block] >= 0)
        similarity[itself, index_in_rated[block[itself]]] = 0.0
        best = np.argpartition(similarity, -n, axis=1)[:, -n:]
        nearest[start : start + len(block)] = best
        cosines[start : start + len(block)] = np.take_along_axis(similarity, best, axis=1)
    return nearest, cosines
