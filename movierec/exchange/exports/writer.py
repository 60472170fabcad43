"""Export formats and the writer of exports."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from movierec import db
from movierec.exchange.exports import account, json_lines, letterboxd, sheets
from movierec.exchange.exports.zip_writer import write_member
from movierec.files import rechunk

README = """Your movierec account

account.jsonl   Everything, exactly: one record per line (JSON Lines). To move to another movierec server:
                movierec import THIS.zip
csv/            The same as tables for spreadsheets. A cell that a spreadsheet would evaluate as a
                formula has an apostrophe in front of it.
letterboxd/     For Letterboxd, in parts of at most a megabyte, as it requires:
                films-1.csv ...      at letterboxd.com/import
                watchlist-1.csv ...  on your watchlist there: Import films to watchlist
                favorites-1.csv ...  into a list there: New list, Import

Times are UTC. Ratings are 0.5 to 5 stars. Your name, address and password are not in here: they belong to
the server, and so do recommendations, which are computed from the rest.
"""


@dataclass(frozen=True)
class ExportWriter:
    """An export format: its file name, its content type and its writer."""

    name: str
    content_type: str
    file_name: str
    write: Callable[[int, IO[bytes]], None]


FileIterator = Callable[[int], Iterator[tuple[str, Iterator[bytes]]]]


def _write_lines(user_id: int, file: IO[bytes]) -> None:
    for piece in rechunk(json_lines.lines(user_id)):
        file.write(piece)


def _zip_of(files: FileIterator) -> Callable[[int, IO[bytes]], None]:
    def write(user_id: int, file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, pieces in files(user_id):
                write_member(archive, name, pieces)

    return write


def _everything(user_id: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    yield "README.txt", iter([README.encode()])
    yield "account.jsonl", json_lines.lines(user_id)
    for folder, files in (("csv", sheets.files), ("letterboxd", letterboxd.files)):
        for name, pieces in files(user_id):
            yield f"{folder}/{name}", pieces


FORMATS = {
    format.name: format
    for format in (
        ExportWriter("json", "application/x-ndjson", "movierec.jsonl", _write_lines),
        ExportWriter("csv", "application/zip", "movierec-csv.zip", _zip_of(sheets.files)),
        ExportWriter("letterboxd", "application/zip", "movierec-letterboxd.zip", _zip_of(letterboxd.files)),
        ExportWriter("zip", "application/zip", "movierec.zip", _zip_of(_everything)),
    )
}


def write_export(user_id: int, format: ExportWriter, file: IO[bytes]) -> None:
    """Write a consistent export of a user's account to an empty seekable file."""
    account.assign_movierec_ids(user_id)
    # From the start, also when a retry after a lost connection repeats it.
    file.seek(0)
    file.truncate()
    with db.snapshot():
        format.write(user_id, file)
