"""A stored model mapped to a catalogue again: unchanged, grown, shrunk, merged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from movierec.recommender import Model, ModelSettings, fit
from movierec.recommender.artifacts import model as model_artifact
from movierec.recommender.artifacts import store
from movierec.recommender.engine.arrays import Csr
from movierec.recommender.engine.candidates import FilterColumns
from movierec.recommender.engine.content import ContentScorer
from movierec.recommender.engine.history import build_history
from movierec.recommender.engine.hybrid import CommunityModel, HybridScorer, catalogue_transfer_matrix
from movierec.recommender.engine.matrix_factorisation import fit_rating_model
from movierec.recommender.engine.movie_columns import build_movie_columns
from movierec.recommender.engine.ranking import genre_shares
from movierec.recommender.engine.settings import FactorisationSettings
from movierec.recommender.serving.movie_index import MovieIndex

RATED = np.arange(1, 41) * 10
HORROR, COMEDY = ("Horror",), ("Comedy",)


def catalogue(movie_ids: list[int], merged: dict[int, int] | None = None) -> MovieIndex:
    """Return an index: movies up to 200 are horror, others comedies; the community rated the multiples of ten."""
    ids = np.array(sorted(movie_ids), dtype=np.int64)
    is_horror = ids <= 200
    count = len(ids)
    filter_columns = FilterColumns(
        genres=np.stack([~is_horror, is_horror], axis=1),
        genre_names=("Comedy", "Horror"),
        years=np.full(count, 1990, np.int32),
        runtimes=np.zeros(count, np.int32),
        votes=np.zeros(count, np.float32),
        adult=np.zeros(count, dtype=bool),
        languages=[frozenset()] * count,
    )
    genres = [HORROR if each else COMEDY for each in is_horror.tolist()]
    content = ContentScorer(build_movie_columns(genres, (1900 + ids // 5).tolist()))
    return MovieIndex(
        1,
        ids,
        np.zeros_like(ids),
        [f"Film {i}" for i in ids],
        filter_columns,
        content,
        genre_shares(filter_columns.genres),
        np.full(len(ids), -1),
        merged or {},
    )


@pytest.fixture(scope="module")
def model(community: Csr) -> Model:
    return fit(community)


@pytest.fixture
def folder(model: Model, community: Csr, tmp_path: Path) -> Path:
    stars = fit_rating_model(community, FactorisationSettings(sweeps=3))
    model_artifact.publish_model(tmp_path, model, stars, RATED, catalogue(RATED.tolist()), {"trained_at": 5})
    return tmp_path


def load_model(folder: Path, index: MovieIndex) -> CommunityModel:
    """Map the stored model to an index."""
    artifact, problems = store.load_current(folder)
    assert artifact is not None
    assert not problems
    return model_artifact.community_from_artifact(artifact, index, ModelSettings())


@pytest.mark.parametrize(
    "movie_ids",
    [
        RATED.tolist(),
        [*RATED.tolist(), 5, 155, 395, 900],  # movies added in between and at the end
        RATED.tolist()[3:-1],  # movies deleted
        [*RATED.tolist()[5:], 7, 399],
        [900, 901],  # all deleted
    ],
)
def test_stored_transfer_matrix_equals_a_computed_one(
    folder: Path, model: Model, movie_ids: list[int]
) -> None:
    index = catalogue(movie_ids)
    community_model = load_model(folder, index)
    computed = catalogue_transfer_matrix(
        index.content.features, model.blend.raters, community_model.catalogue_items
    )
    assert community_model.transfer.shape == computed.shape
    # The rarities of features depend a little on the catalogue; the stored shares do not change.
    new = ~np.isin(index.movie_ids, RATED)
    np.testing.assert_allclose(community_model.transfer[new].toarray(), computed[new].toarray(), atol=1e-6)
    scores = HybridScorer(index.content, community_model).score(build_history([(0, 5.0), (1, 4.0)])).scores
    assert np.isfinite(scores).all()


def test_merged_movie_of_the_model_is_mapped_to_its_merge_target(folder: Path, model: Model) -> None:
    """Merge 100 into 105, which nobody rated, and 110 into 120, which is in the model too."""
    index = catalogue([*RATED[(RATED != 100) & (RATED != 110)].tolist(), 105], {100: 105, 110: 120})
    community_model = load_model(folder, index)
    place = {movie: number for number, movie in enumerate(RATED[model.items].tolist())}
    assert community_model.model_items[index.item_of(105)] == place[100]
    assert index.item_of(100) == index.item_of(105)
    assert community_model.model_items[index.item_of(120)] == place[120]
    assert community_model.catalogue_items[place[110]] == -1
    computed = catalogue_transfer_matrix(
        index.content.features, model.blend.raters, community_model.catalogue_items
    )
    item = index.item_of(105)
    np.testing.assert_allclose(
        community_model.transfer[[item]].toarray(), computed[[item]].toarray(), atol=1e-6
    )


def test_model_of_another_version_is_refused_with_advice(tmp_path: Path) -> None:
    store.publish(tmp_path, {"weights": np.zeros(3)}, {"trained_at": 5})
    with pytest.raises(store.CorruptArtifact, match="another version of movierec made it; train a new one"):
        load_model(tmp_path, catalogue(RATED.tolist()))


def test_model_predicts_ratings(folder: Path) -> None:
    index = catalogue([*RATED.tolist(), 5])
    community_model = load_model(folder, index)
    rated = index.known_items([10, 20, 30, 40, 50, 300])
    taste = community_model.fold_in_ratings(rated, np.array([5, 5, 4.5, 5, 4.5, 1], dtype=np.float32))
    horror, comedy, unknown = community_model.predict_stars(taste, index.known_items([150, 350, 5]))
    assert unknown is None
    assert horror is not None
    assert comedy is not None
    assert horror > comedy
    assert horror == round(horror, 1) <= 5.0


def test_too_few_ratings_predict_nothing(folder: Path) -> None:
    community_model = load_model(folder, catalogue(RATED.tolist()))
    taste = community_model.fold_in_ratings(np.arange(4), np.full(4, 5, dtype=np.float32))
    assert community_model.predict_stars(taste, np.arange(3)) == [None, None, None]


def test_model_without_transfer_matrix_or_ratings_serves(model: Model, tmp_path: Path) -> None:
    store.publish(tmp_path, {"movie_ids": RATED[model.items], **model.blend.to_arrays()}, {})
    index = catalogue(RATED.tolist())
    community_model = load_model(tmp_path, index)
    assert community_model.transfer.shape == (40, 40)
    assert community_model.fold_in_ratings(np.arange(9), np.full(9, 5, dtype=np.float32)) is None
