"""Report of an import: each row has one outcome, so that the counts of a file add up to its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypedDict

from movierec.exchange.importing.messages import ChangedColumns
from movierec.exchange.importing.spool import JsonSpool

# new and changed count as accepted; same (already stored) and kept (the stored row wins) count as unchanged.
OUTCOMES = ("new", "changed", "same", "kept", "ambiguous", "unmatched", "skipped", "rejected")
ACCEPTED, UNCHANGED = ("new", "changed"), ("same", "kept")
# Maximum number of problems in the report itself; the others are listed page by page.
MAXIMUM_LISTED = 100
# Maximum number of problems that are stored.
MAXIMUM_KEPT_PROBLEMS = 100_000


class OutcomeCounts(TypedDict):
    """Number of rows by outcome: accepted + unchanged + ambiguous + unmatched + skipped + rejected == rows."""

    rows: int
    accepted: int
    unchanged: int
    new: int
    changed: int
    same: int
    kept: int
    ambiguous: int
    unmatched: int
    skipped: int
    rejected: int


class ListedChange(ChangedColumns):
    """A library row that the import adds or changes, and the row of the file that requests it."""

    file: str
    line: int
    movie: int
    title: str
    year: int | None
    shelf: str


class ListedProblem(TypedDict):
    """A `RowProblem` as JSON."""

    file: str
    line: int
    outcome: str
    message: str


class ReportDocument(OutcomeCounts):
    """The report of an import as JSON, before the fields of the whole run."""

    format: str
    files: dict[str, OutcomeCounts]
    shelves: dict[str, dict[str, int]]
    ignored_files: list[str]
    changes: list[ListedChange]
    problems: list[ListedProblem]
    problems_total: int


class RowProblem(NamedTuple):
    """A row that was not imported, and the reason."""

    file: str
    line: int
    outcome: str
    message: str


@dataclass
class ImportReport:
    """Outcomes by file and by library table, the first problems and changes. `kept` holds all problems on disk."""

    format: str
    ignored_files: list[str]
    kept: JsonSpool
    files: dict[str, Counter[str]] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    changes: list[ListedChange] = field(default_factory=list)
    tables: dict[str, Counter[str]] = field(default_factory=dict)
    _kept_count: int = 0

    def count(self, file: str, outcome: str) -> None:
        self.files.setdefault(file, Counter())[outcome] += 1

    def count_change(self, table: str, outcome: str) -> None:
        self.tables.setdefault(table, Counter())[outcome] += 1

    def add_problem(self, problem: RowProblem) -> None:
        """Count a row that is not imported and store the reason."""
        self.count(problem.file, problem.outcome)
        if len(self.problems) < MAXIMUM_LISTED:
            self.problems.append(problem)
        if self._kept_count < MAXIMUM_KEPT_PROBLEMS:
            self.kept.add(problem)
            self._kept_count += 1

    def all_problems(self) -> Iterator[RowProblem]:
        """Yield the first MAXIMUM_KEPT_PROBLEMS problems."""
        return (RowProblem(*values) for values in self.kept)

    def as_json(self) -> ReportDocument:
        total: Counter[str] = sum(self.files.values(), Counter())
        return {
            "format": self.format,
            **_counts(total),
            "files": {name: _counts(counts) for name, counts in self.files.items()},
            "shelves": {name: dict(counts) for name, counts in self.tables.items()},
            "ignored_files": self.ignored_files[:MAXIMUM_LISTED],
            "changes": self.changes,
            "problems": [
                {
                    "file": problem.file,
                    "line": problem.line,
                    "outcome": problem.outcome,
                    "message": problem.message,
                }
                for problem in self.problems
            ],
            "problems_total": sum(
                count for outcome, count in total.items() if outcome not in (*ACCEPTED, *UNCHANGED)
            ),
        }


def _counts(counts: Counter[str]) -> OutcomeCounts:
    return {
        "rows": sum(counts.values()),
        "accepted": sum(counts[outcome] for outcome in ACCEPTED),
        "unchanged": sum(counts[outcome] for outcome in UNCHANGED),
        "new": counts["new"],
        "changed": counts["changed"],
        "same": counts["same"],
        "kept": counts["kept"],
        "ambiguous": counts["ambiguous"],
        "unmatched": counts["unmatched"],
        "skipped": counts["skipped"],
        "rejected": counts["rejected"],
    }
