"""Writers of the catalogue: one waits for the other before it looks at what is stored."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from movierec import db, movies
from movierec.errors import Conflict
from movierec.movies import MovieRecord
from tests.films import NOW, movie_count, movie_id
from tests.library.users import make_user
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("database")

DUNE = MovieRecord("Dune", "staff", imdb_id="tt1160419", year=2021)
HEAT, OLD_HEAT, ALIEN = "tt0113277", "tt0068688", "tt0078748"


def while_it_waits(work: Callable[[], Any], first: Callable[[], Any]) -> Any:
    """Start `work` in another thread, let it wait for a transaction that does `first`, and return its result."""

    def run() -> Any:
        try:
            return db.run_with_retry(work)
        finally:
            db.close()

    with ThreadPoolExecutor(1) as pool:
        with db.write():
            if db.is_postgres():
                db.execute("LOCK TABLE genres IN SHARE ROW EXCLUSIVE MODE")
            task = pool.submit(run)
            wait_until(lambda: task.done() or _is_waiting())
            first()
        return task.result()


def _is_waiting() -> bool:
    # On SQLite a writer waits from its first statement on, which nobody sees from outside.
    sql = "SELECT COUNT(*) FROM pg_locks WHERE relation = CAST('genres' AS regclass) AND NOT granted"
    return not db.is_postgres() or db.value(sql) == 1


def store_dune() -> int:
    return movies.upsert([DUNE], NOW)[0]


def test_movie_that_two_writers_upsert_is_stored_once() -> None:
    before = movie_count()
    stored = while_it_waits(store_dune, store_dune)
    assert (movie_count(), movies.by_imdb_id("tt1160419")) == (before + 1, stored)


def test_stub_of_a_movie_that_was_just_stored_is_not_added() -> None:
    user = make_user()
    stubs = [(DUNE, "m1")]
    assert while_it_waits(lambda: movies.add_stubs(stubs, user, most=9, now=NOW), store_dune) == 0
    assert movies.by_movierec_id("m1") is None


def test_creating_a_movie_that_was_just_stored_is_refused() -> None:
    before = movie_count()
    with pytest.raises(Conflict):
        while_it_waits(lambda: movies.create_movie(DUNE, NOW), store_dune)
    assert movie_count() == before + 1


def test_merge_of_a_movie_that_was_just_merged_merges_its_survivor() -> None:
    heat, old, alien = map(movie_id, (HEAT, OLD_HEAT, ALIEN))
    before = movie_count()
    merged = while_it_waits(
        lambda: movies.merge_movies(heat, alien, NOW), lambda: movies.merge_movies(heat, old, NOW)
    )
    assert merged == movies.current_id(heat) == movies.current_id(old) == alien
    assert movie_count() == before - 2


def test_edit_of_a_movie_that_was_just_merged_changes_its_survivor() -> None:
    heat, alien = movie_id(HEAT), movie_id(ALIEN)
    while_it_waits(
        lambda: movies.update_movie(heat, {"tagline": "Both."}, NOW),
        lambda: movies.merge_movies(heat, alien, NOW),
    )
    assert movies.detail(alien).facts["tagline"] == "Both."
