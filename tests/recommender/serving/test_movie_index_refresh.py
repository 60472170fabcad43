"""Films that come, change and go while the recommender serves: nothing else is read again."""

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
    """One entry for each time that all films are read."""
    read: list[None] = []
    load = movie_index.load_movie_index

    def counted() -> movie_index.MovieIndex:
        read.append(None)
        return load()

    monkeypatch.setattr("movierec.recommender.serving.state.load_movie_index", counted)
    return read


@pytest.fixture
def kept(database: Settings, whole_reads: list[None]) -> ModelKeeper:
    """A recommender with a model of a small community, serving already."""
    films_read = movie_index.load_movie_index()
    count = len(films_read)
    stars = np.random.default_rng(3).integers(1, 11, (90, count)) / 2
    ratings = as_csr(stars * (np.random.default_rng(4).random((90, count)) < 0.4))
    model = fit(ratings)
    predicted = fit_rating_model(as_csr(ratings[:, model.items]), FactorisationSettings(sweeps=2))
    folder = models_folder(database)
    model_artifact.publish_model(
        folder, model, predicted, films_read.movie_ids, films_read, {"trained_at": 1}
    )
    made = ModelKeeper(folder, recommender.Settings())
    made.state()
    whole_reads.clear()
    return made


def user() -> int:
    return int(auth.register(auth.NewAccount("ann", "ann@example.org"), "no hash", now=0).id)


def assert_like_read_whole(kept: ModelKeeper) -> None:
    """What was taken over is what reading everything gives, but for how rare facts are."""
    serving, whole = kept.state(), movie_index.load_movie_index()
    found = serving.catalogue
    assert found.revision == whole.revision
    assert found.movie_ids.tolist() == whole.movie_ids.tolist()
    assert found.updated_at.tolist() == whole.updated_at.tolist()
    assert list(found.titles) == list(whole.titles)
    for trait in dataclasses.fields(found.traits):
        assert np.array_equal(getattr(found.traits, trait.name), getattr(whole.traits, trait.name)), (
            trait.name
        )
    np.testing.assert_allclose(found.content.quality, whole.content.quality, atol=1e-5)
    names = [
        {(features.kinds[c], features.names[c]) for c in features.row(number)[0]}
        for features in (found.content.features, whole.content.features)
        for number in range(len(found))
    ]
    # Series are found when all are read.
    told = [{fact for fact in facts if fact[0] != "series"} for facts in names]
    assert told[: len(found)] == told[len(found) :]
    directors = [
        [features.names[maker] if maker >= 0 else "" for maker in films_read.director_columns]
        for films_read, features in ((found, found.content.features), (whole, whole.content.features))
    ]
    assert directors[0] == directors[1]
    community = serving.scorer.community
    assert community is not None
    rows = community.transfer.toarray()
    np.testing.assert_allclose(rows.sum(axis=1) > 0, True)
    present = community.catalogue_items[community.catalogue_items >= 0]
    assert (rows[present, np.flatnonzero(community.catalogue_items >= 0)] > 0.9).all()


def test_a_film_that_comes_is_explained_rated_and_recommended_at_once(
    kept: ModelKeeper, whole_reads: list[None]
) -> None:
    ann = user()
    library.rate(ann, films.movie_id("tt0078748"), 5.0, now=1)
    before = kept.state()
    (new,) = movies.upsert([NEW], LATER)
    assert before.catalogue.item_of(new) is None
    account = recommender.explain(before, ann, new)
    assert account is not None
    assert account.contributions[0].title == "Alien"
    similar = recommender.similar_movies(before, new, 3)
    assert similar
    library.rate(ann, new, 4.0, now=2)
    found = recommender.recommend_for(before, ann, RecommendRequest(limit=100))
    assert new in {reason.movie_id for item in found for reason in item.because}
    assert_like_read_whole(kept)
    assert not whole_reads


