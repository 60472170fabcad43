"""The whole shipped catalogue as a movie index, without a community."""

from __future__ import annotations

import time
from pathlib import Path

from movierec import db, movies
from movierec.recommender.engine import ranking
from movierec.recommender.engine.arrays import Ints
from movierec.recommender.engine.history import build_history
from movierec.recommender.engine.hybrid import HybridScorer
from movierec.recommender.engine.weights import serving_weights
from movierec.recommender.serving.movie_index import MovieIndex, load_movie_index
from tests.conftest import make_settings


def load(home: Path) -> MovieIndex:
    """Return the index of a database with the seeded catalogue."""
    db.connect(make_settings(home))
    try:
        db.migrate()
        movies.seed_catalogue(int(time.time()))
        return load_movie_index()
    finally:
        db.close()


class Shipped:
    """Movies by title, and recommendations for history likes and dislikes."""

    def __init__(self, catalogue: MovieIndex) -> None:
        self.catalogue = catalogue
        self.scorer = HybridScorer(catalogue.content)
        years = catalogue.filter_columns.years.tolist()
        self.named = {
            f"{title} ({year})": i
            for i, (title, year) in enumerate(zip(catalogue.titles, years, strict=True))
        }
        self.labels = {film: label for label, film in self.named.items()}

    def top(self, loves: list[str], hates: list[str], n: int = 20) -> Ints:
        """Return the recommended items, ranked as `serving.recommend` does it."""
        catalogue = self.catalogue
        history = build_history(
            [*((self.named[film], 5.0) for film in loves), *((self.named[film], 1.0) for film in hates)]
        )
        allowed = ~catalogue.filter_columns.adult
        allowed[history.items] = False
        return ranking.rank_items(
            self.scorer.score(history).scores,
            allowed,
            n,
            vectors=catalogue.content.features.rows,
            genres=catalogue.genres,
            target_mix=ranking.genre_mix(catalogue.genres, history.items, serving_weights(history.stars)),
            options=ranking.RankingOptions(),
            directors=catalogue.director_columns,
            liked=history.items[serving_weights(history.stars) > 0],
        )

    def similar(self, film: str, n: int = 10) -> list[str]:
        return [self.labels[other] for other, _ in self.scorer.similar(self.named[film], n)]

    def has(self, film: int, kind: str, name: str) -> bool:
        """Return True if a movie has a feature: a genre, country, language, director or actor."""
        features = self.catalogue.content.features
        columns, _ = features.row(film)
        return any((features.kinds[i], features.names[i]) == (kind, name) for i in columns.tolist())
