"""Recommendations: what a history of ratings says about every other film, and why.

The algorithms (`fit` and what it uses) see arrays only; `service` and its neighbours read the database.
"""

from movierec.recommender import models  # they say what becomes of rows when films are merged
from movierec.recommender.engine.candidates import CandidateFilters
from movierec.recommender.engine.cold_start import Preference
from movierec.recommender.engine.model import Model, fit
from movierec.recommender.engine.settings import EdlaeSettings, Settings
from movierec.recommender.serving.feedback import Opinion, feedback, give_feedback, withdraw_feedback
from movierec.recommender.serving.prediction_accuracy import Foresight, Surprise, foresight
from movierec.recommender.serving.recommend import (
    Account,
    Reason,
    Recommended,
    Similar,
    Wish,
    expected_stars,
    explain,
    quickstart_for,
    recommend_for,
    similar_to,
)
from movierec.recommender.serving.recommendation_log import Shown, movie_of, recommendation, remember, shown
from movierec.recommender.serving.state import Recommender, Serving, models_folder, recommender_settings

__all__ = [
    "Account",
    "CandidateFilters",
    "EdlaeSettings",
    "Foresight",
    "Model",
    "Opinion",
    "Preference",
    "Reason",
    "Recommended",
    "Recommender",
    "Serving",
    "Settings",
    "Shown",
    "Similar",
    "Surprise",
    "Wish",
    "expected_stars",
    "explain",
    "feedback",
    "fit",
    "foresight",
    "give_feedback",
    "models",
    "models_folder",
    "movie_of",
    "quickstart_for",
    "recommend_for",
    "recommendation",
    "recommender_settings",
    "remember",
    "shown",
    "similar_to",
    "withdraw_feedback",
]
