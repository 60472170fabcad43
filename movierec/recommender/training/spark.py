"""Training on ratings that outgrow one machine: a Spark cluster sums their statistics, the solver is the same.

Imported only on request; pyspark is an extra. Executors need Python with numpy and scipy, but no movierec, and
memory for one triangle of sums a core: 4 · items² bytes, 1.6 GB for 20,000 items.
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

# Accepted names of each column; the second names are MovieLens's.
RATER, RATING, RATED_AT = ("rater", "userId"), ("rating",), ("rated_at", "timestamp")
# Accepted id columns, and the columns of the catalogue that hold these ids.
MOVIE_ID_COLUMNS = {
    "movie_id": "id",
    "imdb_id": "imdb_id",
    "tmdb_id": "tmdb_id",
    "movielens_id": "movielens_id",
    "movieId": "movielens_id",
}
RATINGS_PER_BLOCK = 1_000_000
# Columns of a strip that are sent together: 8 MB.
COLUMNS_PER_TILE = 1_000
JDBC = "jdbc:"
READERS = 16

# Data, indices and indptr of a CSR matrix; arrays of several types.
Block = tuple[Any, Any, Any]


class SparkRatings:
    """Ratings in Parquet or a database as a `RatingSource`; matrix columns are the catalogue's items.

    Columns: `rater`, `rating` (stars), one of `movie_id`, `imdb_id`, `tmdb_id` and `movielens_id`, and optionally
    `rated_at` (a number that rises with time). Raises ValidationFailed if a column is missing.
    """

    def __init__(self, ratings: DataFrame, catalogue: MovieIndex, history: int) -> None:
        self.catalogue, self.ratings, self.raters = catalogue, 0, 0
        for module in (arrays, rating_matrix, gram, settings, weights, sys.modules[__name__]):
            cloudpickle.register_pickle_by_value(module)
        columns = len(catalogue)
        entries = _histories(ratings, catalogue)
        blocks = entries.rdd.mapPartitions(lambda rows: _blocks_of(rows, columns, history))
        self._blocks = blocks.persist(StorageLevel.MEMORY_AND_DISK)

    def statistics(self, chosen: settings.ModelSettings, progress: ProgressCallback) -> TrainingStatistics:
        """Return the statistics, equal to those of `model.accumulate_statistics` to the last bit."""
        columns = len(self.catalogue)
        zero = (np.zeros(columns, dtype=np.int64), 0, 0)
        counts_by_block = self._blocks.map(lambda block: _counts(block, columns))
        counts, self.raters, self.ratings = counts_by_block.fold(zero, _sum_counts)
        items = rating_matrix.select_items(counts, chosen)
        users = self._blocks.map(lambda block: _users(block, columns, items)).sum()
        progress("statistics", 0.2)
        sums = ExactGram(len(items))
        cores = self._blocks.context.defaultParallelism
        tiles = self._blocks.coalesce(cores).mapPartitions(lambda blocks: _tiles(blocks, columns, items))
        for (strip, start), tile in tiles.reduceByKey(np.add, cores).toLocalIterator():
            sums.strips[strip][:, start : start + tile.shape[1]] += tile
        return TrainingStatistics(sums, items, counts[items], users)

    def sample(self, items: Ints, ratings: int, seed: int) -> Csr:
        """Return histories over some items, of a random part of the raters with about `ratings` ratings."""
        columns, share = len(self.catalogue), ratings / max(self.ratings, 1)
        drawn = self._blocks.mapPartitionsWithIndex(
            lambda part, blocks: _sample(blocks, columns, items, share, [seed, part])
        )
        parts = [_matrix(block, len(items)) for block in drawn.toLocalIterator()]
        return as_csr(
            sparse.vstack([sparse.csr_array((0, len(items)), dtype=np.float32), *parts], format="csr")
        )


def spark_session(master: str | None) -> SparkSession:
    """Return a session on the cluster; None takes the master of Spark's own configuration."""
    builder = SparkSession.builder.appName("movierec train")
    if master is not None:
        builder = builder.master(master)
        if master.startswith("local"):
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return builder.getOrCreate()


