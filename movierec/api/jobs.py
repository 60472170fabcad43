"""`/api/v1/jobs/`: state, progress and result of background jobs."""

from __future__ import annotations

from movierec import jobs
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.api.endpoint import Access, Group
from movierec.api.pages import page_json
from movierec.api.schemas import Page, PageQuery
from movierec.api.schemas import jobs as schemas
from movierec.errors import Conflict
from movierec.jobs import Job

group = Group("/api/v1/jobs", tag="jobs")


@group.get("/", access=Access.USER, answers={200: Page[schemas.Job]})
def list_jobs(call: Call, query: PageQuery) -> Page[schemas.Job]:
    """Return the jobs, newest first. Staff see the jobs of all users."""
    count, page = jobs.jobs(call.owner_filter, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, [job_json(job) for job in page])


@group.get("/{id}/", access=Access.USER, answers={200: schemas.Job})
def get_job(call: Call, id: int) -> schemas.Job:
    """Return a job."""
    return job_json(jobs.job(id, call.owner_filter))


@group.delete("/{id}/", access=Access.USER, answers={204: None}, errors=(Conflict,))
def cancel_or_delete_job(call: Call, id: int) -> None:
    """Cancel a running job, which undoes its changes, or delete a finished one."""
    jobs.cancel_or_delete(id, call.owner_filter, call.now)
    call.services.worker.wake()


def job_json(job: Job) -> schemas.Job:
    """Encode a job."""
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "progress": {"done": job.done, "total": job.total, "stage": job.stage},
        "report": job.report or None,
        "error": job.error or None,
        "error_code": job.error_code or None,
        "created_at": timestamp(job.created_at),
        "started_at": timestamp(job.started_at),
        "finished_at": timestamp(job.finished_at),
    }
