"""Tests of the ingest. Merges need the models of all packages, which this import registers."""

import movierec.tables  # noqa: F401
