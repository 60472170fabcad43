"""Change the code in small ways and see whether a test notices: `python scripts/mutants.py [PATH ...]`.

A mutant is one changed operator, constant, condition, call or word of SQL. Each is tried in a copy of the
checkout with the tests that reach its line (coverage contexts tell which), on SQLite unless --databases says
otherwise. Prints a line for each mutant that survives; the exit status is their number. The same seed gives the
same mutants for the same code.
"""

# ruff: noqa: S603 (it runs this interpreter)

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
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
# The folders of tests that run for coverage; those of a part come first, the doors behind.
TESTS = (
    "tests/movies",
    "tests/library",
    "tests/auth",
    "tests/recommender/engine",
    "tests/api",
    "tests/exchange",
)
COPIED = (
    "movierec",
    "tests",
    "migrations",
    "scripts",
    "setup.cfg",
    "pyproject.toml",
    "config.toml.example",
    "server.py",
)
TIMEOUT_SECONDS = 300
# Tests that run for one mutant, those that reach fewest lines first: they are the closest to it.
TESTS_A_MUTANT = 40

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
IS_SQL = re.compile(r"\b(SELECT|WHERE|FROM|SET|ORDER BY|DELETE|UPDATE)\b")


class Mutant(NamedTuple):
    """One change: the text from `start` to `stop` (character offsets) becomes `text`."""

    file: str
    line: int
    start: int
    stop: int
    text: str
    old: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.old!r} -> {self.text!r}"


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

    def change(line: int, start: int, stop: int, text: str) -> Mutant:
        return Mutant(name, line, start, stop, text, source[start:stop])

    def between(left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[Mutant]:
        low, high = span(left)[1], span(right)[0]
        place = re.search(rf"(?<![\w<>=!]){re.escape(old)}(?![\w<>=])", source[low:high])
        if place:
            yield change(left.lineno, low + place.start(), low + place.end(), new)

    tree = ast.parse(source)
    skipped = {id(inner) for node in ast.walk(tree) for inner in _annotations(node)}
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
                yield change(node.lineno, span(node)[0], span(operand)[0], "")
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                start, stop = span(test)
                yield change(test.lineno, start, stop, f"not ({source[start:stop]})")
            case ast.Call(func=ast.Name(id=called) as function) if called in CALLS:
                yield change(node.lineno, *span(function), CALLS[called])
            case ast.Constant(value=bool() as value):
                yield change(node.lineno, *span(node), str(not value))
            case ast.Constant(value=int() | float() as value):
                yield change(node.lineno, *span(node), str(value + 1))
            case ast.Constant(value=str() as value) if IS_SQL.search(value):
                start, stop = span(node)
                for old, new in SQL.items():
                    place = source.find(old, start, stop)
                    if place >= 0:
                        yield change(node.lineno, place, place + len(old), new)
            case ast.Return(value=ast.expr() as result) if not isinstance(result, ast.Constant):
                yield change(node.lineno, *span(result), "None")
            case ast.Expr(value=ast.Call()):
                yield change(node.lineno, *span(node), "pass")


def _annotations(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of types and docstrings, which no test can see."""
    parts: list[ast.AST | None] = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
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
    return sorted(random.Random(seed).sample(everything, min(count, len(everything))))


def copy_checkout(folder: Path) -> Path:
    """Copy what the tests need of the checkout."""
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def run_tests(checkout: Path, arguments: Sequence[str], command: Sequence[str] = ("-m", "pytest")) -> int:
    """Run pytest in a checkout; 0: all passed. A hanging test counts as a failure."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(
            [sys.executable, *command, "-q", "-x", "-p", "no:cacheprovider", "-n", "0", *arguments],
            cwd=checkout,
            env=environment,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        return 1


def tests_of_lines(checkout: Path, selection: Sequence[str]) -> Callable[[str, int], list[str]]:
    """Run the tests once and return a look-up: the tests that reach a line, the closest first."""
    (checkout / ".coveragerc").write_text("[run]\ndynamic_context = test_function\nsource = movierec\n")
    folders = [folder for folder in TESTS if (checkout / folder).exists()]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [
        sys.executable,
        "-m",
        "coverage",
        "run",
        "-m",
        "pytest",
        "-q",
        "-n",
        "0",
        *selection,
        *folders,
    ]
    if subprocess.run(command, cwd=checkout, env=environment, check=False).returncode:
        raise SystemExit("The tests must pass before mutants are tried.")
    report = checkout / "coverage.json"
    subprocess.run(
        [sys.executable, "-m", "coverage", "json", "-q", "--show-contexts", "-o", str(report)],
        cwd=checkout,
        check=True,
    )
    files = json.loads(report.read_text())["files"]
    reached: dict[str, int] = {}
    for file in files.values():
        for contexts in file["contexts"].values():
            for context in contexts:
                reached[context] = reached.get(context, 0) + 1

    def tests(file: str, line: int) -> list[str]:
        contexts = files.get(file, {}).get("contexts", {}).get(str(line), [])
        names = sorted({context for context in contexts if context}, key=lambda name: reached[name])
        return list(dict.fromkeys(filter(None, (_node_id(checkout, name) for name in names))))

    return tests


def _node_id(checkout: Path, context: str) -> str | None:
    """Return `tests/a/test_b.py::test_c` of the context `tests.a.test_b.test_c`."""
    module, _, name = context.rpartition(".")
    file = Path(*module.split(".")).with_suffix(".py")
    return f"{file}::{name}" if (checkout / file).is_file() else None


def main() -> int:
    """Try the mutants and print those that survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", default=list(PATHS))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--databases", choices=["sqlite", "both"], default="sqlite")
    options = parser.parse_args()
    selection = [] if options.databases == "both" else ["-k", "not postgresql"]
    mutants = sample(options.paths, options.count, options.seed)
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        folder = Path(scratch)
        tests = tests_of_lines(copy_checkout(folder / "coverage"), selection)
        copies = [copy_checkout(folder / f"copy{number}") for number in range(options.jobs)]

        def try_mutant(mutant: Mutant) -> str:
            checkout = copies.pop()
            file = checkout / mutant.file
            source = file.read_text(encoding="utf-8")
            try:
                nodes = tests(mutant.file, mutant.line)
                if not nodes:
                    return "unreached"
                file.write_text(
                    source[: mutant.start] + mutant.text + source[mutant.stop :], encoding="utf-8"
                )
                closest, rest = nodes[:TESTS_A_MUTANT], nodes[TESTS_A_MUTANT:]
                killed = run_tests(checkout, [*selection, *closest]) != 0
                return (
                    "killed" if killed or (rest and run_tests(checkout, [*selection, *rest])) else "survived"
                )
            finally:
                file.write_text(source, encoding="utf-8")
                copies.append(checkout)

        survivors = 0
        with ThreadPoolExecutor(options.jobs) as pool:
            for number, (mutant, result) in enumerate(
                zip(mutants, pool.map(try_mutant, mutants), strict=True), 1
            ):
                if result != "killed":
                    survivors += 1
                    print(f"{result}: {mutant}", flush=True)
                elif number % 20 == 0:
                    print(f"# {number} of {len(mutants)} tried, {survivors} survived", flush=True)
        print(f"{len(mutants)} mutants, {survivors} survived")
    return min(survivors, 100)


if __name__ == "__main__":
    sys.exit(main())
