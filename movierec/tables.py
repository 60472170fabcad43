"""All modules of models, imported together so that every table and merge rule is registered at start."""

from __future__ import annotations

from types import ModuleType

from movierec import movies
from movierec.auth import models as auth
from movierec.community import models as community
from movierec.db import revisions
from movierec.exchange.importing import models as importing
from movierec.jobs import models as jobs
from movierec.library import models as library
from movierec.mail import models as mail
from movierec.movies import models as catalogue
from movierec.recommender import models as recommender

MODULES: tuple[ModuleType, ...] = (
    revisions,
    auth,
    mail,
    catalogue,
    library,
    community,
    recommender,
    importing,
    jobs,
)


def check_tables() -> None:
    """Check that a merge of movies has a rule for every table that needs one, on the migrated database.

    Raises ConfigurationError that names the tables.
    """
    movies.check_merge_rules()
