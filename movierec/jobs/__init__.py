"""Long work outside the event loop: a queue in the database, and the worker that does what is in it."""

from movierec.jobs.automatic import sync_when_due, train_when_due
from movierec.jobs.forgetting import sweep_jobs
from movierec.jobs.kinds import IMPORT, KINDS
from movierec.jobs.queue import Job, cancel_or_delete, check_free, enqueue, job, jobs
from movierec.jobs.uploads import Upload
from movierec.jobs.worker import Worker

__all__ = [
    "IMPORT",
    "KINDS",
    "Job",
    "Upload",
    "Worker",
    "cancel_or_delete",
    "check_free",
    "enqueue",
    "job",
    "jobs",
    "sweep_jobs",
    "sync_when_due",
    "train_when_due",
]
