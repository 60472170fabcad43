"""Training on Spark: two executors come to the same statistics as one machine, to the last bit."""

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
from movierec.recommender import ModelKeeper, models_folder
from movierec.recommender import Settings as Model
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
    """Two executors, each a process of its own with one core."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        jars = f"--jars {DRIVER} " if DRIVER.exists() else ""
        quiet = "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=4"
        patch.setenv("PYSPARK_SUBMIT_ARGS", f"{jars}{quiet} pyspark-shell")
        made = spark.spark_session("local-cluster[2,1,1024]")
        yield made
        made.stop()


@pytest.fixture
def ratings(database: Settings) -> Ratings:
    """400 raters, some with more ratings than are wanted of one."""
    ids = [row[0] for row in db.rows("SELECT id FROM movies ORDER BY id")]
    rng = np.random.default_rng(1)
    counts = rng.integers(3, len(ids) - 5, 400)
    films = np.concatenate([rng.choice(ids, count, replace=False) for count in counts])
    return Ratings(
        raters=np.repeat(np.arange(1, 401), counts),
        movie_ids=films,
        steps=rng.integers(1, 11, len(films)).astype(np.uint8),
        rated_at=rng.permutation(len(films)),
    )


def rows_of(ratings: Ratings) -> list[tuple[int, int, float, int]]:
    columns = (ratings.raters, ratings.movie_ids, ratings.stars, ratings.rated_at)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_two_executors_and_one_machine_agree_to_the_last_bit(
    session: Any, ratings: Ratings, database: Settings, tmp_path: Path
) -> None:
    path = f"file://{tmp_path / 'ratings'}"
    # One rating of an unknown film, one of no stars, and two that a later one of the same film replaces.
    odd = [(1, 10**9, 5.0, 1), (2, int(ratings.movie_ids[0]), 0.0, 10**6)]
    older = [(rater, film, 1.0, -1) for rater, film, *_ in rows_of(ratings)[:2]]
    made = session.createDataFrame(
        [*odd, *older, *rows_of(ratings)], "rater int, movie_id bigint, rating double, rated_at bigint"
    )
    made.repartition(5).write.parquet(path)
    blocks = [ratings.part(start, start + 1_000) for start in range(0, len(ratings), 1_000)]
    community.replace_dataset("movielens", "a", blocks, now=1)
    catalogue, chosen = load_movie_index(), Model(coverage=0.9, always_films=0)
    here = TrainingRatings(catalogue, HISTORY)
    there = spark.SparkRatings(spark.read_ratings(session, path, "ratings"), catalogue, HISTORY)
    expected, found = (source.statistics(chosen, lambda *_: None) for source in (here, there))
    assert found.users == expected.users == 400
    assert 0 < len(found.items) < len(catalogue)
    assert np.array_equal(found.items, expected.items)
    assert np.array_equal(found.raters, expected.raters)
    for one, other in zip(found.gram.strips, expected.gram.strips, strict=True):
        assert one.any()
        assert np.array_equal(one, other)
    for limit in (10**6, here.ratings // 2):
        sample = there.sample(found.items, limit, seed=1)
        whole = here.sample(found.items, 10**6, seed=1)
        assert sample.shape[1] == whole.shape[1]
        assert abs(sample.nnz - min(limit, whole.nnz)) < 0.2 * whole.nnz
    assert (
        pipeline.train(database, lambda *_: None, now=1, source=spark_source(session, path))["raters"] == 400
    )
    serving = ModelKeeper(models_folder(database), Model()).state()
    assert serving.manifest["ratings"] == len(ratings)


def spark_source(session: Any, path: str) -> Any:
    frame = spark.read_ratings(session, path, "ratings")
    return lambda catalogue, history: spark.SparkRatings(frame, catalogue, history)


def test_films_may_go_by_other_names(session: Any, ratings: Ratings) -> None:
    outside = dict(db.rows("SELECT id, imdb_id FROM movies"))
    made = session.createDataFrame(
        [(rater, outside[film], stars) for rater, film, stars, _ in rows_of(ratings)],
        "userId int, imdb_id string, rating float",
    )
    found = spark.SparkRatings(made, load_movie_index(), 1_000)
    found.statistics(Model(), lambda *_: None)
    assert (found.raters, found.ratings) == (400, len(ratings))


def test_a_missing_column_is_named(session: Any, database: Settings) -> None:
    made = session.createDataFrame([(1, 2.0)], "rater int, rating float")
    with pytest.raises(ValidationFailed) as refused:
        spark.SparkRatings(made, load_movie_index(), 10)
    assert "movie_id or imdb_id" in refused.value.errors[0].message


@pytest.fixture
def reader(database: Settings) -> Iterator[dict[str, str]]:
    """A role that may sign in over TCP and read, as Spark finds it in its environment."""
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
    found = spark.SparkRatings(
        spark.read_ratings(
            session, f"{JDBC_SERVER}/{db.value('SELECT current_database()')}", "given", reader
        ),
        load_movie_index(),
        1_000,
    )
    found.statistics(Model(), lambda *_: None)
    assert (found.raters, found.ratings) == (400, len(ratings))
