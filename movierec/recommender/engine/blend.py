"""The collaborative scorer: two item–item matrices and popularity, blended by the length of a history."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movierec.recommender.engine.arrays import Floats, Ints
from movierec.recommender.engine.edlae import ItemMatrix
from movierec.recommender.engine.settings import EdlaeSettings, Settings
from movierec.recommender.engine.weights import serving_weights

DEFAULT_NOVELTY = 0.5
# What is added to γ for who wants films that few know.
ADVENTUROUS = 0.3


@dataclass(frozen=True, slots=True)
class BlendShares:
    """What each scorer counts for in one request; the three add up to 1."""

    long: float
    short: float
    popular: float


def blend_shares(ratings: int, settings: Settings, novelty: float = DEFAULT_NOVELTY) -> BlendShares:
    """Shares for a history of so many ratings. Above the usual novelty popularity counts for less."""
    if ratings == 0:
        return BlendShares(0.0, 0.0, 1.0)
    span = math.log(settings.many) - math.log(settings.few)
    short = min(1.0, max(0.0, (math.log(settings.many) - math.log(ratings)) / span))
    popular = settings.popular_share * max(0.0, 1.0 - ratings / settings.popular_until)
    popular *= min(1.0, 2.0 * (1.0 - novelty))
    return BlendShares((1.0 - popular) * (1.0 - short), (1.0 - popular) * short, popular)


def z_scores(values: Floats) -> Floats:
    """z-scores; all zeros where there is no spread."""
    spread = float(values.std()) if len(values) else 0.0
    return (values - values.mean()) / np.float32(spread) if spread > 0 else np.zeros_like(values)


@dataclass(frozen=True, slots=True)
class BlendedMatrix:
    """One matrix in one request: its entries times `factor` (a number for each film) go into the score."""

    matrix: ItemMatrix
    factor: Floats


@dataclass(frozen=True, slots=True)
class FoldIn:
    """A history scored by a model that was not trained on it. Films are numbered as in the model."""

    films: Ints
    weights: Floats
    scores: Floats
    parts: tuple[BlendedMatrix, ...]
    # Only films that the history speaks against are moved (a history of dislikes).
    only_down: bool = False

    def contributions(self, targets: Ints) -> Floats:
        """History × targets: what each rated film adds to each target's score.

        `scores[j] = baseline[j] + contributions[:, j].sum()`, where the baseline (popularity, less the
        average film's score) is the same for everybody with this history's length and spread.
        """
        total = np.zeros((len(self.films), len(targets)), dtype=np.float32)
        for part in self.parts:
            total += part.matrix.entries(self.films, targets) * part.factor[targets]
        total *= self.weights[:, None]
        if self.only_down:
            total *= total.sum(axis=0) < 0
        return total


class Blend:
    """`(1−r)·[(1−v)·z(w·B_long) + v·z(w·B_short)] + r·z(√e)`; v and r fall as the history grows.

    e is a film's esteem, the sum of its squared weights in training: how many rated it, and how well.
    """

    def __init__(
        self, long: ItemMatrix, short: ItemMatrix, raters: Ints, esteem: Floats, settings: Settings
    ) -> None:
        self.long, self.short, self.raters, self.esteem, self.settings = long, short, raters, esteem, settings
        self.popularity = z_scores(np.sqrt(esteem).astype(np.float32))
        self._usual = {
            memory: popularity_discounts(raters, memory.spared, memory.discount)
            for memory in (settings.long, settings.short)
        }

    def fold_in(self, films: Ints, stars: Floats, novelty: float = DEFAULT_NOVELTY) -> FoldIn:
        """Score every film of the model for one history; nothing is masked."""
        weights = serving_weights(stars, self.settings.dislikes)
        if not len(films):
            return FoldIn(films, weights, self.popularity, ())
        if not (weights > 0).any():
            return self._against(films, weights, novelty)
        shares = blend_shares(len(films), self.settings, novelty)
        scores = self.popularity * np.float32(shares.popular)
        parts = []
        for matrix, memory, share in (
            (self.long, self.settings.long, shares.long),
            (self.short, self.settings.short, shares.short),
        ):
            if share > 0:
                discount = self._discount(memory, novelty)
                values = matrix.product(films, weights) * discount
                factor = np.float32(share / (float(values.std()) or 1.0))
                scores += (values - values.mean()) * factor
                parts.append(BlendedMatrix(matrix, discount * factor))
        return FoldIn(films, weights, scores, tuple(parts))

    def similarity(self, film: int) -> Floats:
        """Similarity of every film to one: the mean of both matrices' partial correlations; itself 0.

        Discounted as scores are, and then relative to the film's own discount: that everybody has seen two films
        makes them no more alike.
        """
        both = np.zeros(len(self.raters), dtype=np.float32)
        for matrix, memory in ((self.long, self.settings.long), (self.short, self.settings.short)):
            discount = self._usual[memory]
            both += matrix.partial_correlations(film) * (discount / discount[film])
        return both * np.float32(0.5)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What an artifact keeps; `from_arrays` reads it back."""
        return {
            "long": self.long.values,
            "long_scale": self.long.scale,
            "long_precision": self.long.precision,
            "short": self.short.values,
            "short_scale": self.short.scale,
            "short_precision": self.short.precision,
            "raters": self.raters,
            "esteem": self.esteem,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]], settings: Settings) -> "Blend":
        """The blend of arrays as `arrays` gives them, memory-mapped or not."""
        long, short = (
            ItemMatrix(
                np.asarray(arrays[name], dtype=np.int8),
                np.asarray(arrays[f"{name}_scale"], dtype=np.float32),
                np.asarray(arrays[f"{name}_precision"], dtype=np.float32),
            )
            for name in ("long", "short")
        )
        raters = np.asarray(arrays["raters"], dtype=np.int64)
        # Models of before had no esteem.
        esteem = np.asarray(arrays.get("esteem", raters), dtype=np.float32)
        return cls(long, short, raters, esteem, settings)

    def _against(self, films: Ints, weights: Floats, novelty: float) -> FoldIn:
        """Dislikes only: popularity less the kin of the disliked films.

        z-scores of an all-negative row would recommend the opposite tail instead.
        """
        discount = self._discount(self.settings.short, novelty)
        values = self.short.product(films, -np.abs(weights)) * discount
        factor = discount / np.float32(float(values.std()) or 1.0)
        scores = self.popularity + np.minimum(values, 0) * (factor / discount)
        return FoldIn(films, -np.abs(weights), scores, (BlendedMatrix(self.short, factor),), only_down=True)

    def _discount(self, memory: EdlaeSettings, novelty: float) -> Floats:
        if novelty == DEFAULT_NOVELTY:
            return self._usual[memory]
        gamma = memory.discount * min(1.0, novelty / DEFAULT_NOVELTY)
        gamma += ADVENTUROUS * max(0.0, novelty - DEFAULT_NOVELTY) / (1.0 - DEFAULT_NOVELTY)
        return popularity_discounts(self.raters, memory.spared, gamma)


def popularity_discounts(raters: Ints, spared: float, gamma: float) -> Floats:
    """`(raters + spared) ** -γ`: what the entries of each film's column are multiplied by."""
    found: Floats = (raters.astype(np.float32) + np.float32(spared)) ** np.float32(-gamma)
    return found
