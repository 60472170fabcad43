"""`/api/v1/movies/sync/`: having the catalogue brought up to date with TMDb."""

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
async def sync(call: Call, query: schemas.SyncQuery) -> JsonResponse:
    """Have TMDb tell what is lacking of the films users keep, what has changed, and its lists.

    The report counts calls, films detailed, listed and new, ids it does not know (`unknown`), questions without
    an answer (`failed`) and films still lacking details (`left`); `stopped` says why the run ended early, if so.
    """
    tmdb = call.services.settings.tmdb
    if call.services.tmdb is None:
        raise TmdbDisabled()
    order = catalogue_sync.sync_parameters(tmdb, query.pages, query.budget)
    made = await call.write(jobs.enqueue, call.user_id, catalogue_sync.KIND, order, call.now)
    call.services.worker.wake()
    return JsonResponse(202, job_json(made))
