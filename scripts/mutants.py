"""Change the code in small ways and see whether a test notices: `python scripts/mutants.py [PATH ...]`.

A mutant is one changed operator, constant, condition, call or word of SQL. Each is tried in a copy of the
checkout with the tests that reach its statement (coverage contexts tell which), first on SQLite, then the closest
of them on PostgreSQL. Prints a line for each mutant that survives; the exit status is their number. The same seed
gives the same mutants, except in lines that changed. Mutants without an observable effect are listed, with the
reason, in tests/equivalent_mutants.txt and count apart.
"""

# ruff: noqa: S603 (it runs this interpreter)

from __future__ import annotations

import argparse
import ast
import bisect
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PATHS = (
    "movierec/movies/ingest",
    "movierec/library",
    "movierec/auth/sessions.py",
    "movierec/recommender/engine/ranking.py",
)
# The tests that try mutants, those of the parts themselves: a rule is pinned where it lives.
TESTS = ("tests/movies", "tests/library", "tests/auth", "tests/recommender/engine/test_ranking.py")
EQUIVALENT = ROOT / "tests" / "equivalent_mutants.txt"
# A test that takes longer counts as failed: the mutant made it hang.
OPTIONS = ("-q", "-x", "-n", "0", "-p", "no:cacheprovider", "-o", "timeout=240")
# Imported once for all mutants.
LIBRARIES = (
    "aiohttp.web",
    "apispec",
    "numpy",
    "peewee",
    "psycopg2",
    "pydantic",
    "rapidfuzz",
    "scipy.linalg",
    "scipy.sparse",
    "typer",
)
# Tests that run together for one mutant, the closest first; and how many at most.
TESTS_A_RUN, TESTS_A_MUTANT = 40, 200
SQLITE, POSTGRES = ("-k", "not postgresql"), ("-k", "postgresql")
NO_TESTS = 5  # pytest's exit status where it selects none
# A pytest plugin for the coverage run: which test reaches a line, also in threads of its daemon.
CONTEXTS = """
import coverage, pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    coverage.Coverage.current().switch_context(item.nodeid.partition("[")[0])
    return (yield)
"""

COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
SQL = {
    " AND ": " OR ",
    " OR ": " AND ",
    " DESC": " ASC",
    "IS NOT NULL": "IS NULL",
    "IS NULL": "IS NOT NULL",
    " < ": " <= ",
    " >= ": " > ",
    " <= ": " < ",
    " > ": " >= ",
    "NOT EXISTS": "EXISTS",
    "MIN(": "MAX(",
    "MAX(": "MIN(",
    " <> ": " = ",
}
# Keyword arguments of dataclasses, `zip` and TypedDict.
GUARDS = ("frozen", "slots", "strict", "total")
IS_SQL = re.compile(r"\b(SELECT|WHERE|FROM|SET|ORDER BY|DELETE|UPDATE)\b")


