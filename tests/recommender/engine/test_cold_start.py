import numpy as np

from movierec.recommender.engine.candidates import FilterColumns
from movierec.recommender.engine.cold_start import Preference, boost_preferred

FILMS = 1_000
# As popularity is: a few far ahead of all others.
SCORES = (8.0 * np.exp(-np.arange(FILMS) / 150)).astype(np.float32)
WESTERN = np.arange(FILMS) % 10 == 5
TRAITS = FilterColumns(
    genres=np.stack([~WESTERN, WESTERN], axis=1),
    genre_names=("Drama", "Western"),
    years=np.full(FILMS, 1990, np.int32),
    runtimes=np.full(FILMS, 100, np.int32),
    votes=np.zeros(FILMS, np.float32),
    adult=np.zeros(FILMS, dtype=bool),
    languages=[frozenset({"it"}) if film % 7 == 3 else frozenset({"en"}) for film in range(FILMS)],
)


def best(preference: Preference, n: int = 30) -> list[int]:
    return np.argsort(-boost_preferred(SCORES, TRAITS, preference), kind="stable")[:n].tolist()


def test_without_preference_nothing_changes() -> None:
    assert best(Preference()) == list(range(30))


def test_preferred_genres_and_languages_come_forward_and_the_best_known_stay() -> None:
    westerns = [film for film in best(Preference(("western",))) if WESTERN[film]]
    assert len(westerns) >= 10
    assert westerns == sorted(westerns)
    assert 0 in best(Preference(("western",)))
    assert sum(film % 7 == 3 for film in best(Preference(language="it"))) >= 10


def test_no_films_are_no_trouble() -> None:
    nothing = FilterColumns(
        np.zeros((0, 1), dtype=bool), ("Drama",), *(np.zeros(0, np.int32),) * 2, np.zeros(0, np.float32),
        np.zeros(0, dtype=bool), [],
    )  # fmt: skip
    assert not len(boost_preferred(np.zeros(0, np.float32), nothing, Preference(("Drama",))))