def read_ratings(
    spark: SparkSession, address: str, table: str, environ: Mapping[str, str] = os.environ
) -> DataFrame:
    """Return ratings from Parquet (a path of any file system that Spark supports) or from a table (`jdbc:…`).

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
    table_rows = spark.read.format("jdbc").options(**options).load()
    rater = _one_of(table_rows, RATER)
    bounds = table_rows.agg(sql.min(rater), sql.max(rater)).first()
    if bounds is None or not isinstance(bounds[0], int):
        return table_rows
    split = {
        "partitionColumn": rater,
        "lowerBound": bounds[0],
        "upperBound": bounds[1],
        "numPartitions": READERS,
    }
    return spark.read.format("jdbc").options(**options, **split).load()


def _histories(ratings: DataFrame, catalogue: MovieIndex) -> DataFrame:
    """Return one row for each rater: parallel lists of items, stars and times, oldest first."""
    rater, rating, id_column = (
        _one_of(ratings, RATER),
        _one_of(ratings, RATING),
        _one_of(ratings, tuple(MOVIE_ID_COLUMNS)),
    )
    times = [name for name in RATED_AT if name in ratings.columns]
    ids = db.rows(
        f"SELECT {MOVIE_ID_COLUMNS[id_column]}, id FROM movies WHERE {MOVIE_ID_COLUMNS[id_column]} IS NOT NULL"
    )
    items = catalogue.items_of([row[1] for row in ids]).tolist()
    id_items = [(row[0], item) for row, item in zip(ids, items, strict=True) if item >= 0]
    kind = "string" if id_column == "imdb_id" else "bigint"
    mapping = ratings.sparkSession.createDataFrame(id_items, f"{id_column} {kind}, item bigint")
    entry = sql.struct(
        (sql.col(times[0]).cast("bigint") if times else sql.lit(0)).alias("at"),
        sql.col("item"),
        sql.col(rating).cast("float").alias("stars"),
    )
    matched = ratings.join(sql.broadcast(mapping), id_column).filter(sql.col(rating).between(0.5, 5.0))
    grouped = matched.groupBy(rater).agg(sql.sort_array(sql.collect_list(entry)).alias("entries"))
    return grouped.select("entries.item", "entries.stars", "entries.at")


def _one_of(frame: DataFrame, names: tuple[str, ...]) -> str:
    for name in names:
        if name in frame.columns:
            return name
    present = ", ".join(frame.columns)
    raise ValidationFailed.of(
        "ratings", f"A column {' or '.join(names)} is missing; the columns are {present}. Rename one of them."
    )


# Functions that run on the executors.


def _blocks_of(rows: Iterable[Any], columns: int, history: int) -> Iterator[Block]:
    """Yield whole histories as sparse matrices of bounded size."""
    held: list[Any] = []
    count = 0
    for row in rows:
        held.append(row)
        count += len(row[0])
        if count >= RATINGS_PER_BLOCK:
            yield _block(held, columns, history)
            held, count = [], 0
    if held:
        yield _block(held, columns, history)


def _block(rows: list[Any], columns: int, history: int) -> Block:
    lengths = np.array([len(row[0]) for row in rows])
    items, stars, times = (np.concatenate([row[part] for row in rows]) for part in range(3))
    matrix = rating_matrix.rating_rows(
        np.repeat(np.arange(len(rows)), lengths),
        items.astype(np.int64),
        stars.astype(np.float32),
        times.astype(np.int64),
        (len(rows), columns),
        history,
    )
    return matrix.data, matrix.indices, matrix.indptr


def _matrix(block: Block, columns: int) -> Csr:
    return as_csr(sparse.csr_array(block, shape=(len(block[2]) - 1, columns)))


def _counts(block: Block, columns: int) -> tuple[Any, int, int]:
    """Return the raters of each item, and the numbers of users and ratings."""
    return np.bincount(block[1], minlength=columns), len(block[2]) - 1, len(block[0])


def _users(block: Block, columns: int, items: Ints) -> int:
    """Return the number of users who rated any of the items."""
    return int((np.diff(_matrix(block, columns)[:, items].indptr) > 0).sum())


def _sum_counts(one: tuple[Any, int, int], other: tuple[Any, int, int]) -> tuple[Any, int, int]:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _tiles(blocks: Iterable[Block], columns: int, items: Ints) -> Iterator[tuple[tuple[int, int], Any]]:
    """Yield what the histories of one partition add to the sums, in tiles small enough to send."""
    sums = ExactGram(len(items))
    for block in blocks:
        sums.add(as_csr(_matrix(block, columns)[:, items]))
    for strip, part in enumerate(sums.strips):
        for start in range(0, part.shape[1], COLUMNS_PER_TILE):
            tile = part[:, start : start + COLUMNS_PER_TILE]
            if tile.any():
                yield (strip, start), tile


def _sample(
    blocks: Iterable[Block], columns: int, items: Ints, share: float, seed: list[int]
) -> Iterator[Block]:
    rng = np.random.default_rng(seed)
    for block in blocks:
        stars = as_csr(_matrix(block, columns)[:, items])
        kept = stars if share >= 1 else as_csr(stars[rng.random(stars.shape[0]) < share])
        yield kept.data, kept.indices, kept.indptr
