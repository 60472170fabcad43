"""Trakt JSON, from its API or its site: ratings, history, watched movies, watchlist, favorites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from movierec.errors import UnreadableImport
from movierec.exchange.formats.format import FileFormat, FormatPart, ReaderOptions
from movierec.exchange.readers.json_stream import stream_entries
from movierec.exchange.readers.lines import BadRow, UnsupportedRow, quoted
from movierec.exchange.readers.records import (
    ImportedFavorite,
    ImportedRating,
    ImportedViewing,
    ImportedWatchlistEntry,
    ImportRecord,
    MovieReference,
    ParsedRow,
    RefusedRow,
)
from movierec.exchange.readers.source_files import SourceFile
from movierec.exchange.readers.values import (
    clean_text,
    clean_title,
    parse_id,
    parse_imdb_id,
    parse_moment,
    parse_steps,
    parse_time,
    parse_year,
)

# Types of entries. The first is the key of a movie.
SUBJECTS = ("movie", "show", "season", "episode", "person")
# Role of a file by the keys of its entries; the first key present decides.
ROLES = {
    "watched_at": "history",
    "last_watched_at": "watched",
    "plays": "watched",
    "rated_at": "ratings",
    "listed_at": "listed",
}


def detect_role(file: SourceFile) -> str | None:
    """Return the role of a file by its first entry; lists by their name, because they look like the watchlist."""
    if not file.is_json:
        return None
    try:
        first = next(stream_entries(file.name, [file.head]), None)
    except UnreadableImport:
        return None
    if first is None or not isinstance(first.value, dict):
        return None
    if not any(name in first.value for name in (*SUBJECTS, "ids")):
        return None
    role = next((ROLES[key] for key in ROLES if key in first.value), None)
    return _list_role(file.base_name.lower()) if role == "listed" else role


def _list_role(name: str) -> str:
    if "favorite" in name:
        return "favorites"
    return "list" if name.startswith("list") and "watchlist" not in name else "watchlist"


def read(parts: Sequence[FormatPart], options: ReaderOptions) -> Iterator[ParsedRow]:
    reader = _Reader(options.scale or 10, has_history=any(part.role == "history" for part in parts))
    for role, file in parts:
        for line, _, entry in stream_entries(file.name, file.chunks()):
            try:
                yield reader.record(role, file.name, line, entry)
            except BadRow as error:
                yield RefusedRow(file.name, line, str(error), skipped=isinstance(error, UnsupportedRow))


class _Reader:
    def __init__(self, scale: int, *, has_history: bool) -> None:
        self._scale, self._has_history = scale, has_history

    def record(self, role: str, name: str, line: int, entry: object) -> ImportRecord:
        if not isinstance(entry, dict):
            raise BadRow(f"{quoted(str(entry))} is not an entry")
        movie = _movie(entry)
        if role == "list":
            raise UnsupportedRow("an entry of a list: movierec does not store lists")
        if role == "watched" and self._has_history:
            raise UnsupportedRow("the history of the same export contains it too")
        listed_at = _time(entry, "listed_at")
        return ImportRecord(
            name,
            line,
            movie,
            rating=self._rating(entry) if role == "ratings" else None,
            favorite=ImportedFavorite(_notes(entry), listed_at) if role == "favorites" else None,
            watchlist_entry=ImportedWatchlistEntry(_notes(entry), listed_at) if role == "watchlist" else None,
            viewings=_viewings(entry) if role in ("history", "watched") else (),
        )

    def _rating(self, entry: Mapping[str, object]) -> ImportedRating:
        rating = entry.get("rating")
        if isinstance(rating, bool) or not isinstance(rating, int | float):
            raise BadRow("there is no rating")
        if not 0 <= rating <= 100:
            raise BadRow("the rating is not between 0 and 100")
        at = _time(entry, "rated_at")
        return ImportedRating(parse_steps(f"{rating:g}", self._scale), None, at, at)


def _viewings(entry: Mapping[str, object]) -> tuple[ImportedViewing, ...]:
    """Read a viewing. For a movie watched several times, Trakt exports only the last time."""
    at = _text(entry, "watched_at") or _text(entry, "last_watched_at")
    plays = entry.get("plays")
    return (ImportedViewing(parse_moment(at), rewatch=isinstance(plays, int) and plays > 1),)


def _movie(entry: Mapping[str, object]) -> MovieReference:
    subject = entry.get("type") or next((name for name in SUBJECTS if name in entry), "movie")
    if subject != "movie":
        raise UnsupportedRow(f"{quoted(str(subject))}: not a movie")
    # In the form that is sent to Trakt, the fields of the movie stand beside the others.
    document = entry.get("movie", entry)
    if not isinstance(document, Mapping) or not isinstance(ids := document.get("ids", {}), Mapping):
        raise BadRow("there is no movie")
    trakt_id = _number(ids, "trakt")
    movie = MovieReference(
        clean_title(_text(document, "title")),
        parse_year(str(_number(document, "year") or "")),
        imdb_id=parse_imdb_id(_text(ids, "imdb")),
        tmdb_id=_number(ids, "tmdb"),
        uri=f"trakt:{trakt_id}" if trakt_id else "",
    )
    if not (movie.title or movie.imdb_id or movie.tmdb_id):
        raise BadRow("there is neither a title nor an id")
    return movie


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise BadRow(f"{key} is not text")
    return value or ""


def _number(document: Mapping[str, object], key: str) -> int | None:
    value = document.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise BadRow(f"{key} is not a whole number")
    return parse_id(str(value or ""), key)


def _time(document: Mapping[str, object], key: str) -> int | None:
    return parse_time(_text(document, key))


def _notes(entry: Mapping[str, object]) -> str | None:
    return clean_text(_text(entry, "notes"), "note") or None


FORMAT = FileFormat("trakt", "Trakt export", detect_role, read)
