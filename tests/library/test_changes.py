"""The tables of the library: every column of their models is journaled, or undo would lose it."""

from __future__ import annotations

import pytest

from movierec import tables
from movierec.db import BaseModel
from movierec.library.changes import LIBRARY_TABLES

KEY_COLUMNS = {"id", "user_id", "movie_id"}
# Restored rows of feedback belong to the movie; the recommendation that led to them may be gone.
NOT_JOURNALED = {"feedback": {"recommendation_id"}}


@pytest.mark.parametrize("name", sorted(LIBRARY_TABLES))
def test_every_column_of_a_library_table_is_journaled(name: str) -> None:
    modules = {module.__name__ for module in tables.MODULES}
    models = {
        model._meta.table_name: model for model in BaseModel.__subclasses__() if model.__module__ in modules
    }
    columns = {field.column_name for field in models[name]._meta.sorted_fields}
    assert set(LIBRARY_TABLES[name].columns) == columns - KEY_COLUMNS - NOT_JOURNALED.get(name, set())
