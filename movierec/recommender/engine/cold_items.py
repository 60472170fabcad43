"""Films without raters take the scores of the rated films most like them by facts."""

import numpy as np
from scipy import sparse

from movierec.recommender.engine.arrays import Csr, Floats, Ints, Mask, as_csr
from movierec.recommender.engine.features import Features

NEIGHBOURS = 20
# Raters at which a film's own score and its neighbours' would weigh the same: five ratings say more than any kinship.
HALF_EVIDENCE = 0.25
# With so many raters the neighbours' share is below 1 % and not worth the sums.
WELL_KNOWN = 100
# Pulls a film towards the average whose neighbours are but distant kin, as if so many average films were near.
DAMPING = 5.0
FILMS_A_BLOCK = 512
# A fact of more than this share of the films is compared by a dense product.
COMMON = 0.005


def own_score_share(raters: Ints) -> Floats:
    """The share of a film's score that is its own: n / (n + ¼), and all of it where n is large."""
    share = (raters / (raters + HALF_EVIDENCE)).astype(np.float32)
    share[raters >= WELL_KNOWN] = 1.0
    return share


def transfer_matrix(features: Features, positions: Ints, raters: Ints, only: Mask | None = None) -> Csr:
    """Catalogue films × model films: the matrix that turns a model's scores into scores of every film.

    `positions` is the catalogue number of each film of the model, `raters` its number of raters. A film keeps
    its evidence of its own score; the rest is the mean of its 20 nearest rated films, weighted by cos²
    and damped. Rows outside `only` are left empty.
    """
    total = features.rows.shape[0]
    own = np.zeros(total, dtype=np.float32)
    wanted = np.ones(total, dtype=bool) if only is None else only
    own[positions] = own_score_share(raters)
    needy = np.flatnonzero((own < 1.0) & wanted)
    nearest, cosines = nearest_rated_items(features.rows, needy, positions)
    weights = np.square(cosines)
    mass = weights.sum(axis=1)
    weights *= ((1.0 - own[needy]) / (mass + np.float32(DAMPING)))[:, None]
    themselves = np.flatnonzero(wanted[positions])
    rows = np.r_[positions[themselves], np.repeat(needy, nearest.shape[1])]
    columns = np.r_[themselves, nearest.ravel()]
    values = np.r_[own[positions[themselves]], weights.ravel()].astype(np.float32)
    matrix = as_csr(sparse.csr_array((values, (rows, columns)), shape=(total, len(positions))))
    matrix.eliminate_zeros()
    return matrix


def nearest_rated_items(rows: Csr, films: Ints, rated: Ints, n: int = NEIGHBOURS) -> tuple[Ints, Floats]:
    """For each film its nearest rated films, as places in `rated`, and their cosines; never itself."""
    n = min(n, len(rated))
    if not n or not len(films):
        return np.zeros((len(films), n), dtype=np.int64), np.zeros((len(films), n), dtype=np.float32)
    usual = np.bincount(rows.indices, minlength=rows.shape[1]) > COMMON * rows.shape[0]
    common, rare = rows[:, np.flatnonzero(usual)], rows[:, np.flatnonzero(~usual)]
    common_rated, rare_rated = common[rated].toarray().T, sparse.csr_array(rare[rated].T)
    place = np.full(rows.shape[0], -1, dtype=np.int64)
    place[rated] = np.arange(len(rated))
    nearest = np.empty((len(films), n), dtype=np.int64)
    cosines = np.empty((len(films), n), dtype=np.float32)
    for start in range(0, len(films), FILMS_A_BLOCK):
        block = films[start : start + FILMS_A_BLOCK]
        likeness: Floats = common[block].toarray() @ common_rated
        shared = sparse.coo_array(rare[block] @ rare_rated)
        likeness[shared.coords] += shared.data
        itself = np.flatnonzero(place[block] >= 0)
        likeness[itself, place[block[itself]]] = 0.0
        best = np.argpartition(likeness, -n, axis=1)[:, -n:]
        nearest[start : start + len(block)] = best
        cosines[start : start + len(block)] = np.take_along_axis(likeness, best, axis=1)
    return nearest, cosines
