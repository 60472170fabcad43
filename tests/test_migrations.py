"""Migrations: each up and down, the same schema as the models, and daemons that start together."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee
import pytest

from movierec import db, tables
from movierec.config import Settings
from movierec.db import BaseModel
from movierec.errors import ConfigurationError
from tests.conftest import EmptyDatabases

NAMES = sorted(path.stem for path in db.migrations_directory().glob("[0-9]*.py"))


@pytest.fixture
def empty(empty_databases: EmptyDatabases) -> Iterator[Settings]:
    """Connect to a database without tables."""
    settings = empty_databases.make()
    db.connect(settings)
    yield settings
    db.close()


def schema() -> dict[str, Any]:
    """Return the columns, keys, indexes and checks of all tables."""
    definitions: dict[str, Any] = {}
    for table in sorted(db.database.get_tables()):
        if table == "schema_migrations":
            continue
        definitions[table] = {
            "columns": [
                (c.name, c.data_type.lower(), c.null, c.primary_key) for c in db.database.get_columns(table)
            ],
            "indexes": sorted(
                (i.name, tuple(i.columns), i.unique) for i in db.database.get_indexes(table) if i.columns
            ),
            "references": sorted(
                (f.column, f.dest_table, f.dest_column) for f in db.database.get_foreign_keys(table)
            ),
            "rules": rules(table),
        }
    return definitions


def rules(table: str) -> list[str]:
    """Return CHECK constraints and the actions of foreign keys on delete."""
    if db.is_postgres():
        sql = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = CAST(? AS regclass)"
        return sorted(definition for (definition,) in db.rows(sql, table))
    definition = db.value("SELECT sql FROM sqlite_master WHERE name = ?", table)
    return sorted(re.findall(r"CHECK \(.*?\)(?=[,)]| NOT)|ON DELETE \w+(?: NULL)?", definition))


def test_each_migration_goes_up_down_and_up_again(empty: Settings) -> None:
    for name in NAMES:
        before = schema()
        assert db.migrate(name) == [name]
        after = schema()
        assert db.migrate_down(name) == [name]
        assert schema() == before
        assert db.migrate(name) == [name]
        assert schema() == after
    assert db.pending_migrations() == []
    assert db.migrate() == []
    for name in reversed(NAMES):
        db.migrate_down(name)
    assert schema() == {}


@pytest.mark.parametrize("path", sorted(db.migrations_directory().glob("*.py")), ids=lambda path: path.stem)
def test_migrations_import_nothing_of_movierec_but_db(path: Path) -> None:
    """The package changes and migrations must not: they contain frozen copies of what they need."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name for name in names if name.split(".")[0] in ("movierec", "migrations")}
    assert {name for name in ours if not f"{name}.".startswith("movierec.db.")} == set()


def test_numbers_are_consecutive_but_for_0009_which_never_existed() -> None:
    """0005 to 0010 were written side by side under reserved numbers, and nothing needed 0009."""
    numbers = [int(name[:4]) for name in NAMES]
    assert numbers == [number for number in range(1, max(numbers) + 1) if number != 9]


def test_titles_stored_before_the_title_index_are_indexed_by_its_migration(empty: Settings) -> None:
    db.migrate("0001_first_schema")
    titles = [
        ("Godfather: Part II, The", "", ["godfather two"]),
        ("Amélie", "Le Fabuleux Destin d'Amélie Poulain", ["amelie", "fabuleux destin damelie poulain"]),
        ("Se7en", "Seven", ["seven"]),
        ("$", "", ["$"]),
        ("七人の侍", "", ["七人の侍"]),
        ("Alien³", "", ["alien three"]),
        ("Длинный " * 100, "", [("длинныи " * 100)[:200]]),
    ]
    texts = ["overview", "tagline", "status", "homepage", "original_language", "languages", "countries"]
    texts += ["certificate", "poster_path", "backdrop_path"]
    numbers = ["vote_average", "vote_count", "popularity", "created_at", "updated_at"]
    columns = ["id", "title", "original_title", "source", "adult", *texts, *numbers]
    rows = [
        (number, title, original, "staff", False, *[""] * len(texts), *[0] * len(numbers))
        for number, (title, original, _) in enumerate(titles, start=1)
    ]
    db.insert_many("movies", columns, rows)
    db.migrate("0002_titles")
    keys: dict[int, list[str]] = {}
    for movie_id, key, compact in db.rows("SELECT movie_id, key, compact FROM movie_titles ORDER BY id"):
        assert compact == key.replace(" ", "")
        keys.setdefault(movie_id, []).append(key)
    assert keys == {number: expected for number, (*_, expected) in enumerate(titles, start=1)}


