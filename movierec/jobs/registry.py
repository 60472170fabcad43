"""Registry of the kinds of jobs. A new kind is one function and one line in KINDS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from movierec.exchange import importing, movielens
from movierec.jobs import catalogue_sync, queue, training, uploads
from movierec.jobs.context import JobContext
from movierec.jobs.import_lookup import movie_fetcher
from movierec.jobs.retention import delete_orphaned_problems


def import_movielens(context: JobContext) -> Mapping[str, object]:
    """Import the uploaded archive `upload`."""
    settings = context.settings
    return movielens.import_movielens(
        uploads.upload_path(settings, context.job.parameters["upload"]),
        uploads.folder(settings),
        limit_bytes=settings.imports.uncompressed_limit_bytes,
        now=context.now,
        minimum_raters=settings.recommender.minimum_raters,
        progress=context.progress,
    )


def import_user_file(context: JobContext) -> Mapping[str, object]:
    """Import the uploaded file `upload` into the library of its user."""
    settings, job = context.settings, context.job
    options = dict(job.parameters)
    upload = options.pop("upload")
    import_options = importing.ImportOptions(**options)
    if not import_options.dry_run:
        delete_orphaned_problems(job.user_id)
    return importing.import_history(
        uploads.upload_path(settings, upload),
        uploads.folder(settings),
        job.user_id,
        job.id,
        import_options,
        limit_bytes=settings.imports.uncompressed_limit_bytes,
        now=context.now,
        progress=context.progress,
        maximum_new_movies=settings.imports.new_films_per_account,
        fetch_movies=movie_fetcher(context),
    )


def undo_abandoned_imports() -> None:
    """Undo the changes of imports that were cancelled or given up while no worker was left to do so."""
    for job in queue.jobs_to_undo(IMPORT):
        importing.undo_import(*job)


def _nothing() -> None:
    """Do nothing: jobs that end without success leave nothing."""


# Kind of the import of a user's own file.
IMPORT = "import"


@dataclass(frozen=True)
class JobKind:
    """A kind of job. `run` returns the report. Kinds of one lane wait for each other in a daemon.

    `clean_up` removes what unsuccessful jobs left; every daemon calls it before each claim.
    """

    run: Callable[[JobContext], Mapping[str, object]]
    lane: str
    clean_up: Callable[[], None] = _nothing


KINDS: dict[str, JobKind] = {
    IMPORT: JobKind(import_user_file, lane="own imports", clean_up=undo_abandoned_imports),
    "import_movielens": JobKind(import_movielens, lane="imports"),
    catalogue_sync.KIND: JobKind(catalogue_sync.sync_catalogue, lane="sync"),
    "train": JobKind(training.train, lane="training"),
}
