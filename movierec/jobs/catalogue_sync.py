"""The catalogue brought up to date with TMDb, as a job: what users keep first, then what changed, then lists.

Where it is stands in the job's parameters, written with each batch: a run that broke off goes on there. What was
asked in a batch that broke off is in TMDb's cache.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from movierec import community, config, db, library, movies
from movierec.errors import MovierecError, NotFound, TmdbDisabled, UpstreamUnavailable
from movierec.jobs import queue
from movierec.jobs.context import JobContext, JobLost
from movierec.movies import MovieRecord, TmdbLookupIds
from movierec.tmdb import MovieDetails, MoviePage, TmdbResponse, TmdbService

KIND = "sync"
# Of what TMDb lets us ask at once half is left to people who wait.
MAX_CONCURRENT = 4
BATCH_SIZE = 20
# After so many failures in a row TMDb is taken to be away.
MAX_FAILURES_IN_A_ROW = 5
# TMDb tells of changes in at most so many days.
MAX_DAYS = 14
KEPT, CHANGED, POPULAR, TOP_RATED = "films of users", "changed films", "popular", "top rated"
STAGES = (KEPT, CHANGED, POPULAR, TOP_RATED)
OUT_OF_BUDGET = "As many calls as one run may make. Another run goes on from here."


class _Stopped(Exception):
    """The run ends before its end; the text says why. `away`: because TMDb is."""

    def __init__(self, why: str, *, away: bool) -> None:
        self.away = away
        super().__init__(why)


@dataclass
class SyncPosition:
    """How far a run is: films of users up to the id `after`; pages before `page`, but for the films `pending`."""

    stage: str = KEPT
    after: int = 0
    page: int = 1
    pending: list[list[Any]] = field(default_factory=list)
    # TMDb's ids of films that it told nothing of when asked: the next list may name them again.
    in_vain: list[int] = field(default_factory=list)
    # The days whose changes are asked for, the same after an interruption.
    since: str = ""
    until: str = ""
    # Questions that TMDb was asked, films told whole and films told by lists, films nobody had stored before,
    # ids it does not know, questions without a good answer.
    calls: int = 0
    detailed: int = 0
    listed: int = 0
    new: int = 0
    unknown: int = 0
    failed: int = 0

    @property
    def counts(self) -> dict[str, int]:
        names = ("calls", "detailed", "listed", "new", "unknown", "failed")
        return {name: getattr(self, name) for name in names}


def sync_catalogue(running: JobContext) -> dict[str, Any]:
    """Run to the end, or as far as the budget and TMDb let it; the report says what was done. Raises TmdbOff."""
    if running.tmdb is None:
        raise TmdbDisabled()
    return _Run(running, running.tmdb).run()


class _Run:
    def __init__(self, running: JobContext, tmdb: TmdbService) -> None:
        self._running, self._tmdb = running, tmdb
        self._parameters = dict(running.job.parameters)
        self._position = SyncPosition(**self._parameters.get("position", {}))
        self._failures = 0
        # Older answers than this run do not tell what changed before it.
        self._begun = running.job.created_at

    def run(self) -> dict[str, Any]:
        stages: dict[str, Callable[[], None]] = {
            KEPT: self._kept,
            CHANGED: self._changed,
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

    def _kept(self) -> None:
        left = library.count_movies_without_details()
        before = self._position.detailed
        while films := library.movies_without_details(self._position.after, BATCH_SIZE):
            self._running.progress(KEPT, self._position.detailed - before, max(left, 1))
            asked = self._affordable([film for _, film in films])
            self._detail(asked, after=films[len(asked) - 1][0])

    def _changed(self) -> None:
        """Of the films that TMDb told whole before, those that it changed since."""
        if not self._position.since:
            since, until = self._days()
            if since is None:
                return
            self._move(since=since.isoformat(), until=until.isoformat())
        days = [date.fromisoformat(day) for day in (self._position.since, self._position.until)]
        pages = self._position.page
        self._details_of_page(CHANGED, pages)
        while self._position.page <= pages:
            self._running.progress(CHANGED, self._position.page - 1, pages)
            found = self._ask(self._tmdb.changes(days[0], days[1], self._position.page))
            pages = found.value.total_pages
            ids = movies.details_older_than(found.value.tmdb_ids, self._begun)
            self._move(page=self._position.page + 1, pending=[[tmdb_id, None] for tmdb_id in ids])
            self._details_of_page(CHANGED, pages)

    def _days(self) -> tuple[date | None, date]:
        """From when to when changes matter, None where nothing was told whole before this run."""
        oldest = movies.oldest_details()
        today = _day(self._begun)
        if oldest is None or oldest >= self._begun:
            return None, today
        since = max(_day(_last_complete(self._running.job.id) or oldest), _day(oldest))
        return max(since, today - timedelta(days=MAX_DAYS)), today

    def _list(self, ask: Callable[[int], Coroutine[Any, Any, TmdbResponse[MoviePage]]]) -> None:
        stage, pages = self._position.stage, int(self._parameters["pages"])
        self._details_of_page(stage, pages)
        genres = self._ask(self._tmdb.genres()).value if self._position.page <= pages else {}
        while self._position.page <= pages:
            self._running.progress(stage, self._position.page - 1, pages)
            found = self._ask(ask(self._position.page)).value
            pages = min(pages, found.total_pages)
            listed = [movies.record_from_list_item(film, genres) for film in found.movies if not film.adult]
            with db.write():
                new, ids = self._store(movies.link_by_title(listed))
                pending = [
                    list(film)
                    for film in movies.without_details(ids)
                    if film.tmdb_id not in self._position.in_vain
                ]
                self._move(
                    page=self._position.page + 1,
                    pending=pending,
                    listed=self._position.listed + len(ids),
                    new=self._position.new + new,
                )
            community.give_way()
            self._details_of_page(stage, pages)

    def _details_of_page(self, stage: str, pages: int) -> None:
        while self._position.pending:
            self._running.progress(stage, self._position.page - 1, max(pages, 1))
            films = [TmdbLookupIds(*film) for film in self._position.pending[:BATCH_SIZE]]
            asked = self._affordable(films)
            self._detail(asked, pending=self._position.pending[len(asked) :])

    # Steps

    def _affordable(self, films: Sequence[TmdbLookupIds]) -> list[TmdbLookupIds]:
        """As many of them as the budget has calls for. Raises _Stopped where it is spent."""
        left = int(self._parameters["budget"]) - self._position.calls
        chosen: list[TmdbLookupIds] = []
        for film in films:
            left -= 1 if film.tmdb_id else 2
            if left < 0:
                break
            chosen.append(film)
        if not chosen:
            raise _Stopped(OUT_OF_BUDGET, away=False)
        return chosen

    def _ask(self, asking: Coroutine[Any, Any, TmdbResponse[Any]]) -> TmdbResponse[Any]:
        """One question that the run cannot do without. Raises _Stopped."""
        if self._position.calls >= int(self._parameters["budget"]):
            asking.close()
            raise _Stopped(OUT_OF_BUDGET, away=False)
        try:
            answer = self._tmdb.wait_for(asking)
        except UpstreamUnavailable as error:
            raise _Stopped(error.detail, away=True) from error
        self._position.calls += answer.source == "tmdb"
        return answer

    def _detail(self, films: Sequence[TmdbLookupIds], **moved: Any) -> None:
        """Ask for all of some films, store what comes, and move on. Raises _Stopped where TMDb is away."""
        replies = self._tmdb.wait_for(_details_of(self._tmdb, films, self._begun))
        asked = [*zip(films, replies, strict=True)]
        told = [
            movies.record_from_details(reply.answer.value, reply.answer.fetched_at)
            for reply in replies
            if reply.answer
        ]
        position = self._position
        with db.write():
            new, ids = self._store(told)
            self._move(
                **moved,
                in_vain=[*position.in_vain, *(film.tmdb_id for film, reply in asked if reply.error)],
                calls=position.calls + sum(reply.calls for reply in replies),
                detailed=position.detailed + len(ids),
                new=position.new + new,
                unknown=position.unknown + sum(isinstance(reply.error, NotFound) for reply in replies),
                failed=position.failed
                + sum(isinstance(reply.error, UpstreamUnavailable) for reply in replies),
            )
        community.give_way()
        for reply in replies:
            self._failures = self._failures + 1 if isinstance(reply.error, UpstreamUnavailable) else 0
            if self._failures >= MAX_FAILURES_IN_A_ROW:
                raise _Stopped(str(reply.error), away=True)

    def _store(self, films: Sequence[MovieRecord]) -> tuple[int, list[int]]:
        """How many of the films are new, and the ids of all."""
        before = db.value("SELECT MAX(id) FROM movies") or 0
        ids = movies.upsert(films, self._running.now)
        return sum(movie_id > before for movie_id in set(ids)), ids

    def _move(self, **changes: Any) -> None:
        """Note where the run is. Raises NotOurs, and so undoes the transaction, where somebody else has the job."""
        self._position = dataclasses.replace(self._position, **changes)
        self._parameters["position"] = dataclasses.asdict(self._position)
        if not queue.save_parameters(self._running.job.id, self._running.worker, self._parameters):
            raise JobLost


@dataclass(frozen=True)
class _Reply:
    """What came of asking for one film: an answer or an error, and how many calls it took."""

    answer: TmdbResponse[MovieDetails] | None
    error: MovierecError | None
    calls: int


async def _details_of(tmdb: TmdbService, films: Sequence[TmdbLookupIds], since: int) -> list[_Reply]:
    """All of each film, as of `since` (UTC epoch seconds) or later; some at once."""
    turns = asyncio.Semaphore(MAX_CONCURRENT)

    async def ask(film: TmdbLookupIds) -> _Reply:
        async with turns:
            return await _one(tmdb, film, since)

    return await asyncio.gather(*map(ask, films))


async def _one(tmdb: TmdbService, film: TmdbLookupIds, since: int) -> _Reply:
    calls = 1
    try:
        tmdb_id = film.tmdb_id
        if tmdb_id is None:
            found = await tmdb.find_by_imdb(film.imdb_id or "")
            tmdb_id, calls = found.value.tmdb_id, 1 + (found.source == "tmdb")
        answer = await tmdb.details(tmdb_id)
        if answer.fetched_at < since:
            answer = await tmdb.details(tmdb_id, anew=True)
    except (NotFound, UpstreamUnavailable) as error:
        return _Reply(None, error, calls)
    if answer.fetched_at < since:
        return _Reply(None, UpstreamUnavailable(), calls)
    return _Reply(answer, None, calls - (answer.source != "tmdb"))


def _last_complete(job_id: int) -> int | None:
    """When the last run began that came to its end (UTC epoch seconds)."""
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
    """The parameters of a run: so many pages of each list and so many calls; what is None is as usual."""
    return {
        "pages": settings.sync_pages if pages is None else pages,
        "budget": settings.sync_budget if budget is None else budget,
    }
