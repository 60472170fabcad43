import numpy as np
import pytest

from movierec.recommender.engine.features import build_features
from movierec.recommender.engine.movie_columns import build_movie_columns
from tests.recommender import films


def test_no_vector_is_longer_than_one_and_little_known_films_are_shorter() -> None:
    known, unknown = build_features(
        build_movie_columns([["Drama"], []], [1990, 0], directors=[["Agnès Varda"], []])
    ).rows.toarray()
    assert 0 < np.linalg.norm(known) < 1
    assert not unknown.any()


def test_many_actors_do_not_outweigh_a_director() -> None:
    crowd = [f"Actor {i}" for i in range(40)]
    rows = build_features(
        build_movie_columns(
            [["Drama"]] * 3,
            [1990] * 3,
            directors=[["One"], ["One"], ["Other"]],
            cast=[crowd, ["Somebody"], crowd],
        )
    ).rows.toarray()
    assert rows[0] @ rows[1] > rows[0] @ rows[2] * 0.9


def test_a_year_belongs_to_both_decades_near_it() -> None:
    rows = build_features(build_movie_columns([[]] * 4, [1979, 1981, 1985, 2015])).rows.toarray()
    assert rows[0] @ rows[1] > rows[0] @ rows[2] > rows[0] @ rows[3] == pytest.approx(0)


def test_only_the_films_own_decade_is_named() -> None:
    features = build_features(build_movie_columns([["Drama"]] * 2, [1979, 1981]))
    taste = np.ones(features.rows.shape[1], dtype=np.float32)
    assert [name for kind, name, _ in features.ranked_facts(np.array([0]), taste)[0] if kind == "decade"] == [
        "1970s"
    ]


def test_facts_are_named_best_first() -> None:
    features = build_features(films.twelve_films())
    taste = np.zeros(features.rows.shape[1], dtype=np.float32)
    taste[features.names.index("Ridley Scott")] = 1.0
    assert features.ranked_facts(np.array([films.ALIEN]), taste)[0][0][:2] == ("director", "Ridley Scott")
    assert features.ranked_facts(np.array([films.PERSONA]), taste) == [[]]


def test_facts_of_several_films_are_those_of_each() -> None:
    features = build_features(films.twelve_films())
    taste = np.random.default_rng(2).normal(size=features.rows.shape[1]).astype(np.float32)
    which = np.array([films.PERSONA, films.ALIEN, films.NEMO])
    found = features.ranked_facts(which, taste)
    assert found == [features.ranked_facts(np.array([film]), taste)[0] for film in which]
    for facts_of_film in found:
        values = [value for _, _, value in facts_of_film]
        assert values == sorted(values, reverse=True)
    assert max(map(len, found)) > 2
    assert features.ranked_facts(which[:0], taste) == []


def test_the_original_language_counts_for_more_than_others_that_are_spoken() -> None:
    spoken = [["English", "Spanish"], ["Spanish"], ["English", "Spanish"], *([["English"]] * 30)]
    rows = build_features(build_movie_columns([["Drama"]] * 33, [1990] * 33, languages=spoken)).rows.toarray()
    assert rows[0] @ rows[2] > rows[0] @ rows[3] > rows[0] @ rows[1]
