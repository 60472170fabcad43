"""Which files a dataset is made of, in both layouts MovieLens has had, and what their columns are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from movierec.errors import UnreadableImport
from movierec.exchange.movielens.ratings import Layout
from movierec.exchange.readers.archive import Member, Passed
from movierec.exchange.readers.lines import BadRow, Block, Columns, blocks, fields

# With a header, since 2014; links and tags may be absent.
CSV = ("movies.csv", "ratings.csv", "links.csv", "tags.csv")
# Without one, in Latin-1 (ml-1m, ml-10m). Their users.dat and tags.dat say nothing that is used here.
DAT = ("movies.dat", "ratings.dat")
NAMES = (*CSV, *DAT)

COLUMNS = {
    "movies": ("movieId", "title", "genres"),
    "ratings": ("userId", "movieId", "rating"),
    "links": ("movieId", "imdbId", "tmdbId"),
    "tags": ("userId", "movieId", "tag"),
}
_DAT_COLUMNS = {**COLUMNS, "ratings": (*COLUMNS["ratings"], "timestamp")}

# Raised whenever the same file would be read differently: then it is imported again.
READING = 1


@dataclass
class Table:
    """One file as lines, with its columns."""

    name: str
    separator: str
    columns: Columns
    _blocks: Iterator[Block]

    def blocks(self) -> Iterator[Block]:
        """Once only, and without the header."""
        return self._blocks

    def lines(self) -> Iterator[tuple[int, bytes]]:
        for block in self._blocks:
            yield from block.lines()

    def row(self, content: bytes) -> Mapping[str, str]:
        """The fields of a line by their column, in lower case. Raises BadRow."""
        return self.columns.row(fields(content, self.separator))

    def rating_layout(self) -> Layout:
        places = [self.columns.place(name) for name in ("userId", "movieId", "rating", "timestamp")]
        return Layout(self.separator, self.columns.width, *places)


def check_names(members: Mapping[str, Member]) -> None:
    """Raise UnreadableImport unless there are movies and ratings of one layout."""
    if not members:
        raise UnreadableImport(
            "There are no MovieLens files in it: movies.csv and ratings.csv, or movies.dat and ratings.dat."
        )
    layout = CSV if any(name in members for name in CSV) else DAT
    if missing := [name for name in layout[:2] if name not in members]:
        raise UnreadableImport(f"{missing[0]} is missing.")


def table(members: Mapping[str, Member], subject: str, passed: Passed) -> Table | None:
    """The file of a subject (movies, ratings, links, tags), None if the dataset has none.

    Raises UnreadableImport where its first line does not name the needed columns.
    """
    if member := members.get(f"{subject}.csv"):
        lines = blocks(member.name, member.chunks(passed))
        first = next(lines, Block(1, b"\n"))
        header, _, rest = first.data.partition(b"\n")
        columns = Columns(member.name, _header(member.name, header), COLUMNS[subject])
        return Table(member.name, ",", columns, _rejoined(Block(first.first_line + 1, rest), lines))
    if "movies.csv" not in members and (member := members.get(f"{subject}.dat")):
        columns = Columns(member.name, list(_DAT_COLUMNS[subject]), ())
        return Table(member.name, "::", columns, blocks(member.name, member.chunks(passed)))
    return None


def _header(name: str, line: bytes) -> list[str]:
    try:
        return fields(line.rstrip(b"\r"), ",") if line.strip() else []
    except BadRow as error:
        raise UnreadableImport(f"The first line of {name} is {error}.") from error


def _rejoined(first: Block, rest: Iterator[Block]) -> Iterator[Block]:
    if first.data:
        yield first
    yield from rest


def fingerprint(members: Mapping[str, Member], passed: Passed) -> str:
    """SHA-256 of everything that is read."""
    digest = hashlib.sha256(f"movielens {READING}".encode())
    for name in sorted(members):
        digest.update(f"\n{name} {members[name].size}\n".encode())
        for chunk in members[name].chunks(passed):
            digest.update(chunk)
    return digest.hexdigest()
