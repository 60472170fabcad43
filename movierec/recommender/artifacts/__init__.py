"""Versioned model files: written, published, verified, loaded."""
