"""Export of an account as CSV files for Letterboxd's importer (letterboxd.com/about/importing-data).

Without the formula guard: Letterboxd would read the apostrophe as part of the title.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from movierec.exchange.exports import account
from movierec.exchange.exports.account import ExportRecord
from movierec.exchange.exports.cells import csv_line
from movierec.exchange.exports.layout import FAVORITE, RATING, VIEWING, WATCHLIST, ExportField, as_is

MOVIE_COLUMNS = ("tmdbID", "imdbID", "Title", "Year")
DIARY_COLUMNS = (*MOVIE_COLUMNS, "Rating", "WatchedDate", "Rewatch", "Tags", "Review")
LIST_COLUMNS = (*MOVIE_COLUMNS, "Review")

# The importer accepts files up to a megabyte.
MAXIMUM_FILE_BYTES = 1_000_000

_SAME_MOVIE = "{table}.user_id = {other}.user_id AND {table}.movie_id = {other}.movie_id"
_OWN_RATING = (
    "(SELECT {column} FROM ratings WHERE "
    + _SAME_MOVIE.format(table="ratings", other="history")
    + " AND NOT EXISTS (SELECT 1 FROM history AS later WHERE "
    + _SAME_MOVIE.format(table="later", other="history")
    + " AND (later.watched_at, later.source) > (history.watched_at, history.source)))"
)
# One row per day a movie was seen; rating and review only with the last day.
DATED = VIEWING._replace(
    fields=(
        *VIEWING.fields,
        ExportField("steps", _OWN_RATING.format(column="steps"), as_is),
        ExportField("review", _OWN_RATING.format(column="review"), as_is),
    ),
    where="AND history.watched_at <> ''",
)
_NEVER_DATED = (
    "AND NOT EXISTS (SELECT 1 FROM history AS dated WHERE "
    + _SAME_MOVIE.format(table="dated", other="{table}")
    + " AND dated.watched_at <> '')"
)
UNDATED = RATING._replace(where=_NEVER_DATED.format(table="ratings"))
# Movies without a rating that were seen on an unknown day only.
SEEN = VIEWING._replace(
    where="AND history.source = (SELECT MIN(source) FROM history AS one WHERE "
    + _SAME_MOVIE.format(table="one", other="history")
    + ") AND NOT EXISTS (SELECT 1 FROM ratings WHERE "
    + _SAME_MOVIE.format(table="ratings", other="history")
    + ") "
    + _NEVER_DATED.format(table="history")
)


def files(user_id: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield names and contents. `films` is for letterboxd.com/import, the others for the watchlist and a list."""
    yield from _split("films", DIARY_COLUMNS, _diary(user_id))
    yield from _split("watchlist", LIST_COLUMNS, _listed(account.read_records(WATCHLIST, user_id)))
    yield from _split("favorites", LIST_COLUMNS, _listed(account.read_records(FAVORITE, user_id)))


def _diary(user_id: int) -> Iterator[bytes]:
    for record in account.read_records(DATED, user_id):
        rating = None if record["steps"] is None else record["steps"] / 2
        day, rewatch = record["watched_at"][:10], str(record["rewatch"]).lower()
        # Letterboxd splits tags at commas.
        tags = ", ".join(tag.replace(",", " ") for tag in record["tags"])
        yield csv_line([*_movie_cells(record), rating, day, rewatch, tags, record["review"]])
    for record in account.read_records(UNDATED, user_id):
        yield csv_line([*_movie_cells(record), record["rating"], "", "", "", record["review"]])
    for record in account.read_records(SEEN, user_id):
        yield csv_line([*_movie_cells(record), "", "", "", "", ""])


def _listed(records: Iterable[ExportRecord]) -> Iterator[bytes]:
    for record in records:
        yield csv_line([*_movie_cells(record), record["note"]])


def _movie_cells(record: ExportRecord) -> list[object]:
    movie = record["film"]
    return [movie.get("tmdb_id"), movie.get("imdb_id"), movie["title"], movie.get("year")]


def _split(name: str, columns: Iterable[str], rows: Iterator[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Split rows into files of at most MAXIMUM_FILE_BYTES with a header, at least one. Read each before the next."""
    header = csv_line(columns)
    pending = next(rows, b"")

    def part() -> Iterator[bytes]:
        nonlocal pending
        size = len(header)
        yield header
        while pending and size + len(pending) <= MAXIMUM_FILE_BYTES:
            yield pending
            size += len(pending)
            pending = next(rows, b"")

    number = 1
    yield f"{name}-{number}.csv", part()
    while pending:
        number += 1
        yield f"{name}-{number}.csv", part()
