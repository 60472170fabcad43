"""Cold start: what a profile says of somebody who has not rated anything yet."""

from dataclasses import dataclass

import numpy as np

from movierec.recommender.engine.arrays import Floats
from movierec.recommender.engine.candidates import FilterColumns

# Of what lies between an ordinary film and the hundredth best: known films of the genre come to the front, and only
# the most famous others stay among them.
GENRE_BOOST = 1.3
LANGUAGE_BOOST = 1.0
WELL_PLACED = 100


@dataclass(frozen=True, slots=True)
class Preference:
    """Names of genres, and the code of a language; empty where nothing is preferred."""

    genres: tuple[str, ...] = ()
    language: str = ""


def boost_preferred(scores: Floats, traits: FilterColumns, preference: Preference) -> Floats:
    """`scores` with films of a preferred genre or language lifted; the order among those stays."""
    boost = np.zeros(len(scores), dtype=np.float32)
    wanted = {name.casefold() for name in preference.genres}
    columns = [column for column, name in enumerate(traits.genre_names) if name.casefold() in wanted]
    if columns:
        boost += np.float32(GENRE_BOOST) * traits.genres[:, columns].any(axis=1)
    if preference.language:
        speaking = (preference.language in codes for codes in traits.languages)
        boost += np.float32(LANGUAGE_BOOST) * np.fromiter(speaking, dtype=bool, count=len(traits))
    lifted: Floats = scores + boost * _lead(scores)
    return lifted


def _lead(scores: Floats) -> np.float32:
    """How far the hundredth best film, or the last one of fewer, is ahead of the middle one."""
    if not len(scores):
        return np.float32(0)
    place = min(WELL_PLACED, len(scores) // 4 + 1)
    return np.float32(-np.partition(-scores, place - 1)[place - 1] - np.median(scores))
