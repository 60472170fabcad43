"""Report of a dataset import: the counts of a file always add up to its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

LISTED_PROBLEMS = 100


@dataclass
class Tally:
    """Counts of the rows of one file without header and blank lines: `accepted + duplicates + rejected == rows`."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0


class TallyDocument(TypedDict):
    """A `Tally` as JSON."""

    rows: int
    accepted: int
    duplicates: int
    rejected: int


class DatasetProblem(TypedDict):
    """A rejected row and the reason."""

    file: str
    line: int
    message: str


class DatasetDocument(TypedDict):
    """The rows of a dataset import as JSON: counts by file and the first problems."""

    files: dict[str, TallyDocument]
    problems: list[DatasetProblem]
    problems_total: int


@dataclass
class DatasetReport:
    """Counts by file and the first `LISTED_PROBLEMS` problems; all problems are counted."""

    files: dict[str, Tally] = field(default_factory=dict)
    problems: list[DatasetProblem] = field(default_factory=list)

    def tally(self, file: str) -> Tally:
        return self.files.setdefault(file, Tally())

    def reject(self, file: str, line: int, message: str) -> None:
        """Count a broken row and list the reason."""
        self.tally(file).rejected += 1
        if self.room:
            self.problems.append({"file": file, "line": line, "message": message})

    @property
    def room(self) -> int:
        """Return the number of further problems that will be listed."""
        return max(0, LISTED_PROBLEMS - len(self.problems))

    def as_json(self) -> DatasetDocument:
        files: dict[str, TallyDocument] = {
            name: {
                "rows": tally.rows,
                "accepted": tally.accepted,
                "duplicates": tally.duplicates,
                "rejected": tally.rejected,
            }
            for name, tally in self.files.items()
        }
        rejected = sum(tally.rejected for tally in self.files.values())
        return {"files": files, "problems": self.problems, "problems_total": rejected}
