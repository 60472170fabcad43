"""The catalogue: films, people, genres, and finding them."""
