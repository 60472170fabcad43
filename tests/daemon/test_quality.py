"""Commands `movierec-server train` and `evaluate` as separate processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from movierec import config, db, recommender
from movierec.daemon import quality
from movierec.errors import ConfigurationError, ValidationFailed
from movierec.exchange import movielens
from movierec.recommender.artifacts import store
from movierec.recommender.training import pipeline
from tests import datasets

RUN = [sys.executable, "-c", "from movierec.daemon.app import main; main()"]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Return a dataset of thirty movies and sixty raters."""
    movies = list(range(500_001, 500_031))
    content = {
        "movies.csv": datasets.movies_csv(30).encode(),
        "ratings.csv": datasets.ratings_csv(60, movies, 0.5).encode(),
    }
    return datasets.write_folder(tmp_path / "ml-test", content)


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "MOVIEREC_HOME": str(home)}
    return subprocess.run([*RUN, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_dataset_is_measured_without_changing_the_database(dataset: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    arguments = ["evaluate", "--movielens", str(dataset), "--seeds", "1,2", "--known", "1,all"]
    table = run(home, *arguments)
    assert table.returncode == 0, table.stderr
    first = table.stdout.splitlines()
    assert first[0] == "60 users, 30 movies, 900 ratings"
    assert first[1].split() == ["NDCG@100,", "ratings", "known", "1", "all"]
    assert first[5].startswith("movierec")
    for text in (
        "coverage of the top 20",
        "novelty in bits",
        "known dislikes",
        "one list ms",
        "RMSE",
        "peak memory",
    ):
        assert text in table.stdout
    assert "100%" not in table.stdout
    assert "movierec" in table.stderr
    assert not (home / "state" / "movierec.sqlite3").exists()
    document = json.loads(run(home, *arguments, "--json", "--positives-only").stdout)
    assert document["positives_only"]
    assert {result["known"] for result in document["results"]} == {1, None}
    assert set(document["rmse"]) == {"biases", "movierec"}


def test_complete_histories_are_measured_despite_a_training_limit(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config.load(environ={"MOVIEREC_HOME": str(tmp_path / "home")})
    monkeypatch.setattr(
        pipeline, "recommender_settings", lambda section: recommender.ModelSettings(training_history=5)
    )
    db.connect(settings)
    try:
        db.migrate()
        movielens.import_movielens(dataset, tmp_path, limit_bytes=10**9, now=1)
        report = pipeline.evaluate_model(settings, lambda *_: None, cells=(None,), seeds=(1,))
    finally:
        db.close()
    assert (report.users, report.ratings) == (60, 900)


def test_training_publishes_a_model_of_the_imported_ratings(dataset: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    empty = run(home, "train")
    assert (empty.returncode, empty.stdout) == (1, "")
    assert "too few community ratings" in empty.stderr
    settings = config.load(environ={"MOVIEREC_HOME": str(home)})
    db.connect(settings)
    try:
        movielens.import_movielens(dataset, tmp_path, limit_bytes=10**9, now=1)
    finally:
        db.close()
    trained = run(home, "train", "--measure", "--json")
    assert trained.returncode == 0, trained.stderr
    report = json.loads(trained.stdout)
    model, complaints = store.load_current(settings.paths.state / "models")
    assert not complaints
    assert model is not None
    assert model.version == report["version"]
    assert model.manifest["metrics"] == report["metrics"] != {}
    measured = run(home, "evaluate", "--known", "3", "--seeds", "1")
    assert measured.returncode == 0, measured.stderr


@pytest.mark.parametrize("text", ["", "x", "1,,2", "0", "-1", "1.5", "²"])
def test_invalid_seeds_are_refused(text: str) -> None:
    with pytest.raises(ValidationFailed):
        quality.parse_seeds(text)


def test_all_stands_for_complete_histories() -> None:
    assert quality.parse_known_counts("1, 5,all") == [1, 5, None]
    with pytest.raises(ValidationFailed):
        quality.parse_seeds("all")


@pytest.mark.parametrize(
    "options",
    [
        ["--engine", "spark"],
        ["--ratings", "x"],
        ["--engine", "hadoop"],
        ["--engine", "spark", "--ratings", "x", "--measure"],
    ],
)
def test_contradicting_options_are_refused(tmp_path: Path, options: list[str]) -> None:
    assert run(tmp_path / "home", "train", *options).returncode == 2


def test_missing_spark_is_a_configuration_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "movierec.recommender.training.spark", None)
    settings = config.load(environ={"MOVIEREC_HOME": str(tmp_path)})
    try:
        with pytest.raises(ConfigurationError, match=r"movierec\[spark\]"):
            quality.train(settings, measure=False, as_json=False, cluster=quality.SparkCluster("ratings"))
    finally:
        db.close()
