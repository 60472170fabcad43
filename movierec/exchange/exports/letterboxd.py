"""An account as the CSV files that Letterboxd's importer takes (letterboxd.com/about/importing-data).

Without the guard against formulas: Letterboxd would take it for a part of the title.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from movierec.exchange.exports import account
from movierec.exchange.exports.account import Written
from movierec.exchange.exports.cells import line
from movierec.exchange.exports.layout import FAVORITE, RATING, WATCHLIST

FILM = ("tmdbID", "imdbID", "Title", "Year")
DIARY = (*FILM, "Rating", "WatchedDate", "Rewatch", "Tags", "Review")
LISTED = (*FILM, "Review")

# Its importer takes files up to a megabyte.
FILE_BYTES = 1_000_000


def files(user_id: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Names and contents. `films` go to letterboxd.com/import, the others to the watchlist and to a list."""
    yield from _split("films", DIARY, _diary(user_id))
    yield from _split("watchlist", LISTED, _listed(account.records(WATCHLIST, user_id)))
    yield from _split("favorites", LISTED, _listed(account.records(FAVORITE, user_id)))


def _diary(user_id: int) -> Iterator[bytes]:
    for record in account.records(RATING, user_id):
        yield line([*_film(record), record["rating"], "", "", "", record["review"]])


def _listed(records: Iterable[Written]) -> Iterator[bytes]:
    for record in records:
        yield line([*_film(record), record.get("note", "")])


def _film(record: Written) -> list[object]:
    film = record["film"]
    return [film.get("tmdb_id"), film.get("imdb_id"), film["title"], film.get("year")]


def _split(name: str, columns: Iterable[str], rows: Iterator[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Files of at most FILE_BYTES, each with the header; one at least. Each is to be read before the next."""
    header = line(columns)
    pending = next(rows, b"")

    def part() -> Iterator[bytes]:
        nonlocal pending
        size = len(header)
        yield header
        while pending and size + len(pending) <= FILE_BYTES:
            yield pending
            size += len(pending)
            pending = next(rows, b"")

    number = 1
    yield f"{name}-{number}.csv", part()
    while pending:
        number += 1
        yield f"{name}-{number}.csv", part()
