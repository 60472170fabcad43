"""Cold start: the stated preferences of a user who has not rated anything yet."""

from dataclasses import dataclass

import numpy as np

from movierec.recommender.engine.arrays import Floats
from movierec.recommender.engine.candidates import FilterColumns
from movierec.recommender.engine.settings import ColdStartSettings


@dataclass(frozen=True, slots=True)
class Preference:
    """Names of preferred genres, and the code of a language; empty where nothing is preferred."""

    genres: tuple[str, ...] = ()
    language: str = ""


def boost_preferred(
    scores: Floats,
    columns: FilterColumns,
    preference: Preference,
    settings: ColdStartSettings = ColdStartSettings(),
) -> Floats:
    """Return `scores` with items of a preferred genre or language lifted; the order among those stays.

    `score + lead · (1.3·[a preferred genre] + 1.0·[the preferred language])`, where the lead is the distance of the
    hundredth best item from the median.
    """
    boost = np.zeros(len(scores), dtype=np.float32)
    preferred = {name.casefold() for name in preference.genres}
    genres = [column for column, name in enumerate(columns.genre_names) if name.casefold() in preferred]
    if genres:
        boost += np.float32(settings.genre_boost) * columns.genres[:, genres].any(axis=1)
    if preference.language:
        matches = (preference.language in codes for codes in columns.languages)
        boost += np.float32(settings.language_boost) * np.fromiter(matches, dtype=bool, count=len(columns))
    boosted: Floats = scores + boost * _lead(scores, settings)
    return boosted


def _lead(scores: Floats, settings: ColdStartSettings) -> np.float32:
    """Return the distance of the hundredth best item, or the last one of fewer, from the median."""
    if not len(scores):
        return np.float32(0)
    rank = min(settings.lead_rank, len(scores) // settings.lead_fraction + 1)
    return np.float32(-np.partition(-scores, rank - 1)[rank - 1] - np.median(scores))
