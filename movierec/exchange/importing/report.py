"""Report of an import: each row has one outcome, so that the counts of a file add up to its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from movierec.exchange.importing.spool import JsonSpool

# new and changed count as accepted; same (already stored) and kept (the stored row wins) count as unchanged.
OUTCOMES = ("new", "changed", "same", "kept", "ambiguous", "unmatched", "skipped", "rejected")
ACCEPTED, UNCHANGED = ("new", "changed"), ("same", "kept")
# Maximum number of problems in the report itself; the others are listed page by page.
MAXIMUM_LISTED = 100
# Maximum number of problems that are stored.
MAXIMUM_KEPT_PROBLEMS = 100_000


class RowProblem(NamedTuple):
    """A row that was not imported, and the reason."""

    file: str
    line: int
    outcome: str
    message: str


@dataclass
class ImportReport:
    """Outcomes by file, problems, and the first changes. `kept` holds all problems on disk."""

    format: str
    ignored_files: list[str]
    kept: JsonSpool
    files: dict[str, Counter[str]] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    shelves: dict[str, Counter[str]] = field(default_factory=dict)
    _told: int = 0

    def count(self, file: str, outcome: str) -> None:
        self.files.setdefault(file, Counter())[outcome] += 1

    def tell(self, problem: RowProblem) -> None:
        """Count a row that is not imported and store the reason."""
        self.count(problem.file, problem.outcome)
        if len(self.problems) < MAXIMUM_LISTED:
            self.problems.append(problem)
        if self._told < MAXIMUM_KEPT_PROBLEMS:
            self.kept.add(problem)
            self._told += 1

    def all_problems(self) -> Iterator[RowProblem]:
        """Yield the first MAXIMUM_KEPT_PROBLEMS problems."""
        return (RowProblem(*told) for told in self.kept)

    def as_json(self) -> dict[str, Any]:
        total: Counter[str] = sum(self.files.values(), Counter())
        return {
            "format": self.format,
            **_counts(total),
            "files": {name: _counts(counts) for name, counts in self.files.items()},
            "shelves": {name: dict(counts) for name, counts in self.shelves.items()},
            "ignored_files": self.ignored_files[:MAXIMUM_LISTED],
            "changes": self.changes,
            "problems": [problem._asdict() for problem in self.problems],
            "problems_total": sum(
                count for outcome, count in total.items() if outcome not in (*ACCEPTED, *UNCHANGED)
            ),
        }


def _counts(counts: Counter[str]) -> dict[str, int]:
    return {
        "rows": sum(counts.values()),
        "accepted": sum(counts[name] for name in ACCEPTED),
        "unchanged": sum(counts[name] for name in UNCHANGED),
        **{name: counts[name] for name in OUTCOMES},
    }
