"""The sync job: updates the catalogue from TMDb: movies of users first, then changed movies, then lists.

Its position is part of the job's parameters, written in the transaction of each batch: an interrupted run resumes
there. Responses fetched in an interrupted batch are in TMDb's cache.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from movierec import config, db, library, movies
from movierec.errors import MovierecError, NotFound, TmdbDisabled, UpstreamUnavailable
from movierec.jobs import queue
from movierec.jobs.context import JobContext, JobLost
from movierec.movies import MovieRecord, TmdbLookupIds
from movierec.tmdb import MovieDetails, MoviePage, TmdbResponse, TmdbService

Value = TypeVar("Value")

KIND = "sync"
# Half of the concurrent requests that TMDb allows; the rest is left to users who wait.
MAX_CONCURRENT = 4
BATCH_SIZE = 20
# After this many failures in a row TMDb counts as away.
MAX_FAILURES_IN_A_ROW = 5
# TMDb answers changes of at most this many days.
MAX_DAYS = 14
KEPT, CHANGED, POPULAR, TOP_RATED = "films of users", "changed films", "popular", "top rated"
STAGES = (KEPT, CHANGED, POPULAR, TOP_RATED)
OUT_OF_BUDGET = "The budget of calls of one run is used up. The next run continues from here."


class _Stopped(Exception):
    """The run stops early, for the reason in the text. `away` is True if TMDb does not answer."""

    def __init__(self, reason: str, *, away: bool) -> None:
        self.away = away
        super().__init__(reason)


@dataclass
class SyncPosition:
    """Position of a run: movies of users up to the id `after`; pages before `page` except the movies `pending`.

    The fields are stored in the job's parameters: they must not be renamed.
    """

    stage: str = KEPT
    after: int = 0
    page: int = 1
    pending: list[list[Any]] = field(default_factory=list)
    # TMDb ids of movies whose details could not be fetched: the next list may name them again.
    in_vain: list[int] = field(default_factory=list)
    # Range of days whose changes are fetched, the same after an interruption.
    since: str = ""
    until: str = ""
    # Calls made, movies stored with details, movies stored from lists, movies new in the catalogue, ids unknown
    # to TMDb, failed calls.
    calls: int = 0
    detailed: int = 0
    listed: int = 0
    new: int = 0
    unknown: int = 0
    failed: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Return the counters of the report."""
        names = ("calls", "detailed", "listed", "new", "unknown", "failed")
        return {name: getattr(self, name) for name in names}


def sync_catalogue(context: JobContext) -> dict[str, object]:
    """Run to the end, or until the budget is used up or TMDb fails; return a report. Raises TmdbDisabled."""
    if context.tmdb is None:
        raise TmdbDisabled()
    return _Run(context, context.tmdb).run()


