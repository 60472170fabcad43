"""Conversion of the rows about one movie into library changes, with the conflict policy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from movierec import library
from movierec.exchange.importing.options import ConflictPolicy
from movierec.exchange.readers.records import (
    ImportedFavorite,
    ImportedFeedback,
    ImportedRating,
    ImportedViewing,
    ImportedWatchlistEntry,
    ImportRecord,
)
from movierec.library import LibraryChange, LibraryTable, RowKey, RowValues

# Outcomes of a change. If a row causes several changes, the last outcome in this order counts.
CHANGE_OUTCOMES = ("same", "unrated", "kept", "changed", "new")


class ImportRow(NamedTuple):
    """A row of the import: its number and its record."""

    number: int
    record: ImportRecord


_Content: TypeAlias = (
    ImportedRating | ImportedFavorite | ImportedWatchlistEntry | ImportedViewing | ImportedFeedback
)

# Called for each applied change with its outcome and the library row before and after.
OutcomeCallback = Callable[["ImportedChange", str, RowValues | None, RowValues | None], None]


@dataclass(frozen=True, slots=True)
class ImportedChange:
    """A library change that `rows` of the file request, of time `at`, subject to the conflict policy."""

    change: LibraryChange
    rows: tuple[int, ...]
    at: int | None
    policy: ConflictPolicy
    on_outcome: OutcomeCallback

    @property
    def table(self) -> LibraryTable:
        return self.change.table

    @property
    def row_key(self) -> RowKey:
        return self.change.row_key

    def new_row(self, row: RowValues | None, now: int) -> RowValues | None:
        """Return the row after the change, like `LibraryChange.new_row`, but by the conflict policy."""
        outcome, after = self._resolved(row, now)
        self.on_outcome(self, outcome, row, after)
        return after

    def _resolved(self, row: RowValues | None, now: int) -> tuple[str, RowValues | None]:
        if row is None:
            if self.table is library.RATINGS and "steps" not in (self.change.values or {}):
                return "unrated", None
            return "new", self.change.new_row(None, now)
        different = {name: value for name, value in self._content.items() if row[name] != value}
        # Empty values are filled under any policy.
        wins = self._wins(row)
        accepted = {name: value for name, value in different.items() if wins or row[name] in ("", "[]")}
        if not accepted:
            return "kept" if different else "same", row
        touched = {"updated_at": now if self.at is None else self.at} if "updated_at" in row else {}
        return "changed", {**row, **accepted, **touched}

    @property
    def _content(self) -> RowValues:
        """Return the values without times: equal values with another time are the same."""
        values = self.change.values or {}
        return {name: value for name, value in values.items() if name not in self.table.times}

    def _wins(self, row: RowValues) -> bool:
        if self.policy == "newest":
            return self.at is not None and self.at > row.get("updated_at", row["created_at"])
        return self.policy == "overwrite"


class ConflictResolver:
    """Converts rows into changes by the conflict policy. `seen` holds the movies with a viewing in the history."""

    def __init__(self, policy: ConflictPolicy, seen: Collection[int], on_outcome: OutcomeCallback) -> None:
        self._policy, self._seen, self._on_outcome = policy, seen, on_outcome

    def changes(self, movie_id: int, rows: Sequence[ImportRow]) -> Iterator[ImportedChange]:
        """Yield the changes of all rows about one movie, given in their order."""
        ratings = [(row, row.record.rating) for row in rows if row.record.rating]
        if ratings:
            yield self._rating(movie_id, ratings)
        favorites = [(row, row.record.favorite) for row in rows if row.record.favorite]
        if favorites:
            note, at = _last_note(favorites), _earliest(favorites)
            change = library.favorite_change(movie_id, note=note, created_at=at)
            yield self._imported(change, _numbers(favorites), at)
        entries = [(row, row.record.watchlist_entry) for row in rows if row.record.watchlist_entry]
        if entries:
            note, at = _last_note(entries), _earliest(entries)
            change = library.watchlist_change(movie_id, note=note, created_at=at)
            yield self._imported(change, _numbers(entries), at)
        yield from self._viewings(movie_id, rows)
        feedback = [(row, row.record.feedback) for row in rows if row.record.feedback]
        if feedback:
            last = feedback[-1][1]
            values = library.without_none(
                feedback_type=last.feedback_type, comment=last.comment, created_at=last.created_at
            )
            change = LibraryChange(library.FEEDBACK, movie_id, values)
            yield self._imported(change, _numbers(feedback), last.created_at)

    def _imported(self, change: LibraryChange, rows: tuple[int, ...], at: int | None) -> ImportedChange:
        return ImportedChange(change, rows, at, self._policy, self._on_outcome)

    def _rating(self, movie_id: int, rows: Sequence[tuple[ImportRow, ImportedRating]]) -> ImportedChange:
        """Merge ratings: the newest stars and the newest review may come from different rows."""
        newest_stars = max((row for row in rows if row[1].steps is not None), key=_newness, default=None)
        newest_review = max((row for row in rows if row[1].review is not None), key=_newness, default=None)
        chosen = list(dict.fromkeys(row for row in (newest_stars, newest_review) if row))
        created = [rating.created_at for _, rating in chosen if rating.created_at is not None]
        updated = max((at for _, rating in chosen if (at := _rated_at(rating)) is not None), default=None)
        values = library.without_none(
            steps=newest_stars[1].steps if newest_stars else None,
            review=newest_review[1].review if newest_review else None,
            created_at=min(created, default=None),
            updated_at=updated,
        )
        return self._imported(LibraryChange(library.RATINGS, movie_id, values), _numbers(chosen), updated)

    def _viewings(self, movie_id: int, rows: Sequence[ImportRow]) -> Iterator[ImportedChange]:
        """Yield one change per viewing time and source."""
        by_key: dict[tuple[str, str], list[tuple[ImportRow, ImportedViewing]]] = {}
        for row in rows:
            for viewing in row.record.viewings:
                by_key.setdefault((viewing.watched_at, viewing.source), []).append((row, viewing))
        for (watched_at, source), viewings in by_key.items():
            has_viewing = movie_id in self._seen or len(by_key) > 1
            if has_viewing and all(viewing.sometime for _, viewing in viewings):
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
            yield self._imported(change, _numbers(viewings), at)


def _tags(viewings: Iterable[ImportedViewing]) -> Iterable[str]:
    """Return the tags of all viewings, up to the maximum of one viewing."""
    tags = dict.fromkeys(tag for viewing in viewings for tag in viewing.tags)
    return islice(tags, library.MAXIMUM_TAGS)


def _rated_at(rating: ImportedRating) -> int | None:
    return rating.created_at if rating.updated_at is None else rating.updated_at


def _newness(row: tuple[ImportRow, ImportedRating]) -> tuple[int, int]:
    at = _rated_at(row[1])
    return (-1 if at is None else at, row[0].number)


def _numbers(rows: Iterable[tuple[ImportRow, _Content]]) -> tuple[int, ...]:
    return tuple(row.number for row, _ in rows)


def _earliest(rows: Iterable[tuple[ImportRow, _Content]]) -> int | None:
    return min((content.created_at for _, content in rows if content.created_at is not None), default=None)


def _last_note(rows: Iterable[tuple[ImportRow, ImportedFavorite | ImportedWatchlistEntry]]) -> str | None:
    notes = [content.note for _, content in rows if content.note is not None]
    return notes[-1] if notes else None


def group_by_movie(rows: Iterable[tuple[int, ImportRow]]) -> Iterator[tuple[int, list[ImportRow]]]:
    """Group rows by movie; they must be sorted by movie."""
    for movie_id, group in groupby(rows, key=itemgetter(0)):
        yield movie_id, [row for _, row in group]
