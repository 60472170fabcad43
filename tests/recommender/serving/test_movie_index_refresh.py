"""Refresh of the movie index: only movies added, changed or deleted while serving are read again."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest

from movierec import auth, db, library, movies, recommender
from movierec.config import Settings
from movierec.movies import MovieRecord
from movierec.recommender import ModelKeeper, RecommendRequest, fit, models_folder
from movierec.recommender.artifacts import model as model_artifact
from movierec.recommender.artifacts import store
from movierec.recommender.engine.arrays import as_csr
from movierec.recommender.engine.matrix_factorisation import fit_rating_model
from movierec.recommender.engine.settings import FactorisationSettings
from movierec.recommender.serving import movie_index, movie_index_refresh
from tests import films

NEW = MovieRecord(
    source="tmdb",
    title="Alien: Covenant",
    imdb_id="tt2316204",
    year=2017,
    genres=("Science Fiction", "Horror"),
    directors=("Ridley Scott",),
    cast=("Michael Fassbender",),
)
LATER = films.NOW + 1_000


@pytest.fixture
def whole_reads(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list with one entry for each read of all movies."""
    reads: list[None] = []
    load = movie_index.load_movie_index

    def counted() -> movie_index.MovieIndex:
        reads.append(None)
        return load()

    monkeypatch.setattr("movierec.recommender.serving.state.load_movie_index", counted)
    return reads


@pytest.fixture
def keeper(database: Settings, whole_reads: list[None]) -> ModelKeeper:
    """Return a keeper with a model of a small community that has served a first request."""
    index = movie_index.load_movie_index()
    count = len(index)
    stars = np.random.default_rng(3).integers(1, 11, (90, count)) / 2
    ratings = as_csr(stars * (np.random.default_rng(4).random((90, count)) < 0.4))
    model = fit(ratings)
    rating_model = fit_rating_model(as_csr(ratings[:, model.items]), FactorisationSettings(sweeps=2))
    folder = models_folder(database)
    model_artifact.publish_model(folder, model, rating_model, index.movie_ids, index, {"trained_at": 1})
    keeper = ModelKeeper(folder, recommender.ModelSettings())
    keeper.state()
    whole_reads.clear()
    return keeper


def user() -> int:
    """Register a user."""
    return int(auth.register(auth.NewAccount("ann", "ann@example.org"), "no hash", now=0).id)


def assert_equals_whole_read(keeper: ModelKeeper) -> None:
    """Assert that the refreshed index equals one read whole, except for the rarities of features."""
    state, whole = keeper.state(), movie_index.load_movie_index()
    refreshed = state.catalogue
    assert refreshed.revision == whole.revision
    assert refreshed.movie_ids.tolist() == whole.movie_ids.tolist()
    assert refreshed.updated_at.tolist() == whole.updated_at.tolist()
    assert list(refreshed.titles) == list(whole.titles)
    for trait in dataclasses.fields(refreshed.filter_columns):
        assert np.array_equal(
            getattr(refreshed.filter_columns, trait.name), getattr(whole.filter_columns, trait.name)
        ), trait.name
    np.testing.assert_allclose(refreshed.content.quality, whole.content.quality, atol=1e-5)
    names = [
        {(features.kinds[c], features.names[c]) for c in features.row(number)[0]}
        for features in (refreshed.content.features, whole.content.features)
        for number in range(len(refreshed))
    ]
    # Franchises are found when all movies are read.
    without_series = [{fact for fact in facts if fact[0] != "series"} for facts in names]
    assert without_series[: len(refreshed)] == without_series[len(refreshed) :]
    directors = [
        [features.names[column] if column >= 0 else "" for column in index.director_columns]
        for index, features in ((refreshed, refreshed.content.features), (whole, whole.content.features))
    ]
    assert directors[0] == directors[1]
    community = state.scorer.community
    assert community is not None
    rows = community.transfer.toarray()
    np.testing.assert_allclose(rows.sum(axis=1) > 0, True)
    present = community.catalogue_items[community.catalogue_items >= 0]
    assert (rows[present, np.flatnonzero(community.catalogue_items >= 0)] > 0.9).all()


def test_added_movie_is_explained_rated_and_recommended_at_once(
    keeper: ModelKeeper, whole_reads: list[None]
) -> None:
    ann = user()
    library.rate(ann, films.movie_id("tt0078748"), 5.0, now=1)
    before = keeper.state()
    (new,) = movies.upsert([NEW], LATER)
    assert before.catalogue.item_of(new) is None
    explanation = recommender.explain(before, ann, new)
    assert explanation is not None
    assert explanation.contributions[0].title == "Alien"
    similar = recommender.similar_movies(before, new, 3)
    assert similar
    library.rate(ann, new, 4.0, now=2)
    recommended = recommender.recommend_for(before, ann, RecommendRequest(limit=100))
    assert new in {reason.movie_id for item in recommended for reason in item.because}
    assert_equals_whole_read(keeper)
    assert not whole_reads


