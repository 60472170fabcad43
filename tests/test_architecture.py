"""Who may import whom, and what may lie where: the table of the README's architecture section, enforced."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "movierec"

# Each part imports only parts named here. `cli` reaches the daemon only over HTTP.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "durations": set(),
    "paths": set(),
    "files": {"errors"},
    "config": {"errors", "paths"},
    "db": {"errors", "config"},
    "auth": {"errors", "durations", "config", "db"},
    "mail": {"errors", "durations", "config", "db", "auth"},
    "tmdb": {"errors", "durations", "config", "db"},
    "movies": {"errors", "durations", "config", "db", "auth", "tmdb"},
    "library": {"errors", "durations", "config", "db", "auth", "movies"},
    "community": {"errors", "durations", "config", "db", "auth", "movies", "library"},
    "recommender": {"errors", "durations", "files", "config", "db", "auth", "movies", "library", "community"},
    "exchange": {"errors", "durations", "files", "config", "db", "auth", "movies", "library", "community"},
    "jobs": {
        "errors",
        "durations",
        "files",
        "config",
        "db",
        "auth",
        "tmdb",
        "movies",
        "library",
        "community",
        "recommender",
        "exchange",
    },
    "api": {
        "errors",
        "durations",
        "files",
        "config",
        "db",
        "auth",
        "mail",
        "tmdb",
        "movies",
        "library",
        "community",
        "recommender",
        "exchange",
        "jobs",
    },
    "daemon": {
        "errors",
        "durations",
        "files",
        "config",
        "db",
        "auth",
        "mail",
        "movies",
        "recommender",
        "exchange",
        "tables",
        "api",
    },
    # Registers every package's models at start.
    "tables": {"auth", "mail", "db", "movies", "library", "community", "recommender", "exchange", "jobs"},
    "client": {"errors"},
    "cli": {"errors", "paths", "files", "client"},
}

# Third-party packages with a place of their own.
ONLY_IN = {
    "typer": {"cli", "daemon"},
    "rich": {"cli", "daemon"},
    "PIL": {"cli"},
    "numpy": {"community", "recommender", "exchange"},
    "scipy": {"recommender"},
    "pyspark": {"recommender"},
    "jwt": {"auth"},
    "bcrypt": {"auth"},
    "aiosmtplib": {"mail"},
    "pydantic": {"api"},
    "orjson": {"api"},
    "apispec": {"api"},
    "diskcache": {"tmdb"},
}
NEVER_IN = {"peewee": {"api", "client", "cli"}, "psycopg2": {"api", "client", "cli", "auth", "movies"}}

FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "manager", "managers"}


class Import(NamedTuple):
    file: Path
    line: int
    module: str
    inside_function: bool
    source_line: str

    @property
    def part(self) -> str:
        """Which part of the package the importing file belongs to."""
        return self.file.relative_to(PACKAGE).parts[0].removesuffix(".py")

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


def imports_of(file: Path) -> Iterator[Import]:
    text = file.read_text(encoding="utf-8")
    tree = ast.parse(text)
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # `from movierec import db` imports the part db.
            base = node.module or ""
            names = [f"movierec.{alias.name}" for alias in node.names] if base == "movierec" else [base]
        else:
            continue
        for name in names:
            line = text.splitlines()[node.lineno - 1]
            yield Import(file, node.lineno, name, id(node) in inner, line)


SOURCES = sorted(file for file in PACKAGE.rglob("*.py"))
IMPORTS = [found for file in SOURCES for found in imports_of(file)]


def test_every_part_of_the_package_stands_in_the_table() -> None:
    parts = {file.relative_to(PACKAGE).parts[0].removesuffix(".py") for file in SOURCES} - {"__init__"}
    assert parts <= set(ALLOWED)


def test_parts_import_only_what_stands_left_of_them() -> None:
    wrong = []
    for found in IMPORTS:
        head, _, rest = found.module.partition(".")
        target = rest.split(".")[0]
        if head != "movierec" or found.part == "__init__" or target in ("", "__version__", found.part):
            continue
        if target not in ALLOWED[found.part]:
            wrong.append(str(found))
    assert not wrong


def test_libraries_stay_in_their_place() -> None:
    wrong = [
        str(found)
        for found in IMPORTS
        if (library := found.module.split(".")[0])
        and (
            (library in ONLY_IN and found.part not in ONLY_IN[library])
            or found.part in NEVER_IN.get(library, set())
        )
    ]
    assert not wrong


def test_aiohttp_web_is_only_in_the_api() -> None:
    text = {file: file.read_text(encoding="utf-8") for file in SOURCES}
    wrong = [
        str(file.relative_to(ROOT))
        for file, content in text.items()
        if ("aiohttp import web" in content or "aiohttp.web" in content)
        and file.relative_to(PACKAGE).parts[0] != "api"
    ]
    assert not wrong


def test_imports_inside_functions_say_why() -> None:
    """Only the command line defers imports as a rule, because each one delays every command."""
    wrong = [
        str(found)
        for found in IMPORTS
        if found.inside_function and found.part != "cli" and "#" not in found.source_line
    ]
    assert not wrong


def test_there_are_no_import_cycles() -> None:
    """The table itself has none: each part may import only parts that cannot reach it."""

    def reachable(part: str, seen: frozenset[str] = frozenset()) -> set[str]:
        found = set(ALLOWED[part])
        for other in ALLOWED[part] - seen:
            found |= reachable(other, seen | {other})
        return found

    assert not [part for part in ALLOWED if part in reachable(part)]


@pytest.mark.parametrize("folder", ["movierec", "tests", "migrations", "benchmarks", "scripts"])
def test_no_file_is_named_after_nothing(folder: str) -> None:
    names = {path.stem for path in (ROOT / folder).rglob("*") if path.suffix in ("", ".py")}
    assert not names & FORBIDDEN_NAMES


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in SOURCES
        if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert not silent
