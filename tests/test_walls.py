"""Walls that imports do not show: tables in SQL, circles between modules, public names, waiting in tests.

`test_architecture.py` holds the table of who may import whom; the same table holds for SQL.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.test_architecture import ALLOWED, PACKAGE, ROOT, SOURCES

TESTS = sorted((ROOT / "tests").rglob("*.py"))

# A word of SQL that a table's name follows; upper case, so that prose does not match.
TABLE_IN_SQL = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|REFERENCES)\s+([a-z_]+)\b")

# Files that name tables of every package, each with its reason.
ALL_TABLES = {
    "daemon/dump.py": "a backup holds every table, and a restored job is queued again",
    "daemon/restore.py": "a restore writes every table",
}


@functools.cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def part_of(file: Path, package: Path = PACKAGE) -> str:
    """Return the row of the import table that a file belongs to."""
    return file.relative_to(package).parts[0].removesuffix(".py")


def tables_of_models(sources: list[Path]) -> dict[str, str]:
    """Return the package that owns each table: the one whose models declare it."""
    owners = {}
    for file in sources:
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.ClassDef) and node.name == "Meta":
                for line in node.body:
                    if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "table_name":
                        owners[ast.literal_eval(line.value)] = part_of(file)
    return owners


OWNERS = tables_of_models(SOURCES) | {"title_search": "movies"}


def foreign_tables(text: str, part: str) -> list[str]:
    """Return the tables that SQL in `text` names although `part` may not import their package."""
    names = [name for node in strings(ast.parse(text)) for name in TABLE_IN_SQL.findall(node)]
    return [name for name in names if name in OWNERS and OWNERS[name] not in {part, *ALLOWED[part]}]


def strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_table_has_an_owner() -> None:
    assert {"users", "movies", "ratings", "jobs", "datasets", "outbox", "recommendations"} <= OWNERS.keys()


def test_sql_names_only_tables_of_packages_that_its_file_may_import() -> None:
    wrong = [
        f"{file.relative_to(ROOT)} names {table} of {OWNERS[table]}"
        for file in SOURCES
        if file.name != "__init__.py" or file.parent != PACKAGE
        if file.relative_to(PACKAGE).as_posix() not in ALL_TABLES
        for table in foreign_tables(file.read_text(encoding="utf-8"), part_of(file))
    ]
    assert not wrong


def test_the_wall_of_tables_sees_a_breach() -> None:
    assert foreign_tables('db.rows("SELECT 1 FROM jobs WHERE id = ?")', "library") == ["jobs"]
    assert foreign_tables('db.rows("SELECT 1 FROM ratings JOIN movies ON 1")', "library") == []


def test_the_engine_sees_arrays_only() -> None:
    """Algorithms import nothing of the package but each other."""
    engine = PACKAGE / "recommender" / "engine"
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in engine.rglob("*.py")
        for name in imported_modules(parsed(file), type_checking=True)
        if name.startswith("movierec") and not name.startswith("movierec.recommender.engine")
    ]
    assert not wrong


def imported_modules(tree: ast.Module, *, type_checking: bool = False) -> Iterator[str]:
    """Yield what a module imports at its top or within functions; imports for types alone only on request."""
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not type_checking
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from package import module` reads the module, `from module import name` the module before it.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_name(file: Path, root: Path = ROOT) -> str:
    return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def import_graph(trees: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    """Return which module imports which, among the modules given."""
    graph: dict[str, set[str]] = {}
    for name, tree in trees.items():
        targets = set()
        for target in imported_modules(tree):
            while target and target not in trees:
                target = target.rpartition(".")[0]
            # A package that its own modules import from is a circle only where it is named as a module.
            if target and target != name:
                targets.add(target)
        graph[name] = targets
    return graph


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected groups of modules (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in sorted(graph[name]):
            if target not in index:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], index[target])
        if low[name] == index[name]:
            place = stack.index(name)
            group = sorted(stack[place:])
            del stack[place:]
            if len(group) > 1:
                groups.append(group)

    for name in sorted(graph):
        if name not in index:
            visit(name)
    return groups


def test_no_import_circle_between_modules() -> None:
    assert not circles(import_graph({module_name(file): parsed(file) for file in SOURCES}))


def test_the_wall_of_circles_sees_one() -> None:
    trees = {
        "a": ast.parse("import b"),
        "b": ast.parse("def f():\n    from a import x"),
        "c": ast.parse("import a"),
    }
    assert circles(import_graph(trees)) == [["a", "b"]]


# Reading a clock or sleeping in a test, with the reason why `tests.waiting.wait_until` does not do.
CLOCK = re.compile(r"\b(?:perf_counter|monotonic|process_time|time\.sleep|asyncio\.sleep)\b")
MAY_USE_A_CLOCK = {
    "waiting.py": "the one place that waits",
    "test_walls.py": "names what it forbids",
}


def clock_uses(text: str) -> list[int]:
    """Return the lines that read a clock or sleep."""
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if CLOCK.search(line) and "# clock:" not in line
    ]


def test_tests_assert_nothing_about_speed_and_wait_in_one_way() -> None:
    """A line that must sleep or read a clock says why behind `# clock:`."""
    wrong = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in TESTS
        if file.name not in MAY_USE_A_CLOCK
        for line in clock_uses(file.read_text(encoding="utf-8"))
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("time.sleep(1)", [1]),
        ("assert time.perf_counter() - t < 1", [1]),
        ("sleep(1)  # clock: a stand-in", []),
    ],
)
def test_the_wall_of_clocks_sees_a_breach(text: str, lines: list[int]) -> None:
    assert clock_uses(text) == lines
