"""Count the words that the glossary rules out: `python scripts/language.py [--commits REVISION] [--list]`.

Prints one line a figure. `docs/glossary.md` says which words the project uses instead.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("movierec", "migrations", "scripts", "benchmarks", "tests")

# First words that make a clause of a docstring where a summary should stand.
OPENINGS = frozenset({"what", "whether", "of", "so", "as", "by", "how", "where", "which", "who"})
# Participles that say nothing of what a variable holds.
EMPTY_NAMES = frozenset({"found", "told", "made", "known", "said"})
VAGUE_PHRASES = re.compile(r"\b(so many|so often|so few|so much of)\b", re.IGNORECASE)
SUBJECT = re.compile(r"[a-z][a-z0-9_, /.-]*: \S.*")
SUBJECT_LENGTH = 72


class Place(NamedTuple):
    """A line of a source file, and the text that stands there."""

    file: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.text}"


def sources(folders: Iterable[str] = FOLDERS) -> list[Path]:
    """Return the Python files of the project's folders."""
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def docstrings(files: Iterable[Path]) -> Iterator[Place]:
    """Yield every docstring of modules, classes and functions."""
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                text = ast.get_docstring(node)
                if text:
                    yield Place(file, node.body[0].lineno, text.split("\n")[0])


def clause_openings(files: Iterable[Path]) -> tuple[list[Place], int]:
    """Return the docstrings that open with a clause, and the number of all docstrings."""
    places = list(docstrings(files))
    return [place for place in places if first_word(place.text) in OPENINGS], len(places)


def first_word(text: str) -> str:
    """Return the first word of a text in lower case, without punctuation."""
    match = re.match(r"\W*(\w+)", text)
    return match[1].lower() if match else ""


def empty_locals(files: Iterable[Path]) -> list[Place]:
    """Return the variables and parameters of functions that are named by an empty participle, once a function."""
    places = []
    for file in files:
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                names = {
                    node.id: node.lineno
                    for node in ast.walk(function)
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                }
                names |= {node.arg: node.lineno for node in ast.walk(function) if isinstance(node, ast.arg)}
                places += [Place(file, names[name], name) for name in sorted(names.keys() & EMPTY_NAMES)]
    return list(dict.fromkeys(places))


def repeated_classes(files: Iterable[Path]) -> dict[str, list[Path]]:
    """Return public class names that stand in several files; API schemas may share theirs with what they show."""
    files_of: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        if "schemas" in file.parts:
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                files_of[node.name].append(file)
    return {name: places for name, places in files_of.items() if len(places) > 1}


def vague_phrases(files: Iterable[Path]) -> list[Place]:
    """Return the strings (help, messages, docstrings) that say “so many” or “so often”."""
    return [
        Place(file, node.lineno, match[0])
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if (match := VAGUE_PHRASES.search(node.value))
    ]


def bad_subjects(revision: str) -> list[str]:
    """Return the subjects of commits since `revision` that are too long or not `area: summary`."""
    log = subprocess.run(  # noqa: S603
        ["git", "log", "--no-merges", "--format=%s", f"{revision}..HEAD"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [line for line in log if len(line) > SUBJECT_LENGTH or not SUBJECT.fullmatch(line)]


def any_per_thousand_lines(files: Iterable[Path]) -> float:
    """Return how often the type `Any` is used in 1,000 lines."""
    uses = lines = 0
    for file in files:
        text = file.read_text(encoding="utf-8")
        lines += text.count("\n")
        uses += sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(text)))
    return 1000 * uses / lines


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", metavar="REVISION", help="check the commit subjects since this revision")
    parser.add_argument("--list", action="store_true", help="print each place, not only the counts")
    options = parser.parse_args()
    package, everything = sources(["movierec"]), sources()
    openings, count = clause_openings(everything)
    figures: dict[str, list[object]] = {
        f"docstrings of {count:,} that open with a clause ({100 * len(openings) / count:.1f} %)": [*openings],
        "variables named found, told, made, known or said in the package": [*empty_locals(package)],
        "the same in all folders": [*empty_locals(everything)],
        "class names with two meanings": [
            f"{name}: {', '.join(str(file.relative_to(ROOT)) for file in files)}"
            for name, files in repeated_classes(package).items()
        ],
        "strings that say “so many” or “so often”": [*vague_phrases(package)],
    }
    if options.commits:
        figures["commit subjects against the form"] = [*bad_subjects(options.commits)]
    for label, places in figures.items():
        print(f"{len(places):6,}  {label}")
        if options.list:
            print(*(f"        {place}" for place in places), sep="\n")
    print(f"{any_per_thousand_lines(package):6.1f}  uses of Any in 1,000 lines of the package")


if __name__ == "__main__":
    main()
