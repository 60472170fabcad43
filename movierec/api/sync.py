"""`/api/v1/movies/sync/`: update of the catalogue from TMDb."""

from __future__ import annotations

from movierec import jobs
from movierec.api.call import Call
from movierec.api.endpoint import Access, Group, JsonResponse
from movierec.api.jobs import job_json
from movierec.api.schemas import jobs as schemas
from movierec.errors import Conflict, TmdbDisabled
from movierec.jobs import catalogue_sync

group = Group("/api/v1/movies", tag="movies")


@group.post("/sync/", access=Access.STAFF, answers={202: schemas.Job}, errors=(Conflict, TmdbDisabled))
async def start_sync(call: Call, query: schemas.SyncQuery) -> JsonResponse[schemas.Job]:
    """Fetch missing details of movies in users' libraries, changed movies and the charts from TMDb.

    The report counts calls, movies detailed, listed and new, ids unknown to TMDb (`unknown`), failed calls
    (`failed`) and movies that still lack details (`left`). `stopped` is the reason for an early end.
    """
    tmdb = call.services.settings.tmdb
    if call.services.tmdb is None:
        raise TmdbDisabled()
    order = catalogue_sync.sync_parameters(tmdb, query.pages, query.budget)
    job = await call.write(jobs.enqueue, call.user_id, catalogue_sync.KIND, order, call.now)
    call.services.worker.wake()
    return JsonResponse(202, job_json(job))
