"""Import and export: the history of a user, and MovieLens datasets."""
