"""Training on Spark: two executors compute the same statistics as one machine, to the last bit."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from movierec import community, db
from movierec.community.blocks import Ratings
from movierec.config import Settings
from movierec.errors import ValidationFailed
from movierec.recommender import ModelKeeper, ModelSettings, models_folder
from movierec.recommender.serving.movie_index import load_movie_index
from movierec.recommender.training import pipeline
from movierec.recommender.training.training_data import TrainingRatings

pytest.importorskip("pyspark", reason="pyspark is not installed: make test-spark")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java 17, and there is no java", allow_module_level=True)

from movierec.recommender.training import spark

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore")]

# Where Debian and Ubuntu put libpostgresql-jdbc-java.
DRIVER = Path(os.environ.get("MOVIEREC_TEST_JDBC", "/usr/share/java/postgresql.jar"))
JDBC_SERVER = os.environ.get("MOVIEREC_TEST_JDBC_SERVER", "jdbc:postgresql://localhost:5432")
HISTORY = 30


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """A session with two executors, each a process with one core."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        jars = f"--jars {DRIVER} " if DRIVER.exists() else ""
        quiet = "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=4"
        patch.setenv("PYSPARK_SUBMIT_ARGS", f"{jars}{quiet} pyspark-shell")
        session = spark.spark_session("local-cluster[2,1,1024]")
        yield session
        session.stop()


@pytest.fixture
def ratings(database: Settings) -> Ratings:
    """Ratings of 400 raters, some with more than the maximum length of a history."""
    ids = [row[0] for row in db.rows("SELECT id FROM movies ORDER BY id")]
    rng = np.random.default_rng(1)
    counts = rng.integers(3, len(ids) - 5, 400)
    movie_ids = np.concatenate([rng.choice(ids, count, replace=False) for count in counts])
    return Ratings(
        raters=np.repeat(np.arange(1, 401), counts),
        movie_ids=movie_ids,
        steps=rng.integers(1, 11, len(movie_ids)).astype(np.uint8),
        rated_at=rng.permutation(len(movie_ids)),
    )


def rows_of(ratings: Ratings) -> list[tuple[int, int, float, int]]:
    columns = (ratings.raters, ratings.movie_ids, ratings.stars, ratings.rated_at)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_two_executors_and_one_machine_agree_to_the_last_bit(
    session: Any, ratings: Ratings, database: Settings, tmp_path: Path
) -> None:
    path = f"file://{tmp_path / 'ratings'}"
    # One rating of an unknown movie, one without stars, and two that later ones of the same movies replace.
    odd = [(1, 10**9, 5.0, 1), (2, int(ratings.movie_ids[0]), 0.0, 10**6)]
    older = [(rater, movie_id, 1.0, -1) for rater, movie_id, *_ in rows_of(ratings)[:2]]
    frame = session.createDataFrame(
        [*odd, *older, *rows_of(ratings)], "rater int, movie_id bigint, rating double, rated_at bigint"
    )
    frame.repartition(5).write.parquet(path)
    blocks = [ratings.part(start, start + 1_000) for start in range(0, len(ratings), 1_000)]
    community.replace_dataset("movielens", "a", blocks, now=1)
    catalogue, chosen = load_movie_index(), ModelSettings(coverage=0.9, always_films=0)
    here = TrainingRatings(catalogue, HISTORY)
    there = spark.SparkRatings(spark.read_ratings(session, path, "ratings"), catalogue, HISTORY)
    expected, statistics = (source.statistics(chosen, lambda *_: None) for source in (here, there))
    assert statistics.users == expected.users == 400
    assert 0 < len(statistics.items) < len(catalogue)
    assert np.array_equal(statistics.items, expected.items)
    assert np.array_equal(statistics.raters, expected.raters)
    for one, other in zip(statistics.gram.strips, expected.gram.strips, strict=True):
        assert one.any()
        assert np.array_equal(one, other)
    for limit in (10**6, here.ratings // 2):
        sample = there.sample(statistics.items, limit, seed=1)
        whole = here.sample(statistics.items, 10**6, seed=1)
        assert sample.shape[1] == whole.shape[1]
        assert abs(sample.nnz - min(limit, whole.nnz)) < 0.2 * whole.nnz
    assert (
        pipeline.train(database, lambda *_: None, now=1, source=spark_source(session, path))["raters"] == 400
    )
    serving = ModelKeeper(models_folder(database), ModelSettings()).state()
    assert serving.manifest["ratings"] == len(ratings)


def spark_source(session: Any, path: str) -> Any:
    frame = spark.read_ratings(session, path, "ratings")
    return lambda catalogue, history: spark.SparkRatings(frame, catalogue, history)


def test_movies_may_have_imdb_ids(session: Any, ratings: Ratings) -> None:
    imdb_ids = dict(db.rows("SELECT id, imdb_id FROM movies"))
    frame = session.createDataFrame(
        [(rater, imdb_ids[movie_id], stars) for rater, movie_id, stars, _ in rows_of(ratings)],
        "userId int, imdb_id string, rating float",
    )
    source = spark.SparkRatings(frame, load_movie_index(), 1_000)
    source.statistics(ModelSettings(), lambda *_: None)
    assert (source.raters, source.ratings) == (400, len(ratings))


def test_missing_column_is_named(session: Any, database: Settings) -> None:
    frame = session.createDataFrame([(1, 2.0)], "rater int, rating float")
    with pytest.raises(ValidationFailed) as refused:
        spark.SparkRatings(frame, load_movie_index(), 10)
    assert "movie_id or imdb_id" in refused.value.errors[0].message


@pytest.fixture
def reader(database: Settings) -> Iterator[dict[str, str]]:
    """Environment variables of a role that may sign in over TCP and read."""
    if not db.is_postgres():
        pytest.skip("about PostgreSQL")
    if not DRIVER.exists():
        pytest.skip(f"no JDBC driver of PostgreSQL at {DRIVER} (MOVIEREC_TEST_JDBC)")
    role = f"movierec_test_{secrets.token_hex(6)}"
    db.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{role}' IN ROLE pg_read_all_data")
    yield {"PGUSER": role, "PGPASSWORD": role}
    db.execute(f"DROP ROLE {role}")


def test_ratings_are_read_from_postgresql(session: Any, ratings: Ratings, reader: dict[str, str]) -> None:
    db.execute("CREATE TABLE given (rater int, movie_id bigint, rating float, rated_at bigint)")
    db.insert_many("given", ["rater", "movie_id", "rating", "rated_at"], rows_of(ratings))
    source = spark.SparkRatings(
        spark.read_ratings(
            session, f"{JDBC_SERVER}/{db.value('SELECT current_database()')}", "given", reader
        ),
        load_movie_index(),
        1_000,
    )
    source.statistics(ModelSettings(), lambda *_: None)
    assert (source.raters, source.ratings) == (400, len(ratings))
