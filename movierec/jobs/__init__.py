"""Long work outside the event loop: a queue in the database, and the worker that does what is in it."""

from movierec.jobs.queue import Job, cancel_or_delete, check_none_active, enqueue, job, jobs
from movierec.jobs.registry import IMPORT, KINDS
from movierec.jobs.retention import delete_expired_jobs
from movierec.jobs.schedule import enqueue_sync_if_due, enqueue_training_if_due
from movierec.jobs.uploads import IncomingUpload
from movierec.jobs.worker import Worker

__all__ = [
    "IMPORT",
    "KINDS",
    "IncomingUpload",
    "Job",
    "Worker",
    "cancel_or_delete",
    "check_none_active",
    "delete_expired_jobs",
    "enqueue",
    "enqueue_sync_if_due",
    "enqueue_training_if_due",
    "job",
    "jobs",
]
