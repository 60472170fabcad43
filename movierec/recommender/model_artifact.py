"""A trained model as an artifact and back: which arrays and facts are kept, and how they fit a catalogue."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from movierec import __version__
from movierec.recommender import artifact
from movierec.recommender.arrays import Ints
from movierec.recommender.artifact import Artifact
from movierec.recommender.blend import Blend
from movierec.recommender.catalogue import Catalogue
from movierec.recommender.hybrid import Community
from movierec.recommender.model import Model
from movierec.recommender.settings import Settings


def publish(folder: Path, model: Model, movie_ids: Ints, facts: dict[str, Any]) -> str:
    """Make `model` the one to serve; `movie_ids` are those of the columns it was fitted on.

    `facts` (JSON) go into the manifest beside what every model records. Returns its version.
    """
    films = np.asarray(movie_ids, dtype=np.int64)[model.films]
    recorded = {
        **facts,
        "movies": len(films),
        "libraries": {
            "movierec": __version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "python": platform.python_version(),
        },
    }
    return artifact.publish(folder, {"movie_ids": films, **model.blend.arrays()}, recorded)


def community_of(found: Artifact, catalogue: Catalogue, settings: Settings) -> Community:
    """The model of an artifact, laid over the catalogue as it is now."""
    movie_ids = np.asarray(found.arrays["movie_ids"], dtype=np.int64)
    blend = Blend.from_arrays(found.arrays, settings)
    return Community(blend, catalogue.places_of(movie_ids), catalogue.content)
