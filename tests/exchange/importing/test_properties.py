"""Properties of imports of any file: every row is counted once, repetition changes nothing, undo is exact."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movierec import db, jobs, library
from movierec.config import Settings
from movierec.errors import UnreadableImport
from tests.exchange.import_files import NOW, TABLES, import_file, library_rows, new_user
from tests.films import movie_id

quickly = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_users = itertools.count(1)

# Titles that are certain, ambiguous, unknown, empty and strange. A NUL breaks its line alone, and what is left of
# the row is another broken one: `test_any_bytes` has them.
titles = st.sampled_from(
    ["Heat", "heat", "The Matrix", "Matrix, The", "Toy Story 2", "Toy Story II", "Psycho", "Up", "Amélie", "Nobody"]
) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)  # fmt: skip
years = st.sampled_from(["1995", "1999", "1960", "1998", "", "2009", "abc", "99999"])
ratings = st.sampled_from(["5", "4.5", "0.5", "", "6", "4.3", "x", "4,5"])
days = st.sampled_from(["2020-05-01", "2021-01-31", "", "2020-13-01", "yesterday"])
texts = st.sampled_from(["", "Good.", "two\nlines", 'a "quote"', "=1+1", "x" * 10_001])
marks = st.sampled_from(["yes", "no", "", "perhaps"])
rows = st.tuples(titles, years, ratings, days, texts, marks, marks, days)
COLUMNS = ("title", "year", "rating", "rated_at", "review", "favorite", "watchlist", "watched_at")


def csv_of(table: list[Any]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows([COLUMNS, *table])
    return file.getvalue()


@quickly
@given(table=st.lists(rows, min_size=1, max_size=12), policy=st.sampled_from(["keep", "overwrite", "newest"]))
def test_any_table(database: Settings, tmp_path: Path, table: list[Any], policy: str) -> None:
    user = new_user(f"user{next(_users)}")
    library.rate(user, movie_id("tt0113277"), 1.0, review="Before.", now=1_600_000_000)
    before = [db.rows(f"SELECT * FROM {shelf} WHERE user_id = ? ORDER BY id", user) for shelf in TABLES]
    content = csv_of(table)
    dry = import_file(tmp_path, user, content, on_conflict=policy, dry_run=True)
    first = import_file(tmp_path, user, content, on_conflict=policy)
    counts = ("rows", "new", "changed", "same", "kept", "ambiguous", "unmatched", "skipped", "rejected")
    assert {name: dry[name] for name in counts} == {name: first[name] for name in counts}
    # rows without any field are none; a row may be broken, but is counted
    assert first["rows"] == sum(1 for row in table if any(row))
    after = library_rows(user)
    again = import_file(tmp_path, user, content, on_conflict=policy, now=NOW + 1)
    assert again["nothing_changed"]
    assert library_rows(user) == after
    if first["act"]:
        library.undo(user, first["act"], now=NOW, is_unfinished=jobs.is_unfinished)
    assert [
        db.rows(f"SELECT * FROM {shelf} WHERE user_id = ? ORDER BY id", user) for shelf in TABLES
    ] == before


HEADERS = (
    b"",
    b"title,rating\n",
    b"Date,Name,Year,Letterboxd URI,Rating\n",
    b'[{"rated_at": "", "ids": {}},',
)


@quickly
@given(content=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_bytes(database: Settings, tmp_path: Path, content: bytes) -> None:
    for header in HEADERS:
        # Its sums are checked where it can be read; nothing but this may be raised where it cannot.
        with contextlib.suppress(UnreadableImport):
            import_file(tmp_path, 0, header + content, dry_run=True)
