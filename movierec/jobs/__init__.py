"""Long work outside the event loop: a queue in the database, and the worker that does what is in it."""

from movierec.jobs.queue import Job, cancel_or_delete, check_free, enqueue, job, jobs
from movierec.jobs.registry import IMPORT, KINDS
from movierec.jobs.retention import sweep_jobs
from movierec.jobs.schedule import sync_when_due, train_when_due
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
