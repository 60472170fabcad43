"""Constants that shape a score are settings, and the document lists every one of them."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from movierec.recommender import ModelSettings, fit
from movierec.recommender.engine import settings as module
from movierec.recommender.engine.arrays import Csr
from movierec.recommender.engine.content import ContentScorer
from movierec.recommender.engine.history import build_history
from movierec.recommender.engine.hybrid import CommunityModel, HybridScorer
from movierec.recommender.engine.movie_columns import build_movie_columns
from movierec.recommender.engine.settings import BENCHMARKS, GROUPS, ContentSettings, HybridSettings
from scripts import settings_table
from tests.recommender import sample_movies

ENGINE = Path(module.__file__).parent

# Numbers outside of settings, each with the reason why it shapes no score.
ALLOWED = {
    "cold_items.BLOCK_ITEMS": "memory",
    "cold_items.DENSE_SHARE": "speed",
    "content.ROUNDING": "precision of floats",
    "edlae.BLOCK_ROWS": "memory",
    "edlae.GATHERED_ROWS": "speed",
    "evaluation.DEPTH": "protocol of the evaluation",
    "evaluation.DISLIKED_STARS": "protocol of the evaluation",
    "evaluation.HISTORY_SHARE": "protocol of the evaluation",
    "evaluation.KNOWN_COUNTS": "protocol of the evaluation",
    "evaluation.MAX_TEST_USERS": "protocol of the evaluation",
    "evaluation.SEEDS": "protocol of the evaluation",
    "evaluation.TEST_SHARE": "protocol of the evaluation",
    "evaluation.TIMED_LISTS": "protocol of the evaluation",
    "explanations.MAX_CODE_LENGTH": "a property of language codes",
    "gram.STRIP_ROWS": "memory",
    "matrix_factorisation.BLOCK_ROWS": "memory",
    "model.BLOCK_USERS": "memory",
    "ranking.SAMPLE": "speed; the result is exact",
    "rating_prediction.HIGHEST_STARS": "the scale of ratings",
    "rating_prediction.LOWEST_STARS": "the scale of ratings",
    "reference_models.LIKED_STARS": "protocol of the evaluation",
    "reference_models.REFERENCE_MODELS": "not served",
    "rmse.HELD_OUT": "protocol of the evaluation",
    "rmse.SEED": "protocol of the evaluation",
    "weights.SCALE": "precision of whole numbers",
    "weights.TENTHS": "precision of whole numbers",
}


def numeric_constants(text: str) -> Iterator[str]:
    """Yield the names that a module assigns numbers to, also within tuples, dictionaries and calls."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            numbers = (each for each in ast.walk(node.value) if isinstance(each, ast.Constant))
            if any(type(each.value) in (int, float) for each in numbers):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = (each for target in targets for each in ast.walk(target))
                yield from (each.id for each in names if isinstance(each, ast.Name))


def test_no_number_that_shapes_a_score_is_outside_settings() -> None:
    names = {
        f"{file.stem}.{name}"
        for file in ENGINE.glob("*.py")
        if file.stem != "settings"
        for name in numeric_constants(file.read_text(encoding="utf-8"))
    }
    assert names == set(ALLOWED)


def test_numbers_are_seen_wherever_they_stand() -> None:
    text = (
        'A, B = 0.5, np.float32(2)\nC: dict[str, float] = {"x": 1.5}\nD = "text"\nE = True\ndef f(): x = 1\n'
    )
    assert list(numeric_constants(text)) == ["A", "B", "C"]


def test_every_settings_class_is_in_the_table() -> None:
    classes = {
        cls for _, cls in inspect.getmembers(module, inspect.isclass) if cls.__module__ == module.__name__
    }
    assert classes == set(GROUPS)


@pytest.mark.parametrize(
    "setting",
    [(group, field) for group in GROUPS for field in dataclasses.fields(group)],
    ids=lambda setting: f"{setting[0].__name__}.{setting[1].name}",
)
def test_a_setting_has_a_sentence_and_a_known_benchmark(setting: tuple[type, dataclasses.Field]) -> None:
    group, field = setting
    assert field.metadata["meaning"].rstrip("”").endswith("."), f"{group.__name__}.{field.name}"
    assert field.metadata["meaning"].lstrip("`")[0].isprintable()
    labels = [label for label in field.metadata["chosen_by"].split(", ") if label]
    assert set(labels) <= set(BENCHMARKS)
    # Labels and texts without a unit are names, flags or seeds.
    if not field.metadata["unit"]:
        assert not isinstance(field.default, float)


def test_settings_are_immutable() -> None:
    for group in GROUPS:
        assert group.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_the_document_lists_the_settings_of_the_code() -> None:
    document = settings_table.DOCUMENT.read_text(encoding="utf-8")
    tables = document.split(settings_table.BEGIN)[1].split(settings_table.END)[0]
    assert tables.strip() == settings_table.tables().strip(), "run: python -m scripts.settings_table --write"


def test_a_manifest_keeps_its_settings() -> None:
    """Names that manifests of stored models have; see `training.pipeline`."""
    stored = dataclasses.asdict(ModelSettings())
    assert set(stored) == {
        *("long", "short", "few", "many", "popular_share", "popular_until", "dislikes", "min_raters"),
        *(
            "max_films",
            "always_films",
            "coverage",
            "training_history",
            "serving_history",
            "fact_weight",
            "seed",
        ),
    }
    assert set(stored["long"]) == {"dropout", "discount", "spared", "ridge", "growth"}


def test_settings_decide_the_score(community: Csr) -> None:
    genres = [["Horror"]] * 20 + [["Comedy"]] * 20
    columns = build_movie_columns(genres, [1980] * 40, directors=[[f"Director {i // 4}"] for i in range(40)])
    content, model = ContentScorer(columns), fit(community)
    history = build_history([(1, 5.0), (2, 4.5)])
    members = CommunityModel(model.blend, model.items, content)
    usual = HybridScorer(content, members).score(history)
    trusting = HybridScorer(content, members, HybridSettings(half_trusted_raters=0.0)).score(history)
    assert usual.community_weight < trusting.community_weight == 1.0
    plain = ContentScorer(sample_movies.twelve_movies(), ContentSettings(similarity_weight=2.5))
    items, stars = np.array([sample_movies.ALIEN]), np.array([5.0], dtype=np.float32)
    doubled = plain.fold_in(items, stars).similarity
    once = ContentScorer(sample_movies.twelve_movies()).fold_in(items, stars).similarity
    np.testing.assert_allclose(doubled, 2 * once, rtol=1e-5)
