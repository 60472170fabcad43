import numpy as np
import pytest

from movierec.recommender.engine.weights import integer_weights, serving_weights, training_weights
from tests.recommender.conftest import row


@pytest.mark.parametrize(
    ("stars", "trained", "pushed"),
    [
        (0.5, 0.2, -0.3),
        (1.5, 0.2, -0.3),  # the upper end of a dislike
        (2.0, 0.3, -0.1),
        (2.5, 0.3, -0.1),
        (3.0, 0.6, 0.4),
        (3.5, 0.6, 0.4),
        (4.0, 1.0, 1.0),
        (4.5, 1.0, 1.0),
        (5.0, 1.4, 1.3),
    ],
)
def test_stars_become_graded_weights(stars: float, trained: float, pushed: float) -> None:
    given = np.array([stars], dtype=np.float32)
    assert training_weights(given)[0] == pytest.approx(trained)
    assert serving_weights(given, "trained")[0] == pytest.approx(trained)
    assert serving_weights(given, "push")[0] == pytest.approx(pushed)


def test_busy_rater_counts_for_less_per_item() -> None:
    tenths, quiet = integer_weights(row({0: 5.0, 1: 5.0}))
    _, busy = integer_weights(row(dict.fromkeys(range(32), 5.0)))
    assert tenths.data.tolist() == [14.0, 14.0]
    assert busy[0] / quiet[0] == pytest.approx((32 / 2) ** -0.5, rel=1e-6)
    # Whole numbers: their sums are exact.
    assert busy[0] == round(busy[0])
