"""A user's own history and community data, coming in and going out: one module or package a format."""
