import numpy as np
import pytest
from scipy import sparse

from movierec.recommender import Model, Settings, fit
from movierec.recommender.engine.arrays import Csr
from movierec.recommender.engine.blend import Blend
from movierec.recommender.engine.settings import NoveltySettings
from movierec.recommender.engine.weights import training_weights
from tests.recommender.conftest import row


@pytest.fixture(scope="module")
def model(community: Csr) -> Model:
    return fit(community)


def camps(scores: np.ndarray) -> tuple[float, float]:
    return float(scores[0, :20].mean()), float(scores[0, 20:].mean())


@pytest.mark.parametrize("length", [1, 3, 9, 15, 20])
def test_items_of_the_own_camp_score_higher(model: Model, length: int) -> None:
    own, other = camps(model.scores(row(dict.fromkeys(range(length), 5.0))))
    assert own > other


def test_dislike_pushes_its_neighbours_down(model: Model) -> None:
    own, other = camps(model.scores(row({3: 0.5, 4: 1.0})))
    assert own < other


def test_dislikes_alone_never_lift_an_item(model: Model) -> None:
    scores = model.scores(row({3: 0.5}))
    assert (scores[0] <= model.scores(row({}))[0] + 1e-6).all()


def test_empty_history_is_scored_by_squared_weights(model: Model, community: Csr) -> None:
    esteem = np.bincount(community.indices, training_weights(community.data) ** 2)
    assert (np.argsort(-model.scores(row({}))[0])[:3] == np.argsort(-esteem)[:3]).all()


def test_scores_are_finite_float32_and_repeatable(model: Model, community: Csr) -> None:
    scores = model.scores(community)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    assert (scores == fit(community).scores(community)).all()


def test_sparse_matrices_of_the_older_class_are_accepted(model: Model, community: Csr) -> None:
    again = fit(sparse.csr_matrix(community))
    assert (again.scores(sparse.csr_matrix(community[:3])) == model.scores(community[:3])).all()


def test_items_outside_the_model_are_skipped(community: Csr) -> None:
    thin = community.toarray()
    thin[:, 39] = 0
    thin[0, 39] = 5.0
    model = fit(sparse.csr_array(thin))
    with_unknown = model.scores(row({0: 5.0, 39: 5.0}))
    assert (with_unknown == model.scores(row({0: 5.0}))).all()
    assert model.similar(39, 5) == []
    assert model.explain(row({0: 5.0}), 39) == []
    assert with_unknown[0, 39] == with_unknown.min()


@pytest.mark.parametrize(
    "history",
    [
        {0: 5.0},  # the short matrix and popularity
        dict.fromkeys(range(0, 24, 2), 4.0),  # both matrices
        dict.fromkeys(range(40), 4.5),
        {0: 5.0, 25: 1.0},
        {3: 0.5, 4: 1.0, 30: 2.5},  # dislikes only
    ],
)
def test_contributions_and_baseline_add_up_to_the_score(model: Model, history: dict[int, float]) -> None:
    items, stars = np.array(list(history)), np.array(list(history.values()), dtype=np.float32)
    folded = model.fold_in(items, stars)
    targets = np.arange(len(model.items))
    baseline = folded.scores - folded.contributions(targets).sum(axis=0)
    # What is left differs between items by popularity alone.
    rest = baseline - baseline.mean()
    popularity = model.blend.popularity - model.blend.popularity.mean()
    slope = (rest @ popularity) / (popularity @ popularity)
    np.testing.assert_allclose(rest, slope * popularity, atol=2e-4)


def test_explanation_lists_items_of_the_own_camp_first(model: Model) -> None:
    contributions = model.explain(row({1: 5.0, 2: 4.5, 30: 4.0}), 5)
    assert {item for item, _ in contributions} == {1, 2, 30}
    assert contributions[-1][0] == 30
    assert [part for _, part in contributions] == sorted((part for _, part in contributions), reverse=True)


def test_similar_items_are_of_the_same_camp_without_the_item_itself(model: Model) -> None:
    similar = model.similar(5, 6)
    assert len(similar) == 6
    assert all(item < 20 and item != 5 for item, _ in similar)


def test_history_of_the_wrong_width_raises_an_error(model: Model) -> None:
    with pytest.raises(ValueError, match="40 columns"):
        model.scores(row({0: 5.0}, columns=41))


def test_model_without_ratings_scores_zero() -> None:
    model = fit(sparse.csr_array((0, 4), dtype=np.float32))
    assert (model.scores(row({0: 5.0}, columns=4)) == 0).all()


def test_model_from_its_arrays_scores_the_same(model: Model, community: Csr) -> None:
    again = Model(Blend.from_arrays(model.blend.to_arrays(), Settings()), model.items, 40)
    assert (again.scores(community) == model.scores(community)).all()


def test_novelty_favours_items_with_fewer_raters(community: Csr) -> None:
    ratings = community.toarray()
    ratings[20:, 0] = 0
    model = fit(sparse.csr_array(ratings))
    history = row({2: 5.0, 4: 5.0, 6: 4.5})
    adventurous, well_known = model.scores(history, novelty=1.0)[0], model.scores(history, novelty=0.0)[0]
    assert (adventurous > adventurous[0]).sum() <= (well_known > well_known[0]).sum()


def test_novelty_turns_the_exponent_of_the_discount(community: Csr) -> None:
    blend = fit(community).blend
    matrix = Settings().long
    assert np.allclose(blend._discount(matrix, 0.0), 1.0)
    usual, adventurous = (np.log(blend._discount(matrix, novelty)) for novelty in (0.5, 1.0))
    assert np.allclose(adventurous / usual, 1 + NoveltySettings().max_extra_discount / matrix.discount)
