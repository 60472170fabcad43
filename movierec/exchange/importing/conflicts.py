"""Conversion of the rows about one movie into library changes, and conflict policy where they differ from the library."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

from movierec import library
from movierec.exchange.importing.options import ConflictPolicy
from movierec.exchange.readers.records import ImportedRating, ImportedViewing, ImportRecord
from movierec.library import LibraryChange, LibraryTable, RowKey, RowValues

# Outcomes of a change. If a row causes several changes, the last outcome in this order counts.
CHANGE_OUTCOMES = ("same", "unrated", "kept", "changed", "new")


class ImportRow(NamedTuple):
    """A row of the import: its number and its record."""

    number: int
    record: ImportRecord


# Called for each applied change with its outcome and the library row before and after.
OutcomeCallback = Callable[["ImportedChange", str, RowValues | None, RowValues | None], None]


@dataclass(frozen=True, slots=True)
class ImportedChange:
    """A library change that `rows` of the file request, of time `at`, subject to the conflict policy."""

    change: LibraryChange
    rows: tuple[int, ...]
    at: int | None
    policy: ConflictPolicy
    note: OutcomeCallback

    @property
    def shelf(self) -> LibraryTable:
        return self.change.shelf

    @property
    def place(self) -> RowKey:
        return self.change.place

    def outcome(self, row: RowValues | None, now: int) -> RowValues | None:
        """Return the row after the change, like `Change.outcome`, but by the conflict policy; call `note`."""
        result, after = self._settled(row, now)
        self.note(self, result, row, after)
        return after

    def _settled(self, row: RowValues | None, now: int) -> tuple[str, RowValues | None]:
        if row is None:
            if self.shelf is library.RATINGS and "steps" not in (self.change.values or {}):
                return "unrated", None
            return "new", self.change.outcome(None, now)
        different = {name: value for name, value in self._content.items() if row[name] != value}
        # Empty values are filled under any policy.
        wins = self._wins(row)
        taken = {name: value for name, value in different.items() if wins or row[name] in ("", "[]")}
        if not taken:
            return "kept" if different else "same", row
        touched = {"updated_at": now if self.at is None else self.at} if "updated_at" in row else {}
        return "changed", {**row, **taken, **touched}

    @property
    def _content(self) -> dict[str, Any]:
        """Return the values without times: equal values with another time are the same."""
        values = self.change.values or {}
        return {name: value for name, value in values.items() if name not in self.shelf.times}

    def _wins(self, row: RowValues) -> bool:
        if self.policy == "newest":
            return self.at is not None and self.at > row.get("updated_at", row["created_at"])
        return self.policy == "overwrite"


class ConflictResolver:
    """Converts rows into changes by the conflict policy. `seen` holds the movies with a viewing in the history."""

    def __init__(self, policy: ConflictPolicy, seen: Collection[int], note: OutcomeCallback) -> None:
        self._policy, self._seen, self._note = policy, seen, note

    def wishes(self, movie_id: int, rows: Sequence[ImportRow]) -> Iterator[ImportedChange]:
        """Yield the changes of all rows about one movie, given in their order."""
        rated = [(row, row.record.rated) for row in rows if row.record.rated]
        if rated:
            yield self._rating(movie_id, rated)
        favored = [(row, row.record.favored) for row in rows if row.record.favored]
        if favored:
            note, at = _last_note(favored), _earliest(favored)
            yield self._wish(
                library.favorite_change(movie_id, note=note, created_at=at), _numbers(favored), at
            )
        wanted = [(row, row.record.wanted) for row in rows if row.record.wanted]
        if wanted:
            note, at = _last_note(wanted), _earliest(wanted)
            yield self._wish(
                library.watchlist_change(movie_id, note=note, created_at=at), _numbers(wanted), at
            )
        yield from self._viewings(movie_id, rows)
        said = [(row, row.record.said) for row in rows if row.record.said]
        if said:
            last = said[-1][1]
            values = library.without_none(
                feedback_type=last.feedback_type, comment=last.comment, created_at=last.created_at
            )
            yield self._wish(
                LibraryChange(library.FEEDBACK, movie_id, values), _numbers(said), last.created_at
            )

    def _wish(self, change: LibraryChange, rows: tuple[int, ...], at: int | None) -> ImportedChange:
        return ImportedChange(change, rows, at, self._policy, self._note)

    def _rating(self, movie_id: int, rows: Sequence[tuple[ImportRow, ImportedRating]]) -> ImportedChange:
        """Merge ratings: the newest stars and the newest review may come from different rows."""
        stars = max((row for row in rows if row[1].steps is not None), key=_newness, default=None)
        words = max((row for row in rows if row[1].review is not None), key=_newness, default=None)
        chosen = list(dict.fromkeys(row for row in (stars, words) if row))
        created = [rated.created_at for _, rated in chosen if rated.created_at is not None]
        updated = max((at for _, rated in chosen if (at := _when(rated)) is not None), default=None)
        values = library.without_none(
            steps=stars[1].steps if stars else None,
            review=words[1].review if words else None,
            created_at=min(created, default=None),
            updated_at=updated,
        )
        return self._wish(LibraryChange(library.RATINGS, movie_id, values), _numbers(chosen), updated)

    def _viewings(self, movie_id: int, rows: Sequence[ImportRow]) -> Iterator[ImportedChange]:
        """Yield one change per viewing time and source."""
        found: dict[tuple[str, str], list[tuple[ImportRow, ImportedViewing]]] = {}
        for row in rows:
            for viewing in row.record.watched:
                found.setdefault((viewing.watched_at, viewing.source), []).append((row, viewing))
        for (watched_at, source), viewings in found.items():
            is_known = movie_id in self._seen or len(found) > 1
            if is_known and all(viewing.sometime for _, viewing in viewings):
                continue
            at = _earliest(viewings)
            change = library.viewing_change(
                movie_id,
                watched_at or None,
                rewatch=any(viewing.rewatch for _, viewing in viewings),
                tags=_tags(viewing for _, viewing in viewings),
                source=source,
                created_at=at,
            )
            yield self._wish(change, _numbers(viewings), at)


def _tags(viewings: Iterable[ImportedViewing]) -> Iterable[str]:
    """Return the tags of all viewings, up to the maximum of one viewing."""
    tags = dict.fromkeys(tag for viewing in viewings for tag in viewing.tags)
    return islice(tags, library.MAXIMUM_TAGS)


def _when(rated: ImportedRating) -> int | None:
    return rated.created_at if rated.updated_at is None else rated.updated_at


def _newness(row: tuple[ImportRow, ImportedRating]) -> tuple[int, int]:
    at = _when(row[1])
    return (-1 if at is None else at, row[0].number)


def _numbers(rows: Iterable[tuple[ImportRow, Any]]) -> tuple[int, ...]:
    return tuple(told.number for told, _ in rows)


def _earliest(rows: Iterable[tuple[ImportRow, Any]]) -> int | None:
    return min((said.created_at for _, said in rows if said.created_at is not None), default=None)


def _last_note(rows: Iterable[tuple[ImportRow, Any]]) -> str | None:
    notes = [said.note for _, said in rows if said.note is not None]
    return notes[-1] if notes else None


def group_by_movie(rows: Iterable[tuple[int, ImportRow]]) -> Iterator[tuple[int, list[ImportRow]]]:
    """Group rows by movie; they must be sorted by movie."""
    for movie_id, group in groupby(rows, key=itemgetter(0)):
        yield movie_id, [row for _, row in group]
