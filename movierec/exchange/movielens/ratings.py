"""Vectorised reader of ratings.csv and ratings.dat. Plain rows are parsed by block, unusual ones one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from movierec.exchange.movielens.report import DatasetReport
from movierec.exchange.readers.lines import BadRow, LineBlock, parse_whole_number, quoted, split_fields

# `item` is the position of the movie among those of the import.
RATING_DTYPE = np.dtype([("rater", "<i4"), ("item", "<i4"), ("steps", "u1"), ("rated_at", "<i8")])
Ratings = npt.NDArray[np.void]
Ints = npt.NDArray[np.int64]

_LINE_FEED, _RETURN, _POINT, _ZERO = 10, 13, 46, 48
_STARS = re.compile(r"[0-9](?:\.[0-9]{1,4})?")
_LONGEST_NUMBER = 12
_HIGHEST_RATER = 2**31 - 1


class RatingLayout(NamedTuple):
    """Separator (',' or '::'), number and positions of the columns; `rated_at` may be absent (-1)."""

    separator: str
    width: int
    rater: int
    movie: int
    rating: int
    rated_at: int


class RatingArrays(NamedTuple):
    """Parallel arrays of rows, unchanged except for `steps`, the rating in half stars."""

    line: Ints
    rater: Ints
    movie: Ints
    steps: Ints
    rated_at: Ints


@dataclass
class RatingReader:
    """Parses blocks of lines into ratings of known movies and counts rows."""

    file: str
    layout: RatingLayout
    movies: Ints  # MovieLens ids, ascending
    items: Ints  # position of each among the movies of the import
    report: DatasetReport

    def read(self, block: LineBlock) -> Ratings:
        """Return the valid ratings of a block in the order of its lines; report the other rows."""
        plain, odd = _plain_rows(block, self.layout)
        tally = self.report.tally(self.file)
        tally.rows += len(plain.line) + len(odd)
        if odd:
            plain = _merged(plain, self._read_one_by_one(odd))
        position = np.minimum(np.searchsorted(self.movies, plain.movie), len(self.movies) - 1)
        is_valid = self.movies[position] == plain.movie
        if not is_valid.all():
            self._reject_unknown(plain, np.flatnonzero(~is_valid))
        ratings = np.empty(int(is_valid.sum()), dtype=RATING_DTYPE)
        ratings["rater"] = plain.rater[is_valid]
        ratings["item"] = self.items[position[is_valid]]
        ratings["steps"] = plain.steps[is_valid]
        ratings["rated_at"] = plain.rated_at[is_valid]
        tally.accepted += len(ratings)
        return ratings

    def _read_one_by_one(self, odd: list[tuple[int, bytes]]) -> RatingArrays:
        rows = []
        for line, content in odd:
            try:
                rows.append((line, *_read_row(content, self.layout)))
            except BadRow as error:
                self.report.reject(self.file, line, str(error))
        columns = np.array(rows, dtype=np.int64).reshape(-1, 5)
        return RatingArrays(*columns.T)

    def _reject_unknown(self, numbers: RatingArrays, unknown: Ints) -> None:
        listed = unknown[: self.report.room]
        for row in listed:
            message = f"movie {numbers.movie[row]} is not among the movies of the dataset"
            self.report.reject(self.file, int(numbers.line[row]), message)
        self.report.tally(self.file).rejected += len(unknown) - len(listed)


def _read_row(line: bytes, layout: RatingLayout) -> tuple[int, int, int, int]:
    """Parse rater, movie, steps and time of one row; quotes and spaces are allowed. Raises BadRow."""
    row = split_fields(line, layout.separator)
    if len(row) != layout.width:
        raise BadRow(f"{len(row)} fields where {layout.width} are expected")
    rater = parse_whole_number(row[layout.rater], "user id", most=_HIGHEST_RATER)
    movie = parse_whole_number(row[layout.movie], "movie id")
    text = row[layout.rating]
    steps = float(text) * 2 if _STARS.fullmatch(text) else 0.0
    if steps not in range(1, 11):
        raise BadRow(f"rating {quoted(text)} is not one of 0.5, 1.0 … 5.0")
    rated_at = 0
    if layout.rated_at >= 0:
        rated_at = parse_whole_number(
            row[layout.rated_at], "timestamp", least=0, most=10**_LONGEST_NUMBER - 1
        )
    return rater, movie, int(steps), rated_at


def _merged(one: RatingArrays, other: RatingArrays) -> RatingArrays:
    order = np.argsort(np.concatenate([one.line, other.line]), kind="stable")
    return RatingArrays(*(np.concatenate(pair)[order] for pair in zip(one, other, strict=True)))


def _plain_rows(block: LineBlock, layout: RatingLayout) -> tuple[RatingArrays, list[tuple[int, bytes]]]:
    """Parse rows of only digits, points and separators; return them and the lines of all other rows."""
    data = block.data
    separator = layout.separator
    if separator != ",":
        data, separator = data.replace(separator.encode(), b"\x1f"), "\x1f"
    characters = np.frombuffer(data, dtype=np.uint8)
    feeds: Ints = np.flatnonzero(characters == _LINE_FEED)
    starts: Ints = np.r_[0, feeds[:-1] + 1]
    returned = (feeds > starts) & (characters[feeds - 1] == _RETURN)
    stops: Ints = np.where(returned, feeds - 1, feeds)
    marks: Ints = np.flatnonzero(characters == ord(separator))
    first: Ints = np.searchsorted(marks, starts)
    candidates = np.flatnonzero(np.searchsorted(marks, stops) - first == layout.width - 1)
    edges = np.empty((layout.width + 1, len(candidates)), dtype=np.int64)
    edges[0], edges[-1] = starts[candidates] - 1, stops[candidates]
    for column in range(1, layout.width):
        edges[column] = marks[first[candidates] + column - 1]
    numbers, good = _numbers(characters, edges, layout)
    chosen = candidates[good]
    plain = RatingArrays(block.first_line + chosen, *(column[good] for column in numbers))
    odd = np.ones(len(starts), dtype=bool)
    odd[chosen] = False
    odd &= stops > starts
    return plain, list(_lines(block, np.flatnonzero(odd)))


def _lines(block: LineBlock, positions: Ints) -> Iterator[tuple[int, bytes]]:
    if len(positions):
        lines = block.data.split(b"\n")
        for position in positions:
            yield block.first_line + int(position), lines[position].rstrip(b"\r")


def _numbers(
    characters: npt.NDArray[np.uint8], edges: Ints, layout: RatingLayout
) -> tuple[tuple[Ints, Ints, Ints, Ints], npt.NDArray[np.bool_]]:
    def field(column: int) -> tuple[Ints, Ints]:
        return edges[column] + 1, edges[column + 1]

    rater, good = _whole_numbers(characters, *field(layout.rater))
    movie, also = _whole_numbers(characters, *field(layout.movie))
    good &= also & (rater >= 1) & (rater <= _HIGHEST_RATER) & (movie >= 1) & (movie < 2**31)
    steps, also = _half_stars(characters, *field(layout.rating))
    good &= also
    rated_at = np.zeros_like(rater)
    if layout.rated_at >= 0:
        rated_at, also = _whole_numbers(characters, *field(layout.rated_at))
        good &= also
    return (rater, movie, steps, rated_at), good


def _whole_numbers(
    characters: npt.NDArray[np.uint8], start: Ints, stop: Ints
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Parse the numbers between `start` and `stop`; return them and a mask of those that are only digits."""
    length = stop - start
    good = (length >= 1) & (length <= _LONGEST_NUMBER)
    value = np.zeros(len(start), dtype=np.int64)
    for offset in range(min(int(length.max(initial=0)), _LONGEST_NUMBER)):
        inside = offset < length
        # Unsigned: characters below '0' wrap around to values far above 9.
        digit = characters[np.minimum(start + offset, len(characters) - 1)] - np.uint8(_ZERO)
        good &= (digit <= 9) | ~inside
        value = np.where(inside, value * 10 + digit, value)
    return value, good


def _half_stars(
    characters: npt.NDArray[np.uint8], start: Ints, stop: Ints
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Parse `4` and `4.5` to half-star steps 1-10; return them and a mask of the valid ones."""
    last = len(characters) - 1
    length = stop - start
    whole = characters[np.minimum(start, last)] - np.uint8(_ZERO)
    half = characters[np.minimum(start + 2, last)] - np.uint8(_ZERO)
    pointed = (length == 3) & (characters[np.minimum(start + 1, last)] == _POINT)
    pointed &= (half == 0) | (half == 5)
    steps = whole.astype(np.int64) * 2 + (pointed & (half == 5))
    good = ((length == 1) | pointed) & (whole <= 9) & (steps >= 1) & (steps <= 10)
    return steps, good
