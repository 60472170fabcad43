"""Files and columns of MovieLens datasets, in the CSV layout and the older .dat layout."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from movierec.errors import UnreadableImport
from movierec.exchange.movielens.ratings import RatingLayout
from movierec.exchange.readers.archive import BytesReadCallback, Member
from movierec.exchange.readers.lines import BadRow, HeaderColumns, LineBlock, line_blocks, split_fields

# Layout since 2014, with a header; links and tags are optional.
CSV_FILES = ("movies.csv", "ratings.csv", "links.csv", "tags.csv")
# Older layout without a header, in Latin-1 (ml-1m, ml-10m). users.dat and tags.dat are not used.
DAT_FILES = ("movies.dat", "ratings.dat")
FILE_NAMES = (*CSV_FILES, *DAT_FILES)

COLUMNS = {
    "movies": ("movieId", "title", "genres"),
    "ratings": ("userId", "movieId", "rating"),
    "links": ("movieId", "imdbId", "tmdbId"),
    "tags": ("userId", "movieId", "tag"),
}
_DAT_COLUMNS = {**COLUMNS, "ratings": (*COLUMNS["ratings"], "timestamp")}

# Version of the reader. Increase it when the same file is read differently, so that it is imported again.
READER_VERSION = 1


@dataclass
class DatasetTable:
    """A file of a dataset: its lines and columns."""

    name: str
    separator: str
    columns: HeaderColumns
    _blocks: Iterator[LineBlock]

    def blocks(self) -> Iterator[LineBlock]:
        """Return the blocks without the header; they can be read once."""
        return self._blocks

    def lines(self) -> Iterator[tuple[int, bytes]]:
        for block in self._blocks:
            yield from block.lines()

    def row(self, content: bytes) -> Mapping[str, str]:
        """Return the fields of a line by column name in lower case. Raises BadRow."""
        return self.columns.row(split_fields(content, self.separator))

    def rating_layout(self) -> RatingLayout:
        positions = [self.columns.position(name) for name in ("userId", "movieId", "rating", "timestamp")]
        return RatingLayout(self.separator, self.columns.width, *positions)


def check_names(members: Mapping[str, Member]) -> None:
    """Check that movies and ratings of one layout are present. Raises UnreadableImport."""
    if not members:
        raise UnreadableImport(
            "There are no MovieLens files in it: movies.csv and ratings.csv, or movies.dat and ratings.dat."
        )
    layout = CSV_FILES if any(name in members for name in CSV_FILES) else DAT_FILES
    if missing := [name for name in layout[:2] if name not in members]:
        raise UnreadableImport(f"{missing[0]} is missing.")


def open_table(members: Mapping[str, Member], subject: str, passed: BytesReadCallback) -> DatasetTable | None:
    """Open the file of a subject (movies, ratings, links, tags); None if the dataset has none.

    Raises UnreadableImport if its first line does not name the required columns.
    """
    if member := members.get(f"{subject}.csv"):
        lines = line_blocks(member.name, member.chunks(passed))
        first = next(lines, LineBlock(1, b"\n"))
        header, _, rest = first.data.partition(b"\n")
        columns = HeaderColumns(member.name, _header(member.name, header), COLUMNS[subject])
        return DatasetTable(
            member.name, ",", columns, _rejoined(LineBlock(first.first_line + 1, rest), lines)
        )
    if "movies.csv" not in members and (member := members.get(f"{subject}.dat")):
        columns = HeaderColumns(member.name, list(_DAT_COLUMNS[subject]), ())
        return DatasetTable(member.name, "::", columns, line_blocks(member.name, member.chunks(passed)))
    return None


def _header(name: str, line: bytes) -> list[str]:
    try:
        return split_fields(line.rstrip(b"\r"), ",") if line.strip() else []
    except BadRow as error:
        raise UnreadableImport(f"The first line of {name} is {error}.") from error


def _rejoined(first: LineBlock, rest: Iterator[LineBlock]) -> Iterator[LineBlock]:
    if first.data:
        yield first
    yield from rest


def fingerprint(members: Mapping[str, Member], passed: BytesReadCallback) -> str:
    """Return the SHA-256 of all files that are read."""
    digest = hashlib.sha256(f"movielens {READER_VERSION}".encode())
    for name in sorted(members):
        digest.update(f"\n{name} {members[name].size}\n".encode())
        for chunk in members[name].chunks(passed):
            digest.update(chunk)
    return digest.hexdigest()
