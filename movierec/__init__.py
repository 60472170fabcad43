"""Movie search, ratings and recommendations that live on your own machine."""

__version__ = "0.1.0"
