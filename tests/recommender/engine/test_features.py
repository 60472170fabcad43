import numpy as np
import pytest

from movierec.recommender.engine.features import build_features
from movierec.recommender.engine.movie_columns import build_movie_columns
from tests.recommender import sample_movies


def test_vectors_are_at_most_one_long_and_shorter_with_missing_facts() -> None:
    detailed, empty = build_features(
        build_movie_columns([["Drama"], []], [1990, 0], directors=[["Agnès Varda"], []])
    ).rows.toarray()
    assert 0 < np.linalg.norm(detailed) < 1
    assert not empty.any()


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


def test_year_belongs_to_the_two_nearest_decades() -> None:
    rows = build_features(build_movie_columns([[]] * 4, [1979, 1981, 1985, 2015])).rows.toarray()
    assert rows[0] @ rows[1] > rows[0] @ rows[2] > rows[0] @ rows[3] == pytest.approx(0)


def test_only_the_own_decade_is_ranked() -> None:
    features = build_features(build_movie_columns([["Drama"]] * 2, [1979, 1981]))
    values = np.ones(features.rows.shape[1], dtype=np.float32)
    assert [
        name for kind, name, _ in features.ranked_facts(np.array([0]), values)[0] if kind == "decade"
    ] == ["1970s"]


def test_facts_are_ranked_largest_first() -> None:
    features = build_features(sample_movies.twelve_movies())
    values = np.zeros(features.rows.shape[1], dtype=np.float32)
    values[features.names.index("Ridley Scott")] = 1.0
    assert features.ranked_facts(np.array([sample_movies.ALIEN]), values)[0][0][:2] == (
        "director",
        "Ridley Scott",
    )
    assert features.ranked_facts(np.array([sample_movies.PERSONA]), values) == [[]]


def test_facts_of_several_items_equal_those_of_each() -> None:
    features = build_features(sample_movies.twelve_movies())
    values = np.random.default_rng(2).normal(size=features.rows.shape[1]).astype(np.float32)
    items = np.array([sample_movies.PERSONA, sample_movies.ALIEN, sample_movies.NEMO])
    ranked = features.ranked_facts(items, values)
    assert ranked == [features.ranked_facts(np.array([item]), values)[0] for item in items]
    for facts in ranked:
        strengths = [value for _, _, value in facts]
        assert strengths == sorted(strengths, reverse=True)
    assert max(map(len, ranked)) > 2
    assert features.ranked_facts(items[:0], values) == []


def test_original_language_counts_for_more_than_other_languages() -> None:
    spoken = [["English", "Spanish"], ["Spanish"], ["English", "Spanish"], *([["English"]] * 30)]
    rows = build_features(build_movie_columns([["Drama"]] * 33, [1990] * 33, languages=spoken)).rows.toarray()
    assert rows[0] @ rows[2] > rows[0] @ rows[3] > rows[0] @ rows[1]
