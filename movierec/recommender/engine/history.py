"""What a person has said of films, as one history: ratings first, then hearts and thumbs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from movierec.recommender.engine.arrays import Floats, Ints, Mask

# A favourite or a "like" without a rating counts as these stars, a "dislike" likewise.
LIKED, DISLIKED = 4.5, 1.5


@dataclass(frozen=True, slots=True)
class History:
    """Films (numbers in the catalogue, each once) and their stars; `given` tells which were given as stars."""

    films: Ints
    stars: Floats
    given: Mask

    def __len__(self) -> int:
        return len(self.films)


def build_history(
    ratings: Sequence[tuple[int, float]],
    liked: Iterable[int] = (),
    disliked: Iterable[int] = (),
    *,
    at_most: int = 500,
) -> History:
    """A history of ratings (film, stars), newest first, and of films liked or disliked without a rating.

    A rating outweighs a thumb and a dislike a like. Beyond `at_most` the oldest ratings are left out.
    """
    stars: dict[int, float] = {}
    for film, given in ratings:
        stars.setdefault(film, given)
    rated = len(stars)
    for film in disliked:
        stars.setdefault(film, DISLIKED)
    for film in liked:
        stars.setdefault(film, LIKED)
    kept = list(stars.items())[:at_most]
    return History(
        np.array([film for film, _ in kept], dtype=np.int64),
        np.array([given for _, given in kept], dtype=np.float32),
        np.arange(len(kept)) < rated,
    )