class Mutant(NamedTuple):
    """One change: the text from `start` to `stop` (character offsets) becomes `text`."""

    file: str
    line: int
    start: int
    stop: int
    text: str
    old: str
    source_line: str
    statement: range

    @property
    def key(self) -> str:
        """Name the mutant without its place, which other changes move."""
        return f"{self.file}: {self.old!r} -> {self.text!r} in: {self.source_line}"

    def __str__(self) -> str:
        return f"{self.key}  # line {self.line}"


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Yield every mutant of a file."""
    source = file.read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    name = file.relative_to(ROOT).as_posix()

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    def span(node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset)

    def change(start: int, stop: int, text: str) -> Mutant:
        line = bisect.bisect_right(starts, start)
        statement = next(each for each in statements if line in each)
        return Mutant(name, line, start, stop, text, source[start:stop], lines[line - 1].strip(), statement)

    def between(left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[Mutant]:
        low, high = span(left)[1], span(right)[0]
        place = re.search(rf"(?<![\w<>=!]){re.escape(old)}(?![\w<>=])", source[low:high])
        if place:
            yield change(low + place.start(), low + place.end(), new)

    tree = ast.parse(source)
    # The innermost statements first. Only some lines of one that spans several count as reached.
    statements = sorted(
        (
            range(
                min(each.lineno for each in (node, *getattr(node, "decorator_list", ()))),
                (node.end_lineno or node.lineno) + 1,
            )
            for node in ast.walk(tree)
            if isinstance(node, ast.stmt)
        ),
        key=len,
    )
    skipped = {id(inner) for node in ast.walk(tree) for inner in _invisible_nodes(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        match node:
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                yield from between(left, right, *COMPARISONS[type(operator)])
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
                yield from between(left, right, *OPERATORS[type(operator)])
            case ast.BoolOp(op=operator, values=[left, right, *_]):
                words = ("and", "or") if isinstance(operator, ast.And) else ("or", "and")
                yield from between(left, right, *words)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield change(span(node)[0], span(operand)[0], "")
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                start, stop = span(test)
                yield change(start, stop, f"not ({source[start:stop]})")
            case ast.Call(func=ast.Name(id=called) as function) if called in CALLS:
                yield change(*span(function), CALLS[called])
            case ast.Constant(value=bool() as value):
                yield change(*span(node), str(not value))
            case ast.Constant(value=int() | float() as value):
                yield change(*span(node), str(value + 1))
            case ast.Constant(value=str() as value) if IS_SQL.search(value):
                start, stop = span(node)
                for old, new in SQL.items():
                    place = source.find(old, start, stop)
                    if place >= 0:
                        yield change(place, place + len(old), new)
            case ast.Return(value=ast.expr() as result) if not isinstance(result, ast.Constant):
                yield change(*span(result), "None")
            case ast.Expr(value=ast.Call()):
                yield change(*span(node), "pass")


def _invisible_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that no test can see: types, and options that only guard against mistakes here."""
    parts: list[ast.AST | None] = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
        parts.append(node)
    if isinstance(node, ast.keyword) and node.arg in GUARDS:
        parts.append(node)
    for part in parts:
        if part is not None:
            yield from ast.walk(part)


def sample(paths: Sequence[str], count: int, seed: int) -> list[Mutant]:
    """Return `count` mutants of the files below `paths`, each equally likely."""
    files = sorted(
        file
        for path in paths
        for file in ([ROOT / path] if path.endswith(".py") else (ROOT / path).rglob("*.py"))
        if file.name not in ("__init__.py", "models.py")
    )
    everything = [mutant for file in files for mutant in mutants_of(file)]
    numbers: dict[str, int] = {}

    def draw(mutant: Mutant) -> str:
        """Return random digits that do not depend on other lines."""
        numbers[mutant.key] = numbers.get(mutant.key, 0) + 1
        return hashlib.sha256(f"{seed} {numbers[mutant.key]} {mutant.key}".encode()).hexdigest()

    return sorted(sorted(everything, key=draw)[:count])


def equivalents() -> set[str]:
    """Return the keys of the mutants that are listed as equivalent."""
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines() if EQUIVALENT.exists() else []
    return {line for line in lines if line and not line.startswith("#")}


def git_files() -> list[str]:
    """Return the files of the checkout, also those not committed yet."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in output.split("\0") if name and (ROOT / name).is_file()]


def copy_checkout(folder: Path) -> Path:
    """Copy the checkout, in which tests may read any file."""
    for name in git_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def run_tests(checkout: Path, *arguments: str) -> int:
    """Run pytest in a checkout, in a process that has the libraries already, and return its exit status."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LIBRARIES))
    process = context.Process(target=_run_tests, args=(checkout, arguments))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _run_tests(checkout: Path, arguments: Sequence[str]) -> None:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.chdir(checkout)
    sys.path.insert(0, str(checkout))
    os.environ.update(_environment(checkout))
    sys.dont_write_bytecode = True
    import pytest

    sys.exit(pytest.main([*OPTIONS, *arguments]))


def _environment(checkout: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}


