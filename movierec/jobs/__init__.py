"""Jobs: long work outside the event loop. A queue in the database, the worker, the schedule and retention."""

from movierec.jobs.queue import Job, cancel_or_delete, check_none_active, enqueue, is_unfinished, job, jobs
from movierec.jobs.registry import IMPORT, KINDS
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
    "enqueue",
    "is_unfinished",
    "job",
    "jobs",
]
