"""Recommendations from a user's signals, with reasons.

`engine` computes on arrays only, `training` makes models, `artifacts` stores them, `serving` answers requests.
"""

from movierec.recommender import models  # registers the tables and their merge rules
from movierec.recommender.engine.candidates import CandidateFilters
from movierec.recommender.engine.cold_start import Preference
from movierec.recommender.engine.model import Model, fit
from movierec.recommender.engine.settings import EdlaeSettings, ModelSettings
from movierec.recommender.engine.settings import ModelSettings as Settings  # its public name
from movierec.recommender.serving.feedback import (
    StoredFeedback,
    give_feedback,
    list_feedback,
    withdraw_feedback,
)
from movierec.recommender.serving.prediction_accuracy import (
    PredictionAccuracy,
    Surprise,
    prediction_accuracy_for,
)
from movierec.recommender.serving.recommend import (
    MovieExplanation,
    Reason,
    RecommendedMovie,
    RecommendRequest,
    SimilarMovie,
    explain,
    predict_rating,
    quickstart_for,
    recommend_for,
    similar_movies,
)
from movierec.recommender.serving.recommendation_log import (
    LoggedRecommendation,
    find_logged,
    log_recommendations,
    open_recommendation,
    recommended_movie,
)
from movierec.recommender.serving.state import ModelKeeper, ModelState, models_folder, recommender_settings

__all__ = [
    "CandidateFilters",
    "EdlaeSettings",
    "LoggedRecommendation",
    "Model",
    "ModelKeeper",
    "ModelSettings",
    "ModelState",
    "MovieExplanation",
    "PredictionAccuracy",
    "Preference",
    "Reason",
    "RecommendRequest",
    "RecommendedMovie",
    "Settings",
    "SimilarMovie",
    "StoredFeedback",
    "Surprise",
    "explain",
    "find_logged",
    "fit",
    "give_feedback",
    "list_feedback",
    "log_recommendations",
    "models",
    "models_folder",
    "open_recommendation",
    "predict_rating",
    "prediction_accuracy_for",
    "quickstart_for",
    "recommend_for",
    "recommended_movie",
    "recommender_settings",
    "similar_movies",
    "withdraw_feedback",
]
