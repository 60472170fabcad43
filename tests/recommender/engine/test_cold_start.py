import numpy as np

from movierec.recommender.engine.candidates import FilterColumns
from movierec.recommender.engine.cold_start import Preference, boost_preferred

ITEMS = 1_000
# As popularity is: a few far ahead of all others.
SCORES = (8.0 * np.exp(-np.arange(ITEMS) / 150)).astype(np.float32)
WESTERN = np.arange(ITEMS) % 10 == 5
COLUMNS = FilterColumns(
    genres=np.stack([~WESTERN, WESTERN], axis=1),
    genre_names=("Drama", "Western"),
    years=np.full(ITEMS, 1990, np.int32),
    runtimes=np.full(ITEMS, 100, np.int32),
    votes=np.zeros(ITEMS, np.float32),
    adult=np.zeros(ITEMS, dtype=bool),
    languages=[frozenset({"it"}) if item % 7 == 3 else frozenset({"en"}) for item in range(ITEMS)],
)


def best(preference: Preference, n: int = 30) -> list[int]:
    return np.argsort(-boost_preferred(SCORES, COLUMNS, preference), kind="stable")[:n].tolist()


def test_scores_stay_without_a_preference() -> None:
    assert best(Preference()) == list(range(30))


def test_preference_lifts_genres_and_languages_and_keeps_the_best_known() -> None:
    westerns = [item for item in best(Preference(("western",))) if WESTERN[item]]
    assert len(westerns) >= 10
    assert westerns == sorted(westerns)
    assert 0 in best(Preference(("western",)))
    assert sum(item % 7 == 3 for item in best(Preference(language="it"))) >= 10


def test_empty_catalogue_is_accepted() -> None:
    empty = FilterColumns(
        np.zeros((0, 1), dtype=bool), ("Drama",), *(np.zeros(0, np.int32),) * 2, np.zeros(0, np.float32),
        np.zeros(0, dtype=bool), [],
    )  # fmt: skip
    assert not len(boost_preferred(np.zeros(0, np.float32), empty, Preference(("Drama",))))
