"""Self-hosted movie search, ratings and recommendations."""

__version__ = "0.1.0"
