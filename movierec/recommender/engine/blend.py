"""The collaborative scorer: two item–item matrices and popularity, blended by the length of a history."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movierec.recommender.engine.arrays import Floats, Ints
from movierec.recommender.engine.edlae import ItemMatrix
from movierec.recommender.engine.settings import (
    DEFAULT_NOVELTY,
    EdlaeSettings,
    ModelSettings,
    NoveltySettings,
)
from movierec.recommender.engine.weights import serving_weights


@dataclass(frozen=True, slots=True)
class BlendShares:
    """Shares of the long matrix, the short matrix and popularity in one request; they add up to 1."""

    long: float
    short: float
    popular: float


def blend_shares(ratings: int, settings: ModelSettings, novelty: float = DEFAULT_NOVELTY) -> BlendShares:
    """Return the shares for a history of `ratings` ratings.

    For h ratings the short matrix has v = clip((ln many − ln h) / (ln many − ln few), 0, 1) of what popularity
    leaves, popularity r = popular_share · max(0, 1 − h / popular_until), and everything at h = 0. Above the default
    novelty r falls, to 0 at novelty 1.
    """
    if ratings == 0:
        return BlendShares(0.0, 0.0, 1.0)
    span = math.log(settings.many) - math.log(settings.few)
    short = min(1.0, max(0.0, (math.log(settings.many) - math.log(ratings)) / span))
    popular = settings.popular_share * max(0.0, 1.0 - ratings / settings.popular_until)
    popular *= min(1.0, 2.0 * (1.0 - novelty))
    return BlendShares((1.0 - popular) * (1.0 - short), (1.0 - popular) * short, popular)


def z_scores(values: Floats) -> Floats:
    """Standardise values; all zeros where they do not differ."""
    deviation = float(values.std()) if len(values) else 0.0
    return (values - values.mean()) / np.float32(deviation) if deviation > 0 else np.zeros_like(values)


@dataclass(frozen=True, slots=True)
class BlendedMatrix:
    """One matrix in one request: its entries times `factor`, a number for each item, go into the score."""

    matrix: ItemMatrix
    factor: Floats


@dataclass(frozen=True, slots=True)
class FoldIn:
    """A history scored by a model that was not trained on it. Items are numbered as in the model."""

    items: Ints
    weights: Floats
    scores: Floats
    matrices: tuple[BlendedMatrix, ...]
    # True for a history of dislikes: only items that the history speaks against are moved.
    downward_only: bool = False

    def contributions(self, targets: Ints) -> Floats:
        """Return history × targets: the part of each target's score that each rated item adds.

        `scores[j] = baseline[j] + contributions[:, j].sum()`, where the baseline (popularity, less the average
        item's score) is the same for everybody with this history's length and spread.
        """
        total = np.zeros((len(self.items), len(targets)), dtype=np.float32)
        for blended in self.matrices:
            total += blended.matrix.entries(self.items, targets) * blended.factor[targets]
        total *= self.weights[:, None]
        if self.downward_only:
            total *= total.sum(axis=0) < 0
        return total


class Blend:
    """The community's score of every item of the model, for one history.

    `score = (1−r)·[(1−v)·z(w·B_long·D_long) + v·z(w·B_short·D_short)] + r·z(√e)`

    - w: graded weights of the history (`weights.serving_weights`), 0 where nothing is rated
    - B_long, B_short: item–item matrices of EDLAE (Steck 2020, “Autoencoders that don't overfit towards the
      identity”), one for long and one for short histories, solved from one Gram matrix
    - D: diagonal popularity discount, `(raters + spared) ** -γ` of each matrix, γ turned by the novelty knob
    - z: z-scores over the whole model, before any filter, so that filters do not change the blend
    - v, r: shares of the short matrix and of popularity (`blend_shares`); both fall as the history grows
    - e: the sum of an item's squared weights in training, the diagonal of the Gram matrix: how many rated it, and
      how well

    A history of dislikes alone gets popularity less the neighbourhood of the disliked items.
    """

    def __init__(
        self,
        long: ItemMatrix,
        short: ItemMatrix,
        raters: Ints,
        squared_weights: Floats,
        settings: ModelSettings,
        novelty: NoveltySettings = NoveltySettings(),
    ) -> None:
        self.long, self.short, self.raters, self.squared_weights = long, short, raters, squared_weights
        self.settings, self.novelty = settings, novelty
        self.popularity = z_scores(np.sqrt(squared_weights).astype(np.float32))
        self._default_discounts = {
            matrix: popularity_discounts(raters, matrix.spared, matrix.discount)
            for matrix in (settings.long, settings.short)
        }

    def fold_in(self, items: Ints, stars: Floats, novelty: float = DEFAULT_NOVELTY) -> FoldIn:
        """Score every item of the model for one history; nothing is masked."""
        weights = serving_weights(stars, self.settings.dislikes)
        if not len(items):
            return FoldIn(items, weights, self.popularity, ())
        if not (weights > 0).any():
            return self._score_dislikes(items, weights, novelty)
        shares = blend_shares(len(items), self.settings, novelty)
        scores = self.popularity * np.float32(shares.popular)
        matrices = []
        for matrix, settings, share in (
            (self.long, self.settings.long, shares.long),
            (self.short, self.settings.short, shares.short),
        ):
            if share > 0:
                discount = self._discount(settings, novelty)
                values = matrix.product(items, weights) * discount
                factor = np.float32(share / (float(values.std()) or 1.0))
                scores += (values - values.mean()) * factor
                matrices.append(BlendedMatrix(matrix, discount * factor))
        return FoldIn(items, weights, scores, tuple(matrices))

    def similarity(self, item: int) -> Floats:
        """Return the similarity of every item to one: the mean of both matrices' partial correlations; itself 0.

        Discounted as scores are, and then relative to the item's own discount: that everybody has seen two movies
        makes them no more alike.
        """
        both = np.zeros(len(self.raters), dtype=np.float32)
        for matrix, settings in ((self.long, self.settings.long), (self.short, self.settings.short)):
            discount = self._default_discounts[settings]
            both += matrix.partial_correlations(item) * (discount / discount[item])
        return both * np.float32(0.5)

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays that an artifact stores; `from_arrays` reads them back."""
        return {
            "long": self.long.values,
            "long_scale": self.long.scale,
            "long_precision": self.long.precision,
            "short": self.short.values,
            "short_scale": self.short.scale,
            "short_precision": self.short.precision,
            "raters": self.raters,
            "esteem": self.squared_weights,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]], settings: ModelSettings) -> "Blend":
        """Create the blend from the arrays of `to_arrays`, memory-mapped or not."""
        long, short = (
            ItemMatrix(
                np.asarray(arrays[name], dtype=np.int8),
                np.asarray(arrays[f"{name}_scale"], dtype=np.float32),
                np.asarray(arrays[f"{name}_precision"], dtype=np.float32),
            )
            for name in ("long", "short")
        )
        raters = np.asarray(arrays["raters"], dtype=np.int64)
        # Older models have no squared weights.
        squared_weights = np.asarray(arrays.get("esteem", raters), dtype=np.float32)
        return cls(long, short, raters, squared_weights, settings)

    def _score_dislikes(self, items: Ints, weights: Floats, novelty: float) -> FoldIn:
        """Score a history of dislikes alone: popularity less the neighbourhood of the disliked items.

        z-scores of an all-negative row would recommend the opposite tail instead.
        """
        discount = self._discount(self.settings.short, novelty)
        values = self.short.product(items, -np.abs(weights)) * discount
        factor = discount / np.float32(float(values.std()) or 1.0)
        scores = self.popularity + np.minimum(values, 0) * (factor / discount)
        return FoldIn(
            items, -np.abs(weights), scores, (BlendedMatrix(self.short, factor),), downward_only=True
        )

    def _discount(self, matrix: EdlaeSettings, novelty: float) -> Floats:
        """Return the popularity discount of a matrix at a value of the novelty knob."""
        default = self.novelty.default
        if novelty == default:
            return self._default_discounts[matrix]
        gamma = matrix.discount * min(1.0, novelty / default)
        gamma += self.novelty.max_extra_discount * max(0.0, novelty - default) / (1.0 - default)
        return popularity_discounts(self.raters, matrix.spared, gamma)


def popularity_discounts(raters: Ints, spared: float, gamma: float) -> Floats:
    """Return `(raters + spared) ** -γ`, the factor of each item's column."""
    discounts: Floats = (raters.astype(np.float32) + np.float32(spared)) ** np.float32(-gamma)
    return discounts
