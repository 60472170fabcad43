import numpy as np
import pytest

from movierec.recommender.engine.onboarding_grid import sample_grid

FILMS = 2_000
YEARS = (1950 + 10 * (np.arange(FILMS) % 7)).astype(np.int32)
# Every film is a drama; of the 500 best known one in ten is a western as well.
GENRES = np.stack([np.ones(FILMS, dtype=bool), np.arange(FILMS) % 10 == 0], axis=1)
VOTES = np.arange(FILMS, 0, -1).astype(np.float32)


def drawn(n: int = 60, seed: int = 1, allowed: "np.ndarray | None" = None) -> np.ndarray:
    return sample_grid(
        VOTES, np.ones(FILMS, dtype=bool) if allowed is None else allowed, GENRES, YEARS, n, seed
    )


def test_grid_holds_different_films_of_the_best_known() -> None:
    films = drawn()
    assert len(set(films.tolist())) == 60
    assert films.max() < 500


def test_rare_kinds_and_all_decades_are_in_it() -> None:
    films = drawn()
    assert GENRES[films, 1].mean() > 0.15
    assert len(np.unique(YEARS[films])) == 7


def test_the_seed_decides() -> None:
    assert (drawn(seed=3) == drawn(seed=3)).all()
    assert set(drawn(seed=3)) != set(drawn(seed=4))


@pytest.mark.parametrize("left", [0, 5, 100])
def test_answered_films_are_left_out(left: int) -> None:
    allowed = np.zeros(FILMS, dtype=bool)
    allowed[FILMS - left :] = left > 0
    films = drawn(allowed=allowed)
    assert len(films) == min(60, left)
    assert allowed[films].all()
