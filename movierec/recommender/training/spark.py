"""Ratings that outgrow one machine: an existing Spark cluster adds up their statistics, the solver is the same.

Imported only where that is asked for; pyspark is an extra. Executors need Python with numpy and scipy, nothing of
movierec, and memory for one triangle of sums a core: 4 · films² bytes, 1.6 GB for 20,000 films.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from pyspark import StorageLevel, cloudpickle
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sql
from scipy import sparse

from movierec import db
from movierec.errors import ValidationFailed
from movierec.recommender.engine import arrays, gram, rating_matrix, settings, weights
from movierec.recommender.engine.arrays import Csr, Ints, as_csr
from movierec.recommender.engine.gram import ExactGram
from movierec.recommender.engine.model import ProgressCallback, TrainingStatistics
from movierec.recommender.serving.movie_index import MovieIndex

# What a column may be called; the second names are MovieLens's.
RATER, RATING, RATED_AT = ("rater", "userId"), ("rating",), ("rated_at", "timestamp")
# Ids of films that ratings may go by, and where the catalogue has them.
MOVIE_ID_COLUMNS = {
    "movie_id": "id",
    "imdb_id": "imdb_id",
    "tmdb_id": "tmdb_id",
    "movielens_id": "movielens_id",
    "movieId": "movielens_id",
}
RATINGS_PER_BLOCK = 1_000_000
# Columns of a strip that travel together: 8 MB.
COLUMNS_PER_TILE = 1_000
JDBC = "jdbc:"
READERS = 16

Block = tuple[Any, Any, Any]


class SparkRatings:
    """Ratings in Parquet or a database as a source of training, like `Corpus`; columns are catalogue numbers.

    Columns: `rater`, `rating` (stars), a film's `movie_id`, `imdb_id`, `tmdb_id` or `movielens_id`, and if known
    `rated_at` (a number that rises). Raises ValidationFailed where one is missing.
    """

    def __init__(self, ratings: DataFrame, catalogue: MovieIndex, history: int) -> None:
        self.catalogue, self.ratings, self.raters = catalogue, 0, 0
        for module in (arrays, rating_matrix, gram, settings, weights, sys.modules[__name__]):
            cloudpickle.register_pickle_by_value(module)
        columns = len(catalogue)
        entries = _histories(ratings, catalogue)
        blocks = entries.rdd.mapPartitions(lambda rows: _packed(rows, columns, history))
        self._blocks = blocks.persist(StorageLevel.MEMORY_AND_DISK)

    def statistics(self, chosen: settings.Settings, progress: ProgressCallback) -> TrainingStatistics:
        """As `model.statistics` would have them, to the last bit."""
        columns = len(self.catalogue)
        nothing = (np.zeros(columns, dtype=np.int64), 0, 0)
        counted = self._blocks.map(lambda block: _counted(block, columns))
        counts, self.raters, self.ratings = counted.fold(nothing, _added)
        films = rating_matrix.select_items(counts, chosen)
        users = self._blocks.map(lambda block: _users(block, columns, films)).sum()
        progress("statistics", 0.2)
        sums = ExactGram(len(films))
        cores = self._blocks.context.defaultParallelism
        tiles = self._blocks.coalesce(cores).mapPartitions(lambda blocks: _tiles(blocks, columns, films))
        for (strip, start), tile in tiles.reduceByKey(np.add, cores).toLocalIterator():
            sums.parts[strip][:, start : start + tile.shape[1]] += tile
        return TrainingStatistics(sums, films, counts[films], users)

    def sample(self, films: Ints, ratings: int, seed: int) -> Csr:
        """Histories over some films of so many raters that about `ratings` are left."""
        columns, share = len(self.catalogue), ratings / max(self.ratings, 1)
        drawn = self._blocks.mapPartitionsWithIndex(
            lambda part, blocks: _sampled(blocks, columns, films, share, [seed, part])
        )
        found = [_unpacked(block, len(films)) for block in drawn.toLocalIterator()]
        return as_csr(
            sparse.vstack([sparse.csr_array((0, len(films)), dtype=np.float32), *found], format="csr")
        )


def spark_session(master: str | None) -> SparkSession:
    """The cluster's; None takes the master of Spark's own configuration."""
    builder = SparkSession.builder.appName("movierec train")
    if master is not None:
        builder = builder.master(master)
        if master.startswith("local"):
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return builder.getOrCreate()


def read_ratings(
    spark: SparkSession, address: str, table: str, environ: Mapping[str, str] = os.environ
) -> DataFrame:
    """Ratings in Parquet (a path of any file system that Spark knows), or in a table (`jdbc:…`).

    A database's user and password come from PGUSER and PGPASSWORD, never from the address. Its JDBC driver must
    be among Spark's jars.
    """
    if not address.startswith(JDBC):
        return spark.read.parquet(address)
    options = {"url": address, "dbtable": table}
    if address.startswith(f"{JDBC}postgresql:"):
        options["driver"] = "org.postgresql.Driver"
    names = {"user": "PGUSER", "password": "PGPASSWORD"}
    options |= {option: environ[name] for option, name in names.items() if name in environ}
    whole = spark.read.format("jdbc").options(**options).load()
    rater = _one_of(whole, RATER)
    bounds = whole.agg(sql.min(rater), sql.max(rater)).first()
    if bounds is None or not isinstance(bounds[0], int):
        return whole
    split = {
        "partitionColumn": rater,
        "lowerBound": bounds[0],
        "upperBound": bounds[1],
        "numPartitions": READERS,
    }
    return spark.read.format("jdbc").options(**options, **split).load()


def _histories(ratings: DataFrame, catalogue: MovieIndex) -> DataFrame:
    """One row for each rater: parallel lists of film numbers, stars and times, oldest first."""
    rater, rating, film_id = (
        _one_of(ratings, RATER),
        _one_of(ratings, RATING),
        _one_of(ratings, tuple(MOVIE_ID_COLUMNS)),
    )
    times = [name for name in RATED_AT if name in ratings.columns]
    ids = db.rows(
        f"SELECT {MOVIE_ID_COLUMNS[film_id]}, id FROM movies WHERE {MOVIE_ID_COLUMNS[film_id]} IS NOT NULL"
    )
    places = catalogue.items_of([row[1] for row in ids]).tolist()
    numbers = [(row[0], place) for row, place in zip(ids, places, strict=True) if place >= 0]
    kind = "string" if film_id == "imdb_id" else "bigint"
    films = ratings.sparkSession.createDataFrame(numbers, f"{film_id} {kind}, film bigint")
    entry = sql.struct(
        (sql.col(times[0]).cast("bigint") if times else sql.lit(0)).alias("at"),
        sql.col("film"),
        sql.col(rating).cast("float").alias("stars"),
    )
    known = ratings.join(sql.broadcast(films), film_id).filter(sql.col(rating).between(0.5, 5.0))
    grouped = known.groupBy(rater).agg(sql.sort_array(sql.collect_list(entry)).alias("entries"))
    return grouped.select("entries.film", "entries.stars", "entries.at")


def _one_of(frame: DataFrame, names: tuple[str, ...]) -> str:
    for name in names:
        if name in frame.columns:
            return name
    found = ", ".join(frame.columns)
    raise ValidationFailed.of("ratings", f"A column {' or '.join(names)} is needed; there are {found}.")


# From here on what runs on the executors.


def _packed(rows: Iterable[Any], columns: int, history: int) -> Iterator[Block]:
    """Whole histories as sparse matrices of bounded size."""
    held: list[Any] = []
    count = 0
    for row in rows:
        held.append(row)
        count += len(row[0])
        if count >= RATINGS_PER_BLOCK:
            yield _matrix(held, columns, history)
            held, count = [], 0
    if held:
        yield _matrix(held, columns, history)


def _matrix(rows: list[Any], columns: int, history: int) -> Block:
    lengths = np.array([len(row[0]) for row in rows])
    films, stars, times = (np.concatenate([row[part] for row in rows]) for part in range(3))
    made = rating_matrix.rating_rows(
        np.repeat(np.arange(len(rows)), lengths),
        films.astype(np.int64),
        stars.astype(np.float32),
        times.astype(np.int64),
        (len(rows), columns),
        history,
    )
    return made.data, made.indices, made.indptr


def _unpacked(block: Block, columns: int) -> Csr:
    return as_csr(sparse.csr_array(block, shape=(len(block[2]) - 1, columns)))


def _counted(block: Block, columns: int) -> tuple[Any, int, int]:
    """Raters of each film, users, ratings."""
    return np.bincount(block[1], minlength=columns), len(block[2]) - 1, len(block[0])


def _users(block: Block, columns: int, films: Ints) -> int:
    """Those who rated any of the films."""
    return int((np.diff(_unpacked(block, columns)[:, films].indptr) > 0).sum())


def _added(one: tuple[Any, int, int], other: tuple[Any, int, int]) -> tuple[Any, int, int]:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _tiles(blocks: Iterable[Block], columns: int, films: Ints) -> Iterator[tuple[tuple[int, int], Any]]:
    """What the histories of one part of the data add to the sums, cut into pieces that are easy to move."""
    sums = ExactGram(len(films))
    for block in blocks:
        sums.add(as_csr(_unpacked(block, columns)[:, films]))
    for strip, part in enumerate(sums.parts):
        for start in range(0, part.shape[1], COLUMNS_PER_TILE):
            tile = part[:, start : start + COLUMNS_PER_TILE]
            if tile.any():
                yield (strip, start), tile


def _sampled(
    blocks: Iterable[Block], columns: int, films: Ints, share: float, seed: list[int]
) -> Iterator[Block]:
    rng = np.random.default_rng(seed)
    for block in blocks:
        stars = as_csr(_unpacked(block, columns)[:, films])
        kept = stars if share >= 1 else as_csr(stars[rng.random(stars.shape[0]) < share])
        yield kept.data, kept.indices, kept.indptr
