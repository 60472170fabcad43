"""Group `import`: upload a file and wait for the job that imports it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from movierec.cli import import_review
from movierec.cli.columns import columns_help
from movierec.cli.connection import connect
from movierec.cli.import_report import IMPORT_COLUMNS, PROBLEM_COLUMNS, print_import
from movierec.cli.jobs import JobId, print_job, print_started_job
from movierec.cli.options import AsJson, IdsOnly, Limit, NoWait, new_group
from movierec.cli.output import print_list, print_outcome
from movierec.cli.progress import show_progress, wait_for_job
from movierec.cli.undo import print_conflicts
from movierec.cli.upload import open_for_upload, upload_body, zip_files
from movierec.client import iterate_pages
from movierec.errors import NotFound, PermissionDenied, UnreadableImport


class _PathGroup(TyperGroup):
    """Command group in which `import PATH` is short for `import file PATH`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [word for word in args if word == "-" or not word.startswith("-")]
        if args and not (words and words[0] in self.commands) and args[0] not in ("-h", "--help"):
            args = ["file", *args]
        return super().parse_args(ctx, args)


commands = new_group("")
imports = new_group("Import data: movierec import PATH.", _PathGroup)
commands.add_typer(imports, name="import")

# Files of a dataset that are read: as published now, and as published before 2015.
MOVIELENS_FILES = (("movies.csv", "ratings.csv", "links.csv", "tags.csv"), ("movies.dat", "ratings.dat"))

_NAMED_FOLDERS = ("likes", "deleted", "orphaned")


class ImportFormat(StrEnum):
    """Formats of an imported file."""

    MOVIEREC = "movierec"
    LETTERBOXD = "letterboxd"
    IMDB = "imdb"
    TRAKT = "trakt"
    TMDB = "tmdb"
    MOVIELENS_RATINGS = "movielens-ratings"
    CSV = "csv"


class ImportScale(StrEnum):
    """Highest rating of the scale of an imported file."""

    FIVE = "5"
    TEN = "10"
    HUNDRED = "100"


class OnConflict(StrEnum):
    """Conflict policies of an import."""

    NEWEST = "newest"
    KEEP = "keep"
    OVERWRITE = "overwrite"


@imports.callback()
def _group() -> None:
    """Import your ratings, favorites, watchlist and history with `movierec import PATH`."""


@imports.command("file")
def file(
    path: Annotated[
        Path,
        typer.Argument(
            exists=True, allow_dash=True, help="File, folder or zip archive; - reads standard input."
        ),
    ],
    format: Annotated[
        ImportFormat | None,
        typer.Option("--format", "-f", help="Format of the file. Default: recognised by its content."),
    ] = None,
    scale: Annotated[
        ImportScale | None, typer.Option(help="Highest rating of the scale, if the file does not tell it.")
    ] = None,
    on_conflict: Annotated[
        OnConflict, typer.Option(help="Which value to keep if the file and your library differ.")
    ] = OnConflict.NEWEST,
    name: Annotated[
        str | None, typer.Option(help="Name of the file, if it is read from standard input.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the changes without applying them.")
    ] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Import your own data from movierec, Letterboxd, IMDb, Trakt, TMDb, movielens.org or a CSV file.

    Movies are matched by ids, or by title and year; ambiguous titles go to `movierec import review`. A file
    is imported completely or not at all, importing it again changes nothing, and `movierec import undo`
    undoes the import.
    """
    client = connect()
    client.me()  # fail before the upload, not after a gigabyte
    query = {
        "format": format,
        "scale": scale,
        "on_conflict": on_conflict,
        "dry_run": dry_run,
        "filename": name or _reported_name(path),
    }
    with contextlib.ExitStack() as stack:
        display = stack.enter_context(show_progress())
        content = stack.enter_context(open_for_upload(path, display))
        job = client.import_own(upload_body(content, display), **query)
        if not no_wait:
            job = wait_for_job(client, job, display)
    if no_wait:
        print_started_job(job, "is importing it", as_json=as_json)
    else:
        print_import(job, as_json=as_json)


def _reported_name(path: Path) -> str:
    """Return the file name for reports, with its folder if that matters: Letterboxd's likes/films.csv."""
    if path == Path("-"):
        return "standard input"
    folder, name = path.absolute().parent.name, path.absolute().name
    return (f"{folder}/{name}" if folder in _NAMED_FOLDERS else name)[-255:]


imports.command(epilog=columns_help(import_review.COLUMNS))(import_review.review)
imports.command()(import_review.resolve)


@imports.command("list", epilog=columns_help(IMPORT_COLUMNS))
def list_(limit: Limit = None, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """List your imports, newest first."""
    print_list(
        iterate_pages(connect().imports, limit),
        IMPORT_COLUMNS,
        as_json=as_json,
        ids=ids,
        nothing="No imports yet.",
    )


@imports.command(epilog=columns_help(PROBLEM_COLUMNS))
def problems(job: JobId, limit: Limit = None, as_json: AsJson = False) -> None:
    """List the rows of an import that were not imported, with line and reason."""
    client = connect()
    with _import_errors(job):
        rows = list(iterate_pages(lambda **query: client.import_problems(job, **query), limit))
    print_list(rows, PROBLEM_COLUMNS, as_json=as_json, nothing="Every row was imported.")


@imports.command()
def undo(job: JobId, as_json: AsJson = False) -> None:
    """Undo an import, together with the answers you gave in its review."""
    client = connect()
    with _import_errors(job):
        result = client.undo_import(job)
    changes = "1 change" if result["reverted"] == 1 else f"{result['reverted']} changes"
    print_outcome(f"Import {job} is undone: {changes}.", result, as_json=as_json)
    if not as_json:
        print_conflicts(result)


@contextlib.contextmanager
def _import_errors(number: int) -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        raise NotFound(f"There is no import {number}. See: movierec import list") from error


@imports.command()
def movielens(
    path: Annotated[Path, typer.Argument(exists=True, help="Folder or zip archive of a MovieLens dataset.")],
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Import community ratings for training (staff only). Importing a dataset again changes nothing."""
    client = connect()
    if not client.me()["is_staff"]:  # fail before the upload, not after a gigabyte
        raise PermissionDenied(
            "Only staff may import MovieLens datasets. To import your own ratings: movierec import PATH."
        )
    with contextlib.ExitStack() as stack:
        display = stack.enter_context(show_progress())
        if path.is_dir():
            archive = stack.enter_context(zip_files(path, _dataset_files(path), display))
        else:
            archive = stack.enter_context(path.open("rb"))
        job = client.import_movielens(upload_body(archive, display))
        if not no_wait:
            job = wait_for_job(client, job, display)
    if no_wait:
        print_started_job(job, "is importing it", as_json=as_json)
    else:
        print_job(job, as_json=as_json)


def _dataset_files(folder: Path) -> list[str]:
    """Return the names of the dataset's files that are uploaded. Raises UnreadableImport."""
    for names in MOVIELENS_FILES:
        if (folder / names[0]).is_file() and (folder / names[1]).is_file():
            return [name for name in names if (folder / name).is_file()]
    raise UnreadableImport(f"{folder} is not a MovieLens folder: it has no movies.csv with a ratings.csv.")
