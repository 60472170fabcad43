"""Cost of what anybody may call: no public answer reads all rows of a table that grows with the users."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from movierec import db
from movierec.api.app import ENDPOINTS
from movierec.api.endpoint import Access
from tests.running import RunningDaemon

# Tables with rows of every user.
GROWING = ("ratings", "favorites", "watchlist", "history", "acts", "changes", "feedback", "recommendations")


def executed(daemon: RunningDaemon, caplog: pytest.LogCaptureFixture, path: str) -> list[tuple[str, Any]]:
    """Return the statements on growing tables that an anonymous GET runs, with their parameters."""
    db.execute("DELETE FROM throttle")
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "peewee"):
        assert daemon.request("GET", path).status < 500, path
    statements = [record.msg for record in caplog.records if record.name == "peewee"]
    return [
        (sql, parameters)
        for sql, parameters in (statement for statement in statements if isinstance(statement, tuple))
        if sql.startswith(("SELECT", "WITH")) and re.search(rf"\b(FROM|JOIN) ({'|'.join(GROWING)})\b", sql)
    ]


def plan(sql: str, parameters: Any) -> str:
    """Return the plan of a statement. PostgreSQL reads small tables whole unless it is told not to."""
    with db.write():
        if db.is_postgres():
            db.execute("SET LOCAL enable_seqscan = off")
            return "\n".join(row[0] for row in db.database.execute_sql(f"EXPLAIN {sql}", parameters))
        rows = db.database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
        return "\n".join(row[3] for row in rows)


def reads_whole_table(steps: str) -> bool:
    tables = "|".join(GROWING)
    if db.is_postgres():
        return re.search(rf"Seq Scan on ({tables})\b", steps) is not None
    # A scan of an index without a condition reads all of it, too.
    return re.search(rf"SCAN (TABLE )?({tables})\b", steps) is not None


def test_plans_tell_a_whole_table_from_a_part(daemon: RunningDaemon) -> None:
    mark = "%s" if db.is_postgres() else "?"
    assert reads_whole_table(plan("SELECT steps FROM ratings", ()))
    assert not reads_whole_table(plan(f"SELECT steps FROM ratings WHERE id = {mark}", (1,)))


def test_no_public_answer_reads_the_ratings_of_all_users(
    daemon: RunningDaemon, caplog: pytest.LogCaptureFixture
) -> None:
    user = daemon.register()
    movies = daemon.get("/api/v1/movies/?page_size=5")["results"]
    for movie in movies:
        daemon.put(f"/api/v1/favorites/ratings/movie/{movie['id']}/", {"rating": 4}, token=user, status=201)
    counted = 0
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET" or endpoint.access is not Access.PUBLIC:
            continue
        path = re.sub(r"\{\w+\}", str(movies[0]["id"]), endpoint.path)
        for query in ("", "?time_window=day", "?page=2", "?q=the"):
            for sql, parameters in executed(daemon, caplog, path + query):
                counted += 1
                steps = plan(sql, parameters)
                assert not reads_whole_table(steps), f"{path}: {sql}\n{steps}"
    assert counted >= 2, "the trending movies come from the ratings"
