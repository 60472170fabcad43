"""A model stored and laid over the catalogue again: the same, grown, shrunk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from movierec.recommender import Model, Settings, fit
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
    """Films up to 200 are horror, the others comedies; the community has rated the multiples of ten."""
    ids = np.array(sorted(movie_ids), dtype=np.int64)
    scary = ids <= 200
    count = len(ids)
    traits = FilterColumns(
        genres=np.stack([~scary, scary], axis=1),
        genre_names=("Comedy", "Horror"),
        years=np.full(count, 1990, np.int32),
        runtimes=np.zeros(count, np.int32),
        votes=np.zeros(count, np.float32),
        adult=np.zeros(count, dtype=bool),
        languages=[frozenset()] * count,
    )
    genres = [HORROR if each else COMEDY for each in scary.tolist()]
    content = ContentScorer(build_movie_columns(genres, (1900 + ids // 5).tolist()))
    return MovieIndex(
        1,
        ids,
        np.zeros_like(ids),
        [f"Film {i}" for i in ids],
        traits,
        content,
        genre_shares(traits.genres),
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


def laid_over(folder: Path, films: MovieIndex) -> CommunityModel:
    found, complaints = store.load_current(folder)
    assert found is not None
    assert not complaints
    return model_artifact.community_from_artifact(found, films, Settings())


@pytest.mark.parametrize(
    "movie_ids",
    [
        RATED.tolist(),
        [*RATED.tolist(), 5, 155, 395, 900],  # films came, in between and behind
        RATED.tolist()[3:-1],  # films went
        [*RATED.tolist()[5:], 7, 399],
        [900, 901],  # none is left
    ],
)
def test_stored_shares_are_those_that_would_be_made_anew(
    folder: Path, model: Model, movie_ids: list[int]
) -> None:
    films = catalogue(movie_ids)
    found = laid_over(folder, films)
    anew = catalogue_transfer_matrix(films.content.features, model.blend.raters, found.catalogue_items)
    assert found.transfer.shape == anew.shape
    # A film's rarity of facts has changed a little with the catalogue; the shares of known films have not.
    new = ~np.isin(films.movie_ids, RATED)
    np.testing.assert_allclose(found.transfer[new].toarray(), anew[new].toarray(), atol=1e-6)
    scores = HybridScorer(films.content, found).score(build_history([(0, 5.0), (1, 4.0)])).scores
    assert np.isfinite(scores).all()


def test_a_film_of_the_model_that_was_merged_into_another_one_is_that(folder: Path, model: Model) -> None:
    """100 became 105, which nobody had rated, and 110 became 120, which the model knows too."""
    films = catalogue([*RATED[(RATED != 100) & (RATED != 110)].tolist(), 105], {100: 105, 110: 120})
    found = laid_over(folder, films)
    place = {movie: number for number, movie in enumerate(RATED[model.items].tolist())}
    assert found.model_items[films.item_of(105)] == place[100]
    assert films.item_of(100) == films.item_of(105)
    assert found.model_items[films.item_of(120)] == place[120]
    assert found.catalogue_items[place[110]] == -1
    anew = catalogue_transfer_matrix(films.content.features, model.blend.raters, found.catalogue_items)
    number = films.item_of(105)
    np.testing.assert_allclose(found.transfer[[number]].toarray(), anew[[number]].toarray(), atol=1e-6)


def test_a_model_of_another_version_is_refused_in_words(tmp_path: Path) -> None:
    store.publish(tmp_path, {"weights": np.zeros(3)}, {"trained_at": 5})
    with pytest.raises(store.CorruptArtifact, match="another version of movierec made it; train a new one"):
        laid_over(tmp_path, catalogue(RATED.tolist()))


def test_expected_stars_come_with_the_model(folder: Path) -> None:
    films = catalogue([*RATED.tolist(), 5])
    found = laid_over(folder, films)
    rated = films.known_items([10, 20, 30, 40, 50, 300])
    taste = found.fold_in_ratings(rated, np.array([5, 5, 4.5, 5, 4.5, 1], dtype=np.float32))
    horror, comedy, unknown = found.predict_stars(taste, films.known_items([150, 350, 5]))
    assert unknown is None
    assert horror is not None
    assert comedy is not None
    assert horror > comedy
    assert horror == round(horror, 1) <= 5.0


def test_too_few_ratings_expect_nothing(folder: Path) -> None:
    found = laid_over(folder, catalogue(RATED.tolist()))
    taste = found.fold_in_ratings(np.arange(4), np.full(4, 5, dtype=np.float32))
    assert found.predict_stars(taste, np.arange(3)) == [None, None, None]


def test_models_without_shares_or_stars_still_serve(model: Model, tmp_path: Path) -> None:
    store.publish(tmp_path, {"movie_ids": RATED[model.items], **model.blend.to_arrays()}, {})
    films = catalogue(RATED.tolist())
    found = laid_over(tmp_path, films)
    assert found.transfer.shape == (40, 40)
    assert found.fold_in_ratings(np.arange(9), np.full(9, 5, dtype=np.float32)) is None