def every_model() -> list[type[peewee.Model]]:
    """Return the models of all packages."""
    modules = {module.__name__ for module in tables.MODULES}
    return [model for model in BaseModel.__subclasses__() if model.__module__ in modules]


def test_migrated_schema_equals_that_of_the_models(empty_databases: EmptyDatabases) -> None:
    db.connect(empty_databases.make())
    db.migrate()
    migrated = schema()
    db.close()
    db.connect(empty_databases.make())
    db.database.create_tables(every_model(), safe=False)
    from_models = schema()
    db.close()
    for table, expected in from_models.items():
        assert migrated[table] == expected, table
    # The database derives search indexes from tables: they have no models.
    assert {
        name for name in migrated.keys() - from_models.keys() if not name.startswith("title_search")
    } == set()


def test_every_foreign_key_has_an_action_on_delete() -> None:
    missing = [
        f"{model.__name__}.{field.name}"
        for model in every_model()
        for field in model._meta.sorted_fields
        if isinstance(field, peewee.ForeignKeyField) and not field.on_delete
    ]
    assert not missing


def test_every_table_with_unique_rows_of_movies_has_a_merge_rule() -> None:
    """A merge of two movies meets two rows where only one is allowed: see `movies.models.MergeRule`."""
    missing = [
        model.__name__
        for model in every_model()
        if not model.__module__.startswith("movierec.movies.")
        for index in model._meta.fields_to_index()
        if index._unique and _refers_to_a_movie(index) and not hasattr(model._meta, "merge_rule")
    ]
    assert not missing


def _refers_to_a_movie(index: Any) -> bool:
    return any(
        isinstance(part, peewee.ForeignKeyField) and part.rel_model.__name__ == "Movie"
        for part in index._expressions
    )


def test_daemons_that_start_together_migrate_once(empty: Settings) -> None:
    applied: list[list[str]] = []

    def start() -> None:
        applied.append(db.run_with_retry(db.migrate))
        db.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, applied)) == [0, 0, 0, len(NAMES)]


def test_newer_schema_is_refused(empty: Settings) -> None:
    db.migrate()
    db.execute("INSERT INTO schema_migrations (name, applied) VALUES ('9999_future', CURRENT_TIMESTAMP)")
    with pytest.raises(ConfigurationError, match="9999_future"):
        db.migrate()


def test_failing_migration_leaves_no_table(empty: Settings, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "0001_broken.py").write_text(
        "def up(migrator, db):\n"
        "    db.execute_sql('CREATE TABLE half (id INTEGER)')\n"
        "    raise RuntimeError('no')\n"
    )
    monkeypatch.setattr("movierec.db.migrations.migrations_directory", lambda: tmp_path)
    with pytest.raises(RuntimeError):
        db.migrate()
    assert "half" not in db.database.get_tables()


def test_every_module_of_models_is_registered_at_start() -> None:
    files = Path(tables.__file__).parent.rglob("models.py")
    assert {str(file) for file in files} <= {module.__file__ for module in tables.MODULES}


def test_a_table_without_a_merge_rule_stops_the_start(empty_databases: EmptyDatabases) -> None:
    """Later it would stop the first merge of two movies that somebody keeps."""
    settings = empty_databases.make()
    db.connect(settings)
    db.migrate()
    db.execute(
        "CREATE TABLE marks (id BIGINT PRIMARY KEY, user_id BIGINT, movie_id BIGINT REFERENCES movies (id))"
    )
    db.execute("CREATE UNIQUE INDEX marks_user_movie ON marks (user_id, movie_id)")
    with pytest.raises(ConfigurationError, match="marks"):
        tables.check_tables()
    db.close()
