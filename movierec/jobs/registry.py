"""What each kind of job does. A new kind is one function and one line in KINDS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from movierec.exchange import importing, movielens
from movierec.jobs import catalogue_sync, queue, training, uploads
from movierec.jobs.context import JobContext
from movierec.jobs.tmdb_lookup import movie_fetcher


def import_movielens(running: JobContext) -> dict[str, Any]:
    """Import the uploaded archive `upload`."""
    settings = running.settings
    return movielens.import_movielens(
        uploads.upload_path(settings, running.job.parameters["upload"]),
        uploads.folder(settings),
        limit_bytes=settings.imports.uncompressed_limit_bytes,
        now=running.now,
        minimum_raters=settings.recommender.minimum_raters,
        progress=running.progress,
    )


def import_user_file(running: JobContext) -> dict[str, Any]:
    """Import the uploaded file `upload` into what its user keeps."""
    settings, job = running.settings, running.job
    options = dict(job.parameters)
    upload = options.pop("upload")
    return importing.import_history(
        uploads.upload_path(settings, upload),
        uploads.folder(settings),
        job.user_id,
        job.id,
        importing.ImportOptions(**options),
        limit_bytes=settings.imports.uncompressed_limit_bytes,
        now=running.now,
        progress=running.progress,
        most_new_films=settings.imports.new_films_per_account,
        look_up=movie_fetcher(running),
    )


def undo_abandoned_imports() -> None:
    """Take back what imports changed that were cancelled or given up when no worker was left to do so."""
    for left_over in queue.jobs_to_undo(IMPORT):
        importing.undo_import(*left_over)


def _nothing() -> None:
    """Jobs that end without success leave nothing."""


# Of a user's own history.
IMPORT = "import"


@dataclass(frozen=True)
class JobKind:
    """`run` returns the report. Kinds of one lane wait for each other in a daemon.

    `clean_up` what jobs left that ended without success; any number of daemons do so before each claim.
    """

    run: Callable[[JobContext], dict[str, Any]]
    lane: str
    clean_up: Callable[[], None] = _nothing


KINDS: dict[str, JobKind] = {
    IMPORT: JobKind(import_user_file, lane="own imports", clean_up=undo_abandoned_imports),
    "import_movielens": JobKind(import_movielens, lane="imports"),
    catalogue_sync.KIND: JobKind(catalogue_sync.sync_catalogue, lane="sync"),
    "train": JobKind(training.train, lane="training"),
}
