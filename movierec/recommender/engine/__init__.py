"""The algorithms of the recommender. They see arrays, never rows, and import no database."""