def tests_of_mutants(checkout: Path, paths: Sequence[str]) -> Callable[[Mutant], list[str]]:
    """Run the tests once and return a look-up: the tests that reach a mutant, the closest first."""
    patterns = [path if path.endswith(".py") else f"{path}/*" for path in paths]
    (checkout / ".coveragerc").write_text(
        "[run]\ninclude =\n" + "".join(f"    {each}\n" for each in patterns)
    )
    (checkout / "coverage_contexts.py").write_text(CONTEXTS)
    folders = [folder for folder in TESTS if (checkout / folder).exists()]
    coverage = ("-m", "coverage")
    plugin = ("-p", "coverage_contexts")
    command = [sys.executable, *coverage, "run", "-m", "pytest", *OPTIONS, *plugin, *SQLITE, *folders]
    environment = {**os.environ, **_environment(checkout)}
    if subprocess.run(command, cwd=checkout, env=environment, check=False).returncode:
        raise SystemExit("The tests must pass before mutants are tried.")
    command = [sys.executable, *coverage, "json", "-q", "--show-contexts", "-o", "coverage.json"]
    subprocess.run(command, cwd=checkout, check=True)
    files = json.loads((checkout / "coverage.json").read_text())["files"]
    contexts = {
        file: {int(line): set(filter(None, tests)) for line, tests in report["contexts"].items()}
        for file, report in files.items()
    }
    reached = Counter(test for lines in contexts.values() for tests in lines.values() for test in tests)

    def distance(test: str) -> tuple[int, int]:
        folder = next(number for number, folder in enumerate(TESTS) if test.startswith(folder))
        return folder, reached[test]

    def tests(mutant: Mutant) -> list[str]:
        lines = contexts.get(mutant.file, {})
        reaching = set().union(*(lines.get(line, set()) for line in mutant.statement))
        # A constant is read when its module is imported: any test of the file may notice.
        return sorted(reaching or set().union(*lines.values()), key=distance)

    return tests


def survives(checkout: Path, mutant: Mutant, tests: Sequence[str]) -> bool:
    """Return whether no test fails on the mutant."""
    file = checkout / mutant.file
    source = file.read_text(encoding="utf-8")
    file.write_text(source[: mutant.start] + mutant.text + source[mutant.stop :], encoding="utf-8")
    runs = [tests[start : start + TESTS_A_RUN] for start in range(0, len(tests), TESTS_A_RUN)]
    try:
        return all(
            run_tests(checkout, *selection, *run) in (0, NO_TESTS)
            for selection, run in [*((SQLITE, run) for run in runs), *((POSTGRES, run) for run in runs[:1])]
        )
    finally:
        file.write_text(source, encoding="utf-8")


def main() -> int:
    """Try the mutants and print those that survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", default=list(PATHS))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    mutants = sample(options.paths, options.count, options.seed)
    equivalent = [mutant for mutant in mutants if mutant.key in equivalents()]
    mutants = [mutant for mutant in mutants if mutant not in equivalent]
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        folder = Path(scratch)
        tests = tests_of_mutants(copy_checkout(folder / "coverage"), options.paths)
        copies = [copy_checkout(folder / f"copy{number}") for number in range(options.jobs)]

        def try_mutant(mutant: Mutant) -> bool:
            checkout = copies.pop()
            try:
                return survives(checkout, mutant, tests(mutant)[:TESTS_A_MUTANT])
            finally:
                copies.append(checkout)

        survivors = 0
        with ThreadPoolExecutor(options.jobs) as pool:
            results = zip(mutants, pool.map(try_mutant, mutants), strict=True)
            for number, (mutant, survived) in enumerate(results, 1):
                survivors += survived
                if survived:
                    print(mutant, flush=True)
                if number % 20 == 0:
                    print(f"# {number} of {len(mutants)} tried, {survivors} survived", flush=True)
    total = len(mutants) + len(equivalent)
    print(f"# {total} mutants, {len(equivalent)} equivalent, {survivors} survived")
    return min(survivors, 100)


if __name__ == "__main__":
    sys.exit(main())
