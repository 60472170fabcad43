"""Recommendations: what a history of ratings says about every other film. Arrays in, arrays out."""

from movierec.recommender.model import Model, fit
from movierec.recommender.settings import Memory, Settings

__all__ = ["Memory", "Model", "Settings", "fit"]
