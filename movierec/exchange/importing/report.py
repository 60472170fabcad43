"""What came of an import: each row has one outcome, so that the counts of a file add up to its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from movierec.exchange.importing.spool import JsonSpool

# new and changed are accepted, same and kept unchanged: the same is here, or what is here was to be kept.
OUTCOMES = ("new", "changed", "same", "kept", "ambiguous", "unmatched", "skipped", "rejected")
ACCEPTED, UNCHANGED = ("new", "changed"), ("same", "kept")
# So many are in the report itself; the others are to be asked for.
MAXIMUM_LISTED = 100
# And of those so many are kept at most.
MAXIMUM_KEPT_PROBLEMS = 100_000


class RowProblem(NamedTuple):
    """A row that was not simply taken, and why."""

    file: str
    line: int
    outcome: str
    message: str


@dataclass
class ImportReport:
    """Outcomes by file, problems, and the first changes in words. `kept` holds the problems, not the memory."""

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
        """Count a row and keep why it is not taken."""
        self.count(problem.file, problem.outcome)
        if len(self.problems) < MAXIMUM_LISTED:
            self.problems.append(problem)
        if self._told < MAXIMUM_KEPT_PROBLEMS:
            self.kept.add(problem)
            self._told += 1

    def all_problems(self) -> Iterator[RowProblem]:
        """The first MOST_KEPT of them."""
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
