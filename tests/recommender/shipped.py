"""The whole shipped catalogue as the recommender sees it, without a community."""

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
    """Read from a database that has just been filled."""
    db.connect(make_settings(home))
    try:
        db.migrate()
        movies.seed_catalogue(int(time.time()))
        return load_movie_index()
    finally:
        db.close()


class Shipped:
    """Films by title; lists for people who love and hate some."""

    def __init__(self, catalogue: MovieIndex) -> None:
        self.catalogue = catalogue
        self.scorer = HybridScorer(catalogue.content)
        years = catalogue.traits.years.tolist()
        self.named = {
            f"{title} ({year})": i
            for i, (title, year) in enumerate(zip(catalogue.titles, years, strict=True))
        }
        self.labels = {film: label for label, film in self.named.items()}

    def top(self, loves: list[str], hates: list[str], n: int = 20) -> Ints:
        """What is recommended, as the service does it."""
        catalogue = self.catalogue
        given = build_history(
            [*((self.named[film], 5.0) for film in loves), *((self.named[film], 1.0) for film in hates)]
        )
        allowed = ~catalogue.traits.adult
        allowed[given.items] = False
        return ranking.rank_items(
            self.scorer.score(given).scores,
            allowed,
            n,
            vectors=catalogue.content.features.rows,
            genres=catalogue.genres,
            target_mix=ranking.genre_mix(catalogue.genres, given.items, serving_weights(given.stars)),
            options=ranking.RankingOptions(),
            directors=catalogue.director_columns,
            liked=given.items[serving_weights(given.stars) > 0],
        )

    def similar(self, film: str, n: int = 10) -> list[str]:
        return [self.labels[other] for other, _ in self.scorer.similar(self.named[film], n)]

    def has(self, film: int, kind: str, name: str) -> bool:
        """Whether a film has a fact: a genre, country, language, director, actor."""
        features = self.catalogue.content.features
        columns, _ = features.row(film)
        return any((features.kinds[i], features.names[i]) == (kind, name) for i in columns.tolist())