class _Run:
    """One run of the sync, or its continuation after an interruption."""

    def __init__(self, context: JobContext, tmdb: TmdbService) -> None:
        self._context, self._tmdb = context, tmdb
        self._parameters = dict(context.job.parameters)
        self._position = SyncPosition(**self._parameters.get("position", {}))
        self._failures = 0
        # Responses older than this run may lack the changes before it.
        self._started_at = context.job.created_at

    def run(self) -> dict[str, object]:
        """Run the remaining stages and return the report."""
        stages: dict[str, Callable[[], None]] = {
            KEPT: self._movies_of_users,
            CHANGED: self._changed_movies,
            POPULAR: lambda: self._list(self._tmdb.popular),
            TOP_RATED: lambda: self._list(self._tmdb.top_rated),
        }
        stopped, away = "", False
        try:
            for stage in STAGES[STAGES.index(self._position.stage) :]:
                if stage != self._position.stage:
                    self._move(stage=stage, page=1, pending=[])
                stages[stage]()
        except _Stopped as reason:
            stopped, away = str(reason), reason.away
        left = library.count_movies_without_details()
        return {**self._position.counts, "left": left, "stopped": stopped, "away": away}

    # Stages

    def _movies_of_users(self) -> None:
        left = library.count_movies_without_details()
        before = self._position.detailed
        while batch := library.movies_without_details(self._position.after, BATCH_SIZE):
            self._context.progress(KEPT, self._position.detailed - before, max(left, 1))
            lookups = self._affordable([lookup for _, lookup in batch])
            self._fetch_details(lookups, after=batch[len(lookups) - 1][0])

    def _changed_movies(self) -> None:
        """Fetch again the movies that have details and that changed at TMDb since."""
        if not self._position.since:
            since, until = self._days()
            if since is None:
                return
            self._move(since=since.isoformat(), until=until.isoformat())
        days = [date.fromisoformat(day) for day in (self._position.since, self._position.until)]
        pages = self._position.page
        self._details_of_page(CHANGED, pages)
        while self._position.page <= pages:
            self._context.progress(CHANGED, self._position.page - 1, pages)
            changes = self._fetch(self._tmdb.changes(days[0], days[1], self._position.page)).value
            pages = changes.total_pages
            ids = movies.details_older_than(changes.tmdb_ids, self._started_at)
            self._move(page=self._position.page + 1, pending=[[tmdb_id, None] for tmdb_id in ids])
            self._details_of_page(CHANGED, pages)

    def _days(self) -> tuple[date | None, date]:
        """Return the first and last day of relevant changes; no first day if no movie has older details."""
        oldest = movies.oldest_details()
        today = _day(self._started_at)
        if oldest is None or oldest >= self._started_at:
            return None, today
        since = max(_day(_last_complete(self._context.job.id) or oldest), _day(oldest))
        return max(since, today - timedelta(days=MAX_DAYS)), today

    def _list(self, fetch_page: Callable[[int], Coroutine[Any, Any, TmdbResponse[MoviePage]]]) -> None:
        stage, pages = self._position.stage, int(self._parameters["pages"])
        self._details_of_page(stage, pages)
        genres = self._fetch(self._tmdb.genres()).value if self._position.page <= pages else {}
        while self._position.page <= pages:
            self._context.progress(stage, self._position.page - 1, pages)
            listed_page = self._fetch(fetch_page(self._position.page)).value
            pages = min(pages, listed_page.total_pages)
            records = [
                movies.record_from_list_item(movie, genres) for movie in listed_page.movies if not movie.adult
            ]
            with db.write():
                new, ids = self._store(movies.link_by_title(records))
                pending = [
                    list(lookup)
                    for lookup in movies.without_details(ids)
                    if lookup.tmdb_id not in self._position.in_vain
                ]
                self._move(
                    page=self._position.page + 1,
                    pending=pending,
                    listed=self._position.listed + len(ids),
                    new=self._position.new + new,
                )
            db.yield_to_writers()
            self._details_of_page(stage, pages)

    def _details_of_page(self, stage: str, pages: int) -> None:
        while self._position.pending:
            self._context.progress(stage, self._position.page - 1, max(pages, 1))
            batch = [TmdbLookupIds(*ids) for ids in self._position.pending[:BATCH_SIZE]]
            lookups = self._affordable(batch)
            self._fetch_details(lookups, pending=self._position.pending[len(lookups) :])

    # Steps

    def _affordable(self, lookups: Sequence[TmdbLookupIds]) -> list[TmdbLookupIds]:
        """Return the first lookups that the budget allows. Raises _Stopped if it allows none."""
        left = int(self._parameters["budget"]) - self._position.calls
        affordable: list[TmdbLookupIds] = []
        for lookup in lookups:
            left -= 1 if lookup.tmdb_id else 2
            if left < 0:
                break
            affordable.append(lookup)
        if not affordable:
            raise _Stopped(OUT_OF_BUDGET, away=False)
        return affordable

    def _fetch(self, call: Coroutine[Any, Any, TmdbResponse[Value]]) -> TmdbResponse[Value]:
        """Return a response that the run needs to go on. Raises _Stopped."""
        if self._position.calls >= int(self._parameters["budget"]):
            call.close()
            raise _Stopped(OUT_OF_BUDGET, away=False)
        try:
            response = self._tmdb.wait_for(call)
        except UpstreamUnavailable as error:
            raise _Stopped(error.detail, away=True) from error
        self._position.calls += response.source == "tmdb"
        return response

    def _fetch_details(self, lookups: Sequence[TmdbLookupIds], **moved: Any) -> None:
        """Fetch and store the details of movies, and advance the position. Raises _Stopped if TMDb is away."""
        replies = self._tmdb.wait_for(_details_of(self._tmdb, lookups, self._started_at))
        records = [
            movies.record_from_details(reply.response.value, reply.response.fetched_at)
            for reply in replies
            if reply.response
        ]
        failed = [lookup.tmdb_id for lookup, reply in zip(lookups, replies, strict=True) if reply.error]
        position = self._position
        with db.write():
            new, ids = self._store(records)
            self._move(
                **moved,
                in_vain=[*position.in_vain, *failed],
                calls=position.calls + sum(reply.calls for reply in replies),
                detailed=position.detailed + len(ids),
                new=position.new + new,
                unknown=position.unknown + sum(isinstance(reply.error, NotFound) for reply in replies),
                failed=position.failed
                + sum(isinstance(reply.error, UpstreamUnavailable) for reply in replies),
            )
        db.yield_to_writers()
        for reply in replies:
            self._failures = self._failures + 1 if isinstance(reply.error, UpstreamUnavailable) else 0
            if self._failures >= MAX_FAILURES_IN_A_ROW:
                raise _Stopped(str(reply.error), away=True)

    def _store(self, records: Sequence[MovieRecord]) -> tuple[int, list[int]]:
        """Upsert movies; return the number of new ones, and the ids of all."""
        before = db.value("SELECT MAX(id) FROM movies") or 0
        ids = movies.upsert(records, self._context.now)
        return sum(movie_id > before for movie_id in set(ids)), ids

    def _move(self, **changes: Any) -> None:
        """Write the position. Raises JobLost, which rolls the transaction back, if another worker has the job."""
        self._position = dataclasses.replace(self._position, **changes)
        self._parameters["position"] = dataclasses.asdict(self._position)
        if not queue.save_parameters(self._context.job.id, self._context.worker, self._parameters):
            raise JobLost


