"""Limits of an import: rows of one movie, waiting rows of one review, all rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from movierec import db
from movierec.config import Settings
from movierec.errors import UnreadableImport
from movierec.exchange import importing
from movierec.exchange.importing import row_index
from tests.exchange.import_files import import_file, library_rows, new_user

HEADER = "title,year,rating,review\n"


@pytest.fixture
def ada(database: Settings) -> int:
    return new_user()


def rating_rows(movie: str, count: int, words: str) -> str:
    """Return rows that rate one movie, each with another review."""
    return "".join(f"{movie},4,{words}{number}\n" for number in range(count))


@pytest.mark.parametrize(
    ("bound", "most", "words"), [("MAXIMUM_GROUP_ROWS", 4, ""), ("MAXIMUM_GROUP_BYTES", 21_000, "x" * 5_000)]
)
def test_rows_of_one_movie_are_limited(
    ada: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, most: int, words: str
) -> None:
    monkeypatch.setattr(row_index, bound, most)
    rows = (
        rating_rows("Alien,1979", 6, words) + "Heat,1995,3,\n",
        rating_rows("Nobody Knows It,2001", 6, words),
    )
    report = import_file(tmp_path, ada, HEADER + "".join(rows))
    assert (report["accepted"] + report["unchanged"], report["unmatched"], report["rejected"]) == (5, 4, 4)
    rejected = [problem for problem in report["problems"] if problem["outcome"] == "rejected"]
    assert sorted(problem["line"] for problem in rejected) == [6, 7, 13, 14]
    assert all("too long" in problem["message"] for problem in rejected)
    assert [title for title, *_ in library_rows(ada)["ratings"]] == ["Alien", "Heat"]


def test_waiting_rows_of_one_review_are_limited_over_imports(
    ada: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_index, "MAXIMUM_GROUP_ROWS", 4)
    # The same again takes no room.
    for words in ("a", "a", "b"):
        import_file(tmp_path, ada, HEADER + rating_rows("Nobody Knows It,2001", 3, words))
    [review] = importing.review_queue(ada, limit=10, offset=0)[1]
    assert review.rows == 4
    assert db.value("SELECT COUNT(*) FROM waiting_rows") == 4


def test_broken_rows_count_towards_the_maximum(
    ada: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_index, "MAXIMUM_ROWS", 4)
    broken = "Heat,1995,99,\n" * 3
    assert import_file(tmp_path, ada, f"{HEADER}{broken}Heat,1995,4,\n")["rejected"] == 3
    with pytest.raises(UnreadableImport, match="more than 4 rows"):
        import_file(tmp_path, ada, f"{HEADER}{broken}{broken}")
    assert db.value("SELECT COUNT(*) FROM import_problems") == 3