def test_changed_and_deleted_movies_are_taken_over(keeper: ModelKeeper, whole_reads: list[None]) -> None:
    alien, heat = films.movie_id("tt0078748"), films.movie_id("tt0113277")
    (new,) = movies.upsert([NEW], LATER)
    movies.update_movie(alien, {"genres": ("Musical",), "adult": True}, LATER)
    movies.delete_movie(heat)
    keeper.refresh()
    assert_equals_whole_read(keeper)
    # Changed once more within the same second.
    movies.update_movie(alien, {"adult": False, "year": 1980}, LATER)
    movies.delete_movie(new)
    keeper.refresh()
    assert_equals_whole_read(keeper)
    assert not whole_reads


def test_changed_movie_stays_in_its_franchise(keeper: ModelKeeper) -> None:
    alien = films.movie_id("tt0078748")
    before = keeper.state().catalogue
    item = before.item_of(alien)
    assert item is not None
    series = before.content.features.names_of_kind(item, "series")
    assert series
    movies.update_movie(alien, {"runtime": 118}, LATER)
    keeper.refresh()
    after = keeper.state().catalogue
    assert after.content.features.names_of_kind(item, "series") == series
    assert after.filter_columns.runtimes[item] == 118


def test_many_changes_cause_a_whole_read(
    keeper: ModelKeeper, whole_reads: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movie_index_refresh, "MAX_CHANGES", 2)
    movies.upsert(
        [dataclasses.replace(NEW, imdb_id=f"tt90000{i}", title=f"New {i}") for i in range(3)], LATER
    )
    keeper.refresh()
    assert len(whole_reads) == 1
    assert_equals_whole_read(keeper)


def test_new_model_causes_a_whole_read(
    keeper: ModelKeeper, whole_reads: list[None], database: Settings
) -> None:
    movies.upsert([NEW], LATER)
    keeper.refresh()
    assert keeper.state().catalogue.added == 1
    (models_folder(database) / "current").write_text("gone")
    keeper.refresh()
    assert keeper.state().degraded
    assert (len(whole_reads), keeper.state().catalogue.added) == (1, 0)


def test_content_serves_if_the_model_is_of_another_version(keeper: ModelKeeper, database: Settings) -> None:
    store.publish(models_folder(database), {"weights": np.zeros(3)}, {"trained_at": 2})
    keeper.refresh()
    state = keeper.state()
    assert (state.version, state.scorer.community) == ("content", None)
    assert "train a new one" in state.degraded[0]


def test_requests_do_not_wait_for_a_refresh_in_progress(
    keeper: ModelKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    refresh = movie_index_refresh.refresh_movie_index

    def slow(before: movie_index.MovieIndex) -> movie_index_refresh.RefreshedIndex | None:
        entered.set()
        assert go_on.wait(60)
        return refresh(before)

    monkeypatch.setattr("movierec.recommender.serving.state.refresh_movie_index", slow)
    (new,) = movies.upsert([NEW], LATER)
    before = keeper.state()
    assert entered.wait(60)
    assert keeper.state() is before
    assert recommender.similar_movies(before, new, 3) is None
    go_on.set()
    keeper.refresh()
    assert recommender.similar_movies(keeper.state(), new, 3)


def test_refreshes_rest_between_changes(keeper: ModelKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    refreshes: list[None] = []
    done = threading.Event()

    def counted() -> None:
        refreshes.append(None)
        ModelKeeper.refresh(keeper)
        done.set()

    monkeypatch.setattr(keeper, "refresh", counted)
    for number in range(20):
        movies.upsert([dataclasses.replace(NEW, imdb_id=f"tt91000{number}", title=f"New {number}")], LATER)
        keeper.state()
    assert done.wait(60)
    assert len(refreshes) == 1
    assert db.revision("catalogue") >= keeper.state().catalogue.revision


def test_merge_causes_a_whole_read(keeper: ModelKeeper, whole_reads: list[None]) -> None:
    alien, aliens = films.movie_id("tt0078748"), films.movie_id("tt0090605")
    movies.merge_movies(aliens, alien, LATER)
    keeper.refresh()
    assert len(whole_reads) == 1
    assert keeper.state().catalogue.item_of(aliens) == keeper.state().catalogue.item_of(alien)