@dataclass(frozen=True)
class _Reply:
    """Result of one lookup: a response or an error, and the number of calls it took."""

    response: TmdbResponse[MovieDetails] | None
    error: MovierecError | None
    calls: int


async def _details_of(tmdb: TmdbService, lookups: Sequence[TmdbLookupIds], since: int) -> list[_Reply]:
    """Fetch the details of movies as of `since` (UTC epoch seconds) or later, MAX_CONCURRENT at once."""
    slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def fetch(lookup: TmdbLookupIds) -> _Reply:
        async with slots:
            return await _details_or_error(tmdb, lookup, since)

    return await asyncio.gather(*map(fetch, lookups))


async def _details_or_error(tmdb: TmdbService, lookup: TmdbLookupIds, since: int) -> _Reply:
    calls = 1
    try:
        tmdb_id = lookup.tmdb_id
        if tmdb_id is None:
            match = await tmdb.find_by_imdb(lookup.imdb_id or "")
            tmdb_id, calls = match.value.tmdb_id, 1 + (match.source == "tmdb")
        response = await tmdb.details(tmdb_id)
        if response.fetched_at < since:
            response = await tmdb.details(tmdb_id, refetch=True)
    except (NotFound, UpstreamUnavailable) as error:
        return _Reply(None, error, calls)
    if response.fetched_at < since:
        return _Reply(None, UpstreamUnavailable(), calls)
    return _Reply(response, None, calls - (response.source != "tmdb"))


def _last_complete(job_id: int) -> int | None:
    """Return the start of the last complete run in UTC epoch seconds, None if there is none."""
    for report, created_at in db.rows(
        "SELECT report, created_at FROM jobs WHERE kind = ? AND state = 'succeeded' AND id < ? ORDER BY id DESC",
        KIND,
        job_id,
    ):
        if not json.loads(report).get("stopped"):
            return int(created_at)
    return None


def _day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()


def sync_parameters(
    settings: config.TmdbSettings, pages: int | None = None, budget: int | None = None
) -> dict[str, int]:
    """Return the parameters of a run: pages of each list and budget of calls; None takes the setting."""
    return {
        "pages": settings.sync_pages if pages is None else pages,
        "budget": settings.sync_budget if budget is None else budget,
    }
