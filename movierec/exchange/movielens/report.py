"""What came of an import, row by row: the counts of a file always add up to its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LISTED_PROBLEMS = 100


@dataclass
class Tally:
    """Rows of one file, its header and blank lines aside: `accepted + duplicates + rejected == rows`."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0


@dataclass
class DatasetReport:
    """Tallies by file, and the first problems; all are counted, `LISTED_PROBLEMS` are listed."""

    files: dict[str, Tally] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def tally(self, file: str) -> Tally:
        return self.files.setdefault(file, Tally())

    def reject(self, file: str, line: int, message: str) -> None:
        """Count a broken row and say why."""
        self.tally(file).rejected += 1
        if self.room:
            self.problems.append({"file": file, "line": line, "message": message})

    @property
    def room(self) -> int:
        """How many further problems will be listed."""
        return max(0, LISTED_PROBLEMS - len(self.problems))

    def as_json(self) -> dict[str, Any]:
        files = {name: vars(tally) for name, tally in self.files.items()}
        rejected = sum(tally.rejected for tally in self.files.values())
        return {"files": files, "problems": self.problems, "problems_total": rejected}
