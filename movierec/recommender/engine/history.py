"""One user's history: ratings first, then favorites and feedback as stars."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from movierec.recommender.engine.arrays import Floats, Ints, Mask
from movierec.recommender.engine.settings import HistorySettings, ModelSettings


@dataclass(frozen=True, slots=True)
class History:
    """One user's items (each once) and their stars; `rated` is False where the stars stand for another signal."""

    items: Ints
    stars: Floats
    rated: Mask

    def __len__(self) -> int:
        return len(self.items)


def build_history(
    ratings: Sequence[tuple[int, float]],
    liked: Iterable[int] = (),
    disliked: Iterable[int] = (),
    *,
    at_most: int = ModelSettings().serving_history,
    settings: HistorySettings = HistorySettings(),
) -> History:
    """Build a history from ratings (item, stars), newest first, and items liked or disliked without a rating.

    A rating outweighs a like and a dislike, and a dislike a like. Beyond `at_most` the oldest ratings are left out.
    """
    stars_of: dict[int, float] = {}
    for item, stars in ratings:
        stars_of.setdefault(item, stars)
    rated = len(stars_of)
    for item in disliked:
        stars_of.setdefault(item, settings.disliked_stars)
    for item in liked:
        stars_of.setdefault(item, settings.liked_stars)
    kept = list(stars_of.items())[:at_most]
    return History(
        np.array([item for item, _ in kept], dtype=np.int64),
        np.array([stars for _, stars in kept], dtype=np.float32),
        np.arange(len(kept)) < rated,
    )