def test_changed_and_removed_films_are_taken_over(kept: ModelKeeper, whole_reads: list[None]) -> None:
    alien, heat = films.movie_id("tt0078748"), films.movie_id("tt0113277")
    (new,) = movies.upsert([NEW], LATER)
    movies.update_movie(alien, {"genres": ("Musical",), "adult": True}, LATER)
    movies.delete_movie(heat)
    kept.refresh()
    assert_like_read_whole(kept)
    # Changed once more within the same second.
    movies.update_movie(alien, {"adult": False, "year": 1980}, LATER)
    movies.delete_movie(new)
    kept.refresh()
    assert_like_read_whole(kept)
    assert not whole_reads


def test_a_changed_film_stays_in_its_series(kept: ModelKeeper) -> None:
    alien = films.movie_id("tt0078748")
    before = kept.state().catalogue
    number = before.item_of(alien)
    assert number is not None
    series = before.content.features.names_of_kind(number, "series")
    assert series
    movies.update_movie(alien, {"runtime": 118}, LATER)
    kept.refresh()
    after = kept.state().catalogue
    assert after.content.features.names_of_kind(number, "series") == series
    assert after.traits.runtimes[number] == 118


def test_many_changes_are_read_with_all_the_others(
    kept: ModelKeeper, whole_reads: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movie_index_refresh, "MAX_CHANGES", 2)
    movies.upsert(
        [dataclasses.replace(NEW, imdb_id=f"tt90000{i}", title=f"New {i}") for i in range(3)], LATER
    )
    kept.refresh()
    assert len(whole_reads) == 1
    assert_like_read_whole(kept)


def test_a_new_model_brings_a_catalogue_that_was_read_whole(
    kept: ModelKeeper, whole_reads: list[None], database: Settings
) -> None:
    movies.upsert([NEW], LATER)
    kept.refresh()
    assert kept.state().catalogue.added == 1
    (models_folder(database) / "current").write_text("gone")
    kept.refresh()
    assert kept.state().degraded
    assert (len(whole_reads), kept.state().catalogue.added) == (1, 0)


def test_a_model_of_another_version_does_not_serve_and_facts_do(
    kept: ModelKeeper, database: Settings
) -> None:
    store.publish(models_folder(database), {"weights": np.zeros(3)}, {"trained_at": 2})
    kept.refresh()
    serving = kept.state()
    assert (serving.version, serving.scorer.community) == ("content", None)
    assert "train a new one" in serving.degraded[0]


def test_requests_do_not_wait_for_a_renewal_under_way(
    kept: ModelKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    renewed = movie_index_refresh.refresh_movie_index

    def slow(before: movie_index.MovieIndex) -> movie_index_refresh.RefreshedIndex | None:
        entered.set()
        assert go_on.wait(10)
        return renewed(before)

    monkeypatch.setattr("movierec.recommender.serving.state.refresh_movie_index", slow)
    (new,) = movies.upsert([NEW], LATER)
    before = kept.state()
    assert entered.wait(10)
    assert kept.state() is before
    assert recommender.similar_movies(before, new, 3) is None
    go_on.set()
    kept.refresh()
    assert recommender.similar_movies(kept.state(), new, 3)


def test_renewals_rest_between_changes(kept: ModelKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    renewals: list[None] = []
    done = threading.Event()

    def counted() -> None:
        renewals.append(None)
        ModelKeeper.refresh(kept)
        done.set()

    monkeypatch.setattr(kept, "refresh", counted)
    for number in range(20):
        movies.upsert([dataclasses.replace(NEW, imdb_id=f"tt91000{number}", title=f"New {number}")], LATER)
        kept.state()
    assert done.wait(10)
    assert len(renewals) == 1
    assert db.revision("catalogue") >= kept.state().catalogue.revision


def test_merged_films_are_read_with_all_the_others(kept: ModelKeeper, whole_reads: list[None]) -> None:
    alien, aliens = films.movie_id("tt0078748"), films.movie_id("tt0090605")
    movies.merge_movies(aliens, alien, LATER)
    kept.refresh()
    assert len(whole_reads) == 1
    assert kept.state().catalogue.item_of(aliens) == kept.state().catalogue.item_of(alien)
