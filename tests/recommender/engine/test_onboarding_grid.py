import numpy as np
import pytest

from movierec.recommender.engine.onboarding_grid import sample_grid

ITEMS = 2_000
YEARS = (1950 + 10 * (np.arange(ITEMS) % 7)).astype(np.int32)
# Every movie is a drama; of the 500 best known one in ten is a western as well.
GENRES = np.stack([np.ones(ITEMS, dtype=bool), np.arange(ITEMS) % 10 == 0], axis=1)
VOTES = np.arange(ITEMS, 0, -1).astype(np.float32)


def grid(n: int = 60, seed: int = 1, allowed: "np.ndarray | None" = None) -> np.ndarray:
    return sample_grid(
        VOTES, np.ones(ITEMS, dtype=bool) if allowed is None else allowed, GENRES, YEARS, n, seed
    )


def test_grid_has_distinct_items_of_the_best_known() -> None:
    items = grid()
    assert len(set(items.tolist())) == 60
    assert items.max() < 500


def test_grid_covers_rare_genres_and_all_decades() -> None:
    items = grid()
    assert GENRES[items, 1].mean() > 0.15
    assert len(np.unique(YEARS[items])) == 7


def test_same_seed_gives_the_same_grid() -> None:
    assert (grid(seed=3) == grid(seed=3)).all()
    assert set(grid(seed=3)) != set(grid(seed=4))


@pytest.mark.parametrize("left", [0, 5, 100])
def test_items_not_allowed_are_left_out(left: int) -> None:
    allowed = np.zeros(ITEMS, dtype=bool)
    allowed[ITEMS - left :] = left > 0
    items = grid(allowed=allowed)
    assert len(items) == min(60, left)
    assert allowed[items].all()
