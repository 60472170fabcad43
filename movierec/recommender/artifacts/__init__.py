"""Versioned model files: writing, publishing, checking, loading."""
