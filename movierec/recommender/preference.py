"""Cold start: what a profile says of somebody who has not rated anything yet."""

from dataclasses import dataclass

import numpy as np

from movierec.recommender.arrays import Floats
from movierec.recommender.candidates import Traits

# In standard deviations of the scores: as much as lies between an ordinary film and a well known one.
GENRE_BOOST = 2.0
LANGUAGE_BOOST = 1.5


@dataclass(frozen=True, slots=True)
class Preference:
    """Names of genres, and the code of a language; empty where nothing is preferred."""

    genres: tuple[str, ...] = ()
    language: str = ""


def preferred(scores: Floats, traits: Traits, preference: Preference) -> Floats:
    """`scores` with films of a preferred genre or language lifted; the order among those stays."""
    boost = np.zeros(len(scores), dtype=np.float32)
    wanted = {name.casefold() for name in preference.genres}
    columns = [column for column, name in enumerate(traits.genre_names) if name.casefold() in wanted]
    if columns:
        boost += np.float32(GENRE_BOOST) * traits.genres[:, columns].any(axis=1)
    if preference.language:
        speaking = (preference.language in codes for codes in traits.languages)
        boost += np.float32(LANGUAGE_BOOST) * np.fromiter(speaking, dtype=bool, count=len(traits))
    lifted: Floats = scores + boost * np.float32(scores.std() if len(scores) else 0.0)
    return lifted
