import numpy as np
import pytest

from movierec.recommender.engine.candidates import CandidateFilters, FilterColumns, candidate_mask

NO_ITEMS = np.zeros(0, dtype=np.int64)


@pytest.fixture(scope="module")
def columns() -> FilterColumns:
    return FilterColumns(
        genres=np.array([[1, 0], [1, 1], [0, 1], [0, 0]], dtype=bool),
        genre_names=("Drama", "Science Fiction"),
        years=np.array([1950, 1990, 2010, 0], dtype=np.int32),
        runtimes=np.array([90, 120, 0, 200], dtype=np.int32),
        votes=np.array([5, 50, 500, 0], dtype=np.float32),
        adult=np.array([False, False, False, True]),
        languages=(
            frozenset({"French"}),
            frozenset({"English", "French"}),
            frozenset({"English"}),
            frozenset(),
        ),
    )


@pytest.mark.parametrize(
    ("filters", "items"),
    [
        (CandidateFilters(), [0, 1, 2]),  # adult movies only on demand
        (CandidateFilters(adult=True), [0, 1, 2, 3]),
        (CandidateFilters(genres=("drama",)), [0, 1]),
        (CandidateFilters(genres=("Drama", "Science Fiction")), [1]),
        (CandidateFilters(genres=("Opera",)), []),
        (CandidateFilters(exclude_genres=("science fiction",)), [0]),
        (CandidateFilters(year_min=1990), [1, 2]),
        (CandidateFilters(year_max=1990, adult=True), [0, 1]),  # an unknown year passes no bound
        (CandidateFilters(runtime_max=120), [0, 1]),  # an unknown runtime neither
        (CandidateFilters(language="french"), [0, 1]),
        (CandidateFilters(min_votes=50), [1, 2]),
    ],
)
def test_each_filter_keeps_the_matching_items(
    columns: FilterColumns, filters: CandidateFilters, items: list[int]
) -> None:
    assert np.flatnonzero(candidate_mask(columns, filters, NO_ITEMS)).tolist() == items


def test_excluded_items_are_no_candidates_even_within_only(columns: FilterColumns) -> None:
    allowed = candidate_mask(columns, CandidateFilters(), np.array([1]), only=np.array([1, 2]))
    assert np.flatnonzero(allowed).tolist() == [2]
