"""Pipeline of an import of one user's history: read and match everything, then write in short transactions.

Nothing is written before the whole file is read. All changes belong to one journal entry and are applied completely
or not at all: an import that ends early is undone. Killed at any moment and repeated, it has the effect of one run.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from movierec import db, library, movies
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
from movierec.exchange.importing.report import MAXIMUM_LISTED, ImportReport, ReportDocument, RowProblem
from movierec.exchange.importing.review import (
    load_decisions,
    open_references,
    queue_for_review,
    resolve_review,
    undo_import,
)
from movierec.exchange.importing.row_index import TOO_MANY_ROWS, GroupLimit, RowIndex, limit_rows
from movierec.exchange.importing.spool import JsonSpool, RecordSpool
from movierec.exchange.progress import ProgressCallback, ignore_progress
from movierec.exchange.readers import source_files
from movierec.exchange.readers.records import ImportedProfile, ImportRecord, MovieReference, RefusedRow
from movierec.library import RowValues

# Fetches movies that the catalogue lacks and stores them. May use the network and take time. Returns False if the
# service is unavailable, so that no further batches are tried.
MovieFetcher = Callable[[Sequence[MovieReference]], bool]

# Percentage done at the end of the stages.
READ, FETCHED, APPLIED = 60, 70, 95
# Stored with reviews and compared with what is stored: the text must not change.
CONTESTED = "other rows of the file could mean the same film, so they are of several"
# Maximum number of references to fetch, in the order of the file.
MAXIMUM_FETCHED = 2_000
FETCH_BATCH = 20
REVIEW_BATCH = 200


class ImportResult(ReportDocument):
    """The report of an import as JSON: what it did as a whole, then the counts, changes and problems of its rows."""

    dry_run: bool
    nothing_changed: bool
    act: int | None
    settled: int
    seconds: float
    rows_per_second: int


def check_source(source: Path, limit_bytes: int, options: ImportOptions) -> str:
    """Return the name of the format without reading rows. Raises UnreadableImport if no format fits."""
    with source_files.open_source_files(source, limit_bytes, name=options.name) as files:
        return registry.detect_format(files, options.format).format.name


def import_history(
    source: Path,
    scratch: Path,
    user_id: int,
    job_id: int,
    options: ImportOptions,
    *,
    limit_bytes: int,
    now: int,
    progress: ProgressCallback = ignore_progress,
    fetch_movies: MovieFetcher | None = None,
    maximum_new_movies: int = 0,
) -> ImportResult:
    """Import a file, folder or zip archive into a user's library. Temporary files go to `scratch`.

    Movies that the catalogue lacks are added if a movierec export describes them, at most `maximum_new_movies` per
    account, earlier imports included.

    Returns the report. Raises UnreadableImport if the file cannot be read to its end. After any exception, also one
    from `progress`, nothing is changed and nothing is queued for review.
    """
    started = time.perf_counter()
    reading = _ReadingProgress(progress)
    with source_files.open_source_files(
        source, limit_bytes, name=options.name, on_bytes_read=reading
    ) as files:
        reading.total = source_files.total_bytes(files)
        detected = registry.detect_format(files, options.format)
        reading.done = 0
        records, problems = JsonSpool(scratch), JsonSpool(scratch)
        try:
            report = ImportReport(detected.format.name, detected.ignored, problems)
            rows = RowIndex(RecordSpool(records))
            run = _ImportRun(user_id, job_id, options, detected, rows, report, now, progress)
            entry_id, settled = run.run(fetch_movies, maximum_new_movies)
        finally:
            records.close()
            problems.close()
    seconds = time.perf_counter() - started
    document = report.as_json()
    return {
        "dry_run": options.dry_run,
        "nothing_changed": not document["accepted"],
        "act": entry_id,
        "settled": settled,
        **document,
        "seconds": round(seconds, 2),
        "rows_per_second": round(document["rows"] / max(seconds, 0.001)),
    }


class _ReadingProgress:
    """Progress of the first stage by bytes read."""

    def __init__(self, progress: ProgressCallback) -> None:
        self._progress, self.done, self.total = progress, 0, 0

    def __call__(self, count: int) -> None:
        self.done += count
        self._progress("reading", int(READ * min(self.done / max(self.total, 1), 1)))


class _ImportRun:
    """State of one run: the options, the rows with their matches, and the report."""

    def __init__(
        self,
        user_id: int,
        job_id: int,
        options: ImportOptions,
        detected: registry.DetectedFormat,
        rows: RowIndex,
        report: ImportReport,
        now: int,
        progress: ProgressCallback,
    ) -> None:
        self.user_id, self.job_id, self.options, self.now = user_id, job_id, options, now
        self.detected, self.rows, self.progress = detected, rows, progress
        self.report = report
        self.matcher = MovieMatcher(
            movies.indexed_movies(),
            movies.indexed_titles(),
            movies.indexed_aliases(),
            load_decisions(user_id),
        )
        self.outcomes = bytearray()
        self.profiles: list[ImportedProfile] = []

    def run(self, fetch_movies: MovieFetcher | None, maximum_new_movies: int) -> tuple[int | None, int]:
        """Run all stages; returns the journal entry and the number of earlier reviews that were resolved."""
        self._read()
        if fetch_movies is not None and not self.options.dry_run:
            self._fetch(fetch_movies)
        if self.detected.format.creates_movies and not self.options.dry_run:
            self._add_movies(maximum_new_movies)
        uncertain = self._report_unmatched()
        self.outcomes = bytearray(len(self.rows))
        if self.options.dry_run:
            library.preview(self.user_id, self._changes(), now=self.now)
            entry_id = None
        else:
            entry_id = self._apply()
        try:
            self._count_outcomes()
            self._queue_for_review(uncertain)
            settled = self._resolve_earlier_reviews()
            # Last, because it has no journal entry and cannot be undone.
            self._import_profiles()
        except BaseException:
            if not self.options.dry_run:
                undo_import(self.user_id, self.job_id, entry_id)
            raise
        return entry_id, settled

    def _read(self) -> None:
        options = ReaderOptions(self.options.scale)
        for row in limit_rows(self.detected.format.read(self.detected.parts, options)):
            if isinstance(row, RefusedRow):
                outcome = "skipped" if row.skipped else "rejected"
                self.report.add_problem(RowProblem(row.file, row.line, outcome, row.message))
                continue
            if isinstance(row, ImportedProfile):
                self.profiles.append(row)
                continue
            self.rows.add(row, self.matcher.match(row.movie))
        if not len(self.rows) and not self.report.files and not self.profiles:
            raise UnreadableImport("The import has no rows.")

    def _fetch(self, fetch_movies: MovieFetcher) -> None:
        """Fetch movies for references without candidates, then match again."""
        references: dict[MovieReference, None] = {}
        for number in self.rows.unmatched():
            reference = self.rows.record(number).movie
            if not self.matcher.match(reference).candidates and len(references) < MAXIMUM_FETCHED:
                references[reference] = None
        done = 0
        for batch in db.batches(references, FETCH_BATCH):
            self.progress("looking up", READ + (FETCHED - READ) * done // len(references))
            if not fetch_movies(batch):
                break
            done += len(batch)
        if references:
            self._match_again()

    def _add_movies(self, maximum: int) -> None:
        """Add movies whose ids the catalogue lacks, then match again."""
        references: dict[MovieReference, None] = {}
        for number in self.rows.unmatched():
            reference = self.rows.record(number).movie
            match = self.matcher.match(reference)
            candidates = (self.matcher.movie(candidate.movie_id) for candidate in match.candidates)
            if reference not in references and is_new_movie(reference, match, candidates):
                references[reference] = None
        # In the order of the file, up to the maximum.
        if references and add_movies(list(references)[:maximum], self.user_id, maximum=maximum, now=self.now):
            self._match_again()

    def _match_again(self) -> None:
        """Match rows without a movie against added movies, also those added for other references."""
        highest = self.matcher.highest_id
        self.matcher.add(movies.indexed_movies(highest), movies.indexed_titles(highest))
        for number in self.rows.unmatched():
            reference = self.rows.record(number).movie
            self.rows.set_match(number, reference, self.matcher.match(reference))

    def _report_unmatched(self) -> list[int]:
        """Report rows without a movie; return the numbers of those to review."""
        self.rows.unmatch_contested()
        for number in self.rows.drop_oversized_groups():
            self._reject(self.rows.record(number))
        uncertain, limit = [], GroupLimit()
        for number in self.rows.unmatched():
            record = self.rows.record(number)
            match = self._uncertain_match(record)
            if match is SKIPPED_BY_USER:
                self.report.add_problem(RowProblem(record.file, record.line, "skipped", match.why))
                continue
            # A hash, because references may be long and many.
            key = hash((reference_key(record.movie), record.movie.uri))
            if not limit.try_add(key, self.rows.size(number)):
                self._reject(record)
                continue
            outcome = "ambiguous" if match.candidates else "unmatched"
            message = f"{display_name(record.movie)}: {match.why}"
            self.report.add_problem(RowProblem(record.file, record.line, outcome, message))
            uncertain.append(number)
        return uncertain

    def _reject(self, record: ImportRecord) -> None:
        message = f"{display_name(record.movie)}: {TOO_MANY_ROWS}"
        self.report.add_problem(RowProblem(record.file, record.line, "rejected", message))

    def _uncertain_match(self, record: ImportRecord) -> MovieMatch:
        """Return the match of a row without a movie; a match that other rows contest loses its movie."""
        match = self.matcher.match(record.movie)
        return match if match.movie_id is None else match._replace(movie_id=None, why=CONTESTED)

    def _apply(self) -> int | None:
        what = f"Imported {self.detected.format.label}"
        result = library.apply(self.user_id, self._changes(), what=what, now=self.now, job_id=self.job_id)
        return result.entry_id

    def _changes(self) -> Iterator[ImportedChange]:
        seen = library.seen_movie_ids(self.user_id)
        resolver = ConflictResolver(self.options.on_conflict, seen, self._record_outcome)
        matched = (
            (movie_id, ImportRow(number, self.rows.record(number)))
            for movie_id, number in self.rows.matched()
        )
        done, total = 0, max(len(self.rows), 1)
        for movie_id, rows in group_by_movie(matched):
            self.progress("applying", FETCHED + (APPLIED - FETCHED) * done // total)
            yield from resolver.changes(movie_id, rows)
            done += len(rows)

    def _import_profiles(self) -> None:
        for profile in self.profiles:
            outcome = import_profile(
                self.user_id, profile.values, self.options.on_conflict, dry_run=self.options.dry_run
            )
            self.report.count(profile.file, outcome)

    def _record_outcome(
        self, change: ImportedChange, outcome: str, before: RowValues | None, after: RowValues | None
    ) -> None:
        """Record the outcome of a change for the rows that requested it."""
        code = CHANGE_OUTCOMES.index(outcome)
        for number in change.rows:
            self.outcomes[number] = max(self.outcomes[number], code)
        self.report.count_change(change.table.name, outcome)
        if outcome in ("new", "changed") and len(self.report.changes) < MAXIMUM_LISTED:
            movie = self.matcher.movie(change.change.movie_id)
            record = self.rows.record(change.rows[0])
            self.report.changes.append(
                {
                    "file": record.file,
                    "line": record.line,
                    "movie": movie.id,
                    "title": movie.title,
                    "year": movie.year,
                    "shelf": change.table.name,
                    **changed_columns(before, after or {}),
                }
            )

    def _count_outcomes(self) -> None:
        for _, number in self.rows.matched():
            record = self.rows.record(number)
            outcome = CHANGE_OUTCOMES[self.outcomes[number]]
            if outcome == "unrated":
                message = "a review without a rating: movierec stores reviews only with a rating"
                self.report.add_problem(RowProblem(record.file, record.line, "skipped", message))
            else:
                self.report.count(record.file, outcome)

    def _queue_for_review(self, numbers: Sequence[int]) -> None:
        """Queue uncertain rows for review. A repeated import does not queue them twice."""
        if self.options.dry_run:
            return
        for batch in db.batches(numbers, REVIEW_BATCH):
            self.progress("asking", APPLIED)
            rows = [(record := self.rows.record(number), self._uncertain_match(record)) for number in batch]
            queue_for_review(self.user_id, self.job_id, rows, self.now)
            db.yield_to_writers()
        store_problems(self.user_id, self.job_id, self.report.all_problems())

    def _resolve_earlier_reviews(self) -> int:
        """Resolve open reviews, also of earlier imports, that are certain now that the catalogue has grown."""
        if self.options.dry_run:
            return 0
        settled = above = 0
        while references := open_references(self.user_id, above, contested=CONTESTED, limit=REVIEW_BATCH):
            self.progress("asking", APPLIED)
            for review_id, reference in references:
                above = review_id
                movie_id = self.matcher.match(reference).movie_id
                if movie_id is None:
                    continue
                # Resolved in the meantime, or its rows cannot be stored: not an error of this import.
                with contextlib.suppress(MovierecError):
                    resolve_review(
                        self.user_id, review_id, movie_id, policy=self.options.on_conflict, now=self.now
                    )
                    settled += 1
            db.yield_to_writers()
        return settled
