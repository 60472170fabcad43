"""Serving: user signals, model state, recommendations, explanations and the recommendation log."""
