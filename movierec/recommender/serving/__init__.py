"""Answering requests: user signals, model state, recommendations, explanations, the recommendation log."""
