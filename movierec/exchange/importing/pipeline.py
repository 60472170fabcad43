"""Pipeline of an import of one user's history: read and match everything, then write in short transactions.

Nothing is written before the whole file is read. All changes belong to one journal entry and are applied completely
or not at all: an import that ends early is undone. Killed at any moment and repeated, it has the effect of one run.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from movierec import community, db, library, movies
from movierec.errors import MovierecError, UnreadableImport
from movierec.exchange.formats import registry
from movierec.exchange.formats.format import ReaderOptions
from movierec.exchange.importing.conflicts import (
    CHANGE_OUTCOMES,
    ConflictResolver,
    ImportedChange,
    ImportRow,
    group_by_movie,
)
from movierec.exchange.importing.messages import changed_columns, display_name
from movierec.exchange.importing.movie_matcher import SKIPPED_BY_USER, MovieMatch, MovieMatcher, reference_key
from movierec.exchange.importing.new_movies import add_movies, is_new_movie
from movierec.exchange.importing.options import ImportOptions
from movierec.exchange.importing.problems import store_problems
from movierec.exchange.importing.profiles import import_profile
from movierec.exchange.importing.report import MAXIMUM_LISTED, ImportReport, RowProblem
from movierec.exchange.importing.review import (
    load_decisions,
    open_references,
    queue_for_review,
    resolve_review,
    undo_import,
)
from movierec.exchange.importing.row_index import TOO_MANY_ROWS, GroupLimit, RowIndex, limit_rows
from movierec.exchange.importing.spool import JsonSpool, RecordSpool
from movierec.exchange.readers import source_files
from movierec.exchange.readers.records import ImportedProfile, ImportRecord, MovieReference, RefusedRow
from movierec.library import RowValues

# Called between any two transactions with the stage and the percentage done. An exception from it ends the import.
ProgressCallback = Callable[[str, int], None]
# Fetches movies that the catalogue lacks and stores them. May use the network and take time. Returns False if the
# service is unavailable, so that no further batches are tried.
MovieFetcher = Callable[[Sequence[MovieReference]], bool]

READ, LOOKED_UP, APPLIED = 60, 70, 95
CONTESTED = "other rows of the file could mean the same film, so they are of several"
# Maximum number of references to fetch, in the order of the file.
MAXIMUM_FETCHED = 2_000
FETCH_BATCH = 20
REVIEW_BATCH = 200


def _unwatched(_stage: str, _percent: int) -> None:
    """Ignore progress."""


def check_source(source: Path, limit_bytes: int, options: ImportOptions) -> str:
    """Return the name of the format without reading rows. Raises UnreadableImport if no format fits."""
    with source_files.open_source_files(source, limit_bytes, name=options.name) as found:
        return registry.detect_format(found, options.format).format.name


def import_history(
    source: Path,
    scratch: Path,
    user_id: int,
    job_id: int,
    options: ImportOptions,
    *,
    limit_bytes: int,
    now: int,
    progress: ProgressCallback = _unwatched,
    look_up: MovieFetcher | None = None,
    most_new_films: int = 0,
) -> dict[str, Any]:
    """Import a file, folder or zip archive into a user's library. Temporary files go to `scratch`.

    Movies that the catalogue lacks are added if a movierec export describes them, at most `maximum_new_movies` per
    account, earlier imports included.

    Returns the report; see `report.ReportDocument`. Raises UnreadableImport if the file cannot be read to its end.
    After any exception, also one from `progress`, nothing is changed and nothing is queued for review.
    """
    started = time.perf_counter()
    passed = _Passed(progress)
    with source_files.open_source_files(source, limit_bytes, name=options.name, passed=passed) as found:
        passed.total = source_files.total_bytes(found)
        recognised = registry.detect_format(found, options.format)
        passed.done = 0
        records, problems = JsonSpool(scratch), JsonSpool(scratch)
        try:
            report_so_far = ImportReport(recognised.format.name, recognised.ignored, problems)
            run = _Run(
                user_id,
                job_id,
                options,
                recognised,
                RowIndex(RecordSpool(records)),
                report_so_far,
                now,
                progress,
            )
            report = run.run(look_up, most_new_films)
        finally:
            records.close()
            problems.close()
    seconds = time.perf_counter() - started
    rate = round(report["rows"] / max(seconds, 0.001))
    return {**report, "seconds": round(seconds, 2), "rows_per_second": rate}


class _Passed:
    """Progress of the first stage by bytes read."""

    def __init__(self, progress: ProgressCallback) -> None:
        self._progress, self.done, self.total = progress, 0, 0

    def __call__(self, count: int) -> None:
        self.done += count
        self._progress("reading", int(READ * min(self.done / max(self.total, 1), 1)))


class _Run:
    def __init__(
        self,
        user_id: int,
        job_id: int,
        options: ImportOptions,
        recognised: registry.DetectedFormat,
        rows: RowIndex,
        report: ImportReport,
        now: int,
        progress: ProgressCallback,
    ) -> None:
        self.user_id, self.job_id, self.options, self.now = user_id, job_id, options, now
        self.recognised, self.rows, self.progress = recognised, rows, progress
        self.report = report
        self.matcher = MovieMatcher(
            movies.indexed_movies(),
            movies.indexed_titles(),
            movies.indexed_aliases(),
            load_decisions(user_id),
        )
        self.outcomes = bytearray()
        self.profiles: list[ImportedProfile] = []

    def run(self, look_up: MovieFetcher | None, most_new_films: int) -> dict[str, Any]:
        self._read()
        if look_up is not None and not self.options.dry_run:
            self._look_up(look_up)
        if self.recognised.format.creates_movies and not self.options.dry_run:
            self._bring(most_new_films)
        asked = self._settle()
        self.outcomes = bytearray(len(self.rows))
        if self.options.dry_run:
            library.preview(self.user_id, self._wishes(), now=self.now)
            act_id = None
        else:
            act_id = self._apply()
        try:
            self._tally()
            self._ask(asked)
            settled = self._settle_earlier()
            # Last, because it has no journal entry and cannot be undone.
            self._take_profiles()
        except BaseException:
            if not self.options.dry_run:
                undo_import(self.user_id, self.job_id, act_id)
            raise
        told = self.report.as_json()
        return {
            "dry_run": self.options.dry_run,
            "nothing_changed": not told["accepted"],
            "act": act_id,
            "settled": settled,
            **told,
        }

    def _read(self) -> None:
        options = ReaderOptions(self.options.scale)
        for row in limit_rows(self.recognised.format.read(self.recognised.parts, options)):
            if isinstance(row, RefusedRow):
                outcome = "skipped" if row.skipped else "rejected"
                self.report.tell(RowProblem(row.file, row.line, outcome, row.message))
                continue
            if isinstance(row, ImportedProfile):
                self.profiles.append(row)
                continue
            self.rows.add(row, self.matcher.match(row.film))
        if not len(self.rows) and not self.report.files and not self.profiles:
            raise UnreadableImport("The import has no rows.")

    def _look_up(self, look_up: MovieFetcher) -> None:
        """Fetch movies for references without candidates, then match again."""
        unknown: dict[MovieReference, None] = {}
        for number in self.rows.without_film():
            name = self.rows.record(number).film
            if not self.matcher.match(name).candidates and len(unknown) < MAXIMUM_FETCHED:
                unknown[name] = None
        done = 0
        for batch in db.batches(unknown, FETCH_BATCH):
            self.progress("looking up", READ + (LOOKED_UP - READ) * done // len(unknown))
            if not look_up(batch):
                break
            done += len(batch)
        if unknown:
            self._match_anew()

    def _bring(self, most: int) -> None:
        """Add movies whose ids the catalogue lacks, then match again."""
        names: dict[MovieReference, None] = {}
        for number in self.rows.without_film():
            name = self.rows.record(number).film
            match = self.matcher.match(name)
            called_alike = (self.matcher.film(candidate.movie_id) for candidate in match.candidates)
            if name not in names and is_new_movie(name, match, called_alike):
                names[name] = None
        # In the order of the file, up to the maximum.
        if names and add_movies(list(names)[:most], self.user_id, most=most, now=self.now):
            self._match_anew()

    def _match_anew(self) -> None:
        """Match rows without a movie against added movies, also those added for other references."""
        highest = self.matcher.highest_id
        self.matcher.add(movies.indexed_movies(highest), movies.indexed_titles(highest))
        for number in self.rows.without_film():
            name = self.rows.record(number).film
            self.rows.set_match(number, name, self.matcher.match(name))

    def _settle(self) -> list[int]:
        """Report rows without a movie; return the numbers of those to review."""
        self.rows.doubt_contested()
        for number in self.rows.pass_over_crowds():
            self._reject(self.rows.record(number))
        asked, together = [], GroupLimit()
        for number in self.rows.without_film():
            record = self.rows.record(number)
            match = self._doubted(record)
            if match is SKIPPED_BY_USER:
                self.report.tell(RowProblem(record.file, record.line, "skipped", match.why))
                continue
            # A hash, because references may be long and many.
            key = hash((reference_key(record.film), record.film.uri))
            if not together.take(key, self.rows.size(number)):
                self._reject(record)
                continue
            outcome = "ambiguous" if match.candidates else "unmatched"
            self.report.tell(
                RowProblem(record.file, record.line, outcome, f"{display_name(record.film)}: {match.why}")
            )
            asked.append(number)
        return asked

    def _reject(self, record: ImportRecord) -> None:
        self.report.tell(
            RowProblem(record.file, record.line, "rejected", f"{display_name(record.film)}: {TOO_MANY_ROWS}")
        )

    def _doubted(self, record: ImportRecord) -> MovieMatch:
        match = self.matcher.match(record.film)
        return match if match.movie_id is None else match._replace(movie_id=None, why=CONTESTED)

    def _apply(self) -> int | None:
        what = f"Imported {self.recognised.format.label}"
        applied = library.apply(self.user_id, self._wishes(), what=what, now=self.now, job_id=self.job_id)
        return applied.act_id

    def _wishes(self) -> Iterator[ImportedChange]:
        combining = ConflictResolver(
            self.options.on_conflict, library.seen_movie_ids(self.user_id), self._note
        )
        rows = ((film, ImportRow(number, self.rows.record(number))) for film, number in self.rows.with_film())
        done, total = 0, max(len(self.rows), 1)
        for movie_id, own in group_by_movie(rows):
            self.progress("applying", LOOKED_UP + (APPLIED - LOOKED_UP) * done // total)
            yield from combining.wishes(movie_id, own)
            done += len(own)

    def _take_profiles(self) -> None:
        for profile in self.profiles:
            outcome = import_profile(
                self.user_id, profile.told, self.options.on_conflict, dry_run=self.options.dry_run
            )
            self.report.count(profile.file, outcome)

    def _note(
        self, wish: ImportedChange, result: str, before: RowValues | None, after: RowValues | None
    ) -> None:
        """Record the outcome of a change for the rows that requested it."""
        code = CHANGE_OUTCOMES.index(result)
        for number in wish.rows:
            self.outcomes[number] = max(self.outcomes[number], code)
        counts = self.report.shelves.setdefault(wish.shelf.table, Counter())
        counts[result] += 1
        if result in ("new", "changed") and len(self.report.changes) < MAXIMUM_LISTED:
            film, record = self.matcher.film(wish.change.movie_id), self.rows.record(wish.rows[0])
            self.report.changes.append(
                {
                    "file": record.file,
                    "line": record.line,
                    "movie": film.id,
                    "title": film.title,
                    "year": film.year,
                    "shelf": wish.shelf.table,
                    **changed_columns(before, after or {}),
                }
            )

    def _tally(self) -> None:
        for _, number in self.rows.with_film():
            record = self.rows.record(number)
            outcome = CHANGE_OUTCOMES[self.outcomes[number]]
            if outcome == "unrated":
                words = "a review without a rating: movierec stores reviews only with a rating"
                self.report.tell(RowProblem(record.file, record.line, "skipped", words))
            else:
                self.report.count(record.file, outcome)

    def _ask(self, asked: Sequence[int]) -> None:
        """Queue uncertain rows for review. A repeated import does not queue them twice."""
        if self.options.dry_run:
            return
        for batch in db.batches(asked, REVIEW_BATCH):
            self.progress("asking", APPLIED)
            told = [(record := self.rows.record(number), self._doubted(record)) for number in batch]
            queue_for_review(self.user_id, self.job_id, told, self.now)
            community.give_way()
        store_problems(self.user_id, self.job_id, self.report.all_problems())

    def _settle_earlier(self) -> int:
        """Resolve open reviews, also of earlier imports, whose movies are certain now that the catalogue has grown."""
        if self.options.dry_run:
            return 0
        settled = above = 0
        while found := open_references(self.user_id, above, contested=CONTESTED, limit=REVIEW_BATCH):
            self.progress("asking", APPLIED)
            for number, name in found:
                above = number
                movie_id = self.matcher.match(name).movie_id
                if movie_id is None:
                    continue
                # Resolved in the meantime, or its rows cannot be stored: not an error of this import.
                with contextlib.suppress(MovierecError):
                    resolve_review(
                        self.user_id, number, movie_id, policy=self.options.on_conflict, now=self.now
                    )
                    settled += 1
            community.give_way()
        return settled
