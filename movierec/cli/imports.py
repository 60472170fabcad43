"""`import`: bringing data in. Uploads a file, then follows the job that reads it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from movierec.cli import import_review
from movierec.cli.connection import connect
from movierec.cli.import_report import IMPORT_COLUMNS, PROBLEM_COLUMNS, print_import
from movierec.cli.jobs import JobId, print_job, print_started_job
from movierec.cli.options import AsJson, IdsOnly, Limit, NoWait, new_group
from movierec.cli.output import columns_help, print_list, print_outcome
from movierec.cli.progress import show_progress, wait_for_job
from movierec.cli.undo import print_conflicts
from movierec.cli.upload import open_for_upload, upload_body, zip_files
from movierec.client import iterate_pages
from movierec.errors import NotFound, PermissionDenied, UnreadableImport


class _PathsToo(TyperGroup):
    """`import PATH` is short for `import file PATH`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [word for word in args if word == "-" or not word.startswith("-")]
        if args and not (words and words[0] in self.commands) and args[0] not in ("-h", "--help"):
            args = ["file", *args]
        return super().parse_args(ctx, args)


commands = new_group("")
imports = new_group("Bring data in: movierec import PATH.", _PathsToo)
commands.add_typer(imports, name="import")

# What is read of a dataset, as it is published now and as it was before 2015.
MOVIELENS_FILES = (("movies.csv", "ratings.csv", "links.csv", "tags.csv"), ("movies.dat", "ratings.dat"))

_TELLING_FOLDERS = ("likes", "deleted", "orphaned")


class ImportFormat(StrEnum):
    """What a file may be."""

    MOVIEREC = "movierec"
    LETTERBOXD = "letterboxd"
    IMDB = "imdb"
    TRAKT = "trakt"
    TMDB = "tmdb"
    MOVIELENS_RATINGS = "movielens-ratings"
    CSV = "csv"


class ImportScale(StrEnum):
    """The best rating."""

    FIVE = "5"
    TEN = "10"
    HUNDRED = "100"


class OnConflict(StrEnum):
    """What wins where the file and your library differ."""

    NEWEST = "newest"
    KEEP = "keep"
    OVERWRITE = "overwrite"


@imports.callback()
def _group() -> None:
    """Bring data in: ratings, favorites, watchlist and history of your own with `movierec import PATH`."""


@imports.command("file")
def file(
    path: Annotated[
        Path, typer.Argument(exists=True, allow_dash=True, help="File, folder or zip; - reads a pipe.")
    ],
    format: Annotated[
        ImportFormat | None, typer.Option("--format", "-f", help="Instead of recognising it by its content.")
    ] = None,
    scale: Annotated[
        ImportScale | None, typer.Option(help="What the best rating is, where the file does not say.")
    ] = None,
    on_conflict: Annotated[
        OnConflict, typer.Option(help="What wins where the file and your library differ.")
    ] = OnConflict.NEWEST,
    name: Annotated[
        str | None, typer.Option(help="What the file is called, where it comes through a pipe.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would change, and change nothing.")
    ] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Your own history from movierec, Letterboxd, IMDb, Trakt, TMDb, movielens.org or a CSV file.

    Films are found by ids, or by title and year; where that is not certain you are asked: movierec import
    review. All of a file is taken in or nothing, the same file again changes nothing, and movierec import
    undo takes it back.
    """
    client = connect()
    client.me()  # a refusal now is better than one after a gigabyte
    query = {
        "format": format,
        "scale": scale,
        "on_conflict": on_conflict,
        "dry_run": dry_run,
        "filename": name or _name(path),
    }
    with contextlib.ExitStack() as stack:
        shown = stack.enter_context(show_progress())
        sent = stack.enter_context(open_for_upload(path, shown))
        job = client.import_own(upload_body(sent, shown), **query)
        if not no_wait:
            job = wait_for_job(client, job, shown)
    if no_wait:
        print_started_job(job, "reads it", as_json=as_json)
    else:
        print_import(job, as_json=as_json)


def _name(path: Path) -> str:
    """As reports name the file, with its folder where that tells what it is: Letterboxd's likes/films.csv."""
    if path == Path("-"):
        return "standard input"
    folder, name = path.absolute().parent.name, path.absolute().name
    return (f"{folder}/{name}" if folder in _TELLING_FOLDERS else name)[-255:]


imports.command(epilog=columns_help(import_review.COLUMNS))(import_review.review)
imports.command()(import_review.resolve)


@imports.command("list", epilog=columns_help(IMPORT_COLUMNS))
def list_(limit: Limit = None, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """List your imports, the newest first."""
    print_list(
        iterate_pages(connect().imports, limit),
        IMPORT_COLUMNS,
        as_json=as_json,
        ids=ids,
        nothing="No imports yet.",
    )


@imports.command(epilog=columns_help(PROBLEM_COLUMNS))
def problems(job: JobId, limit: Limit = None, as_json: AsJson = False) -> None:
    """List all rows of an import that were not simply taken, and why."""
    client = connect()
    with _of_import(job):
        found = list(iterate_pages(lambda **query: client.import_problems(job, **query), limit))
    print_list(found, PROBLEM_COLUMNS, as_json=as_json, nothing="Every row was taken.")


@imports.command()
def undo(job: JobId, as_json: AsJson = False) -> None:
    """Take an import back exactly, and what came of your answers about it."""
    client = connect()
    with _of_import(job):
        undone = client.undo_import(job)
    changes = "1 change" if undone["reverted"] == 1 else f"{undone['reverted']} changes"
    print_outcome(f"Import {job} is taken back: {changes}.", undone, as_json=as_json)
    if not as_json:
        print_conflicts(undone)


@contextlib.contextmanager
def _of_import(number: int) -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        raise NotFound(f"There is no import {number}. See: movierec import list") from error


@imports.command()
def movielens(
    path: Annotated[Path, typer.Argument(exists=True, help="Folder or zip of a MovieLens dataset.")],
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Community ratings to recommend from (staff only). Importing a dataset again changes nothing."""
    client = connect()
    if not client.me()["is_staff"]:  # a refusal now is better than one after a gigabyte
        raise PermissionDenied("Importing MovieLens is for staff. Your own ratings: movierec import PATH.")
    with contextlib.ExitStack() as stack:
        shown = stack.enter_context(show_progress())
        if path.is_dir():
            archive = stack.enter_context(zip_files(path, _dataset_files(path), shown))
        else:
            archive = stack.enter_context(path.open("rb"))
        job = client.import_movielens(upload_body(archive, shown))
        if not no_wait:
            job = wait_for_job(client, job, shown)
    if no_wait:
        print_started_job(job, "reads it", as_json=as_json)
    else:
        print_job(job, as_json=as_json)


def _dataset_files(folder: Path) -> list[str]:
    """Those files of the dataset in `folder` that are worth sending."""
    for names in MOVIELENS_FILES:
        if (folder / names[0]).is_file() and (folder / names[1]).is_file():
            return [name for name in names if (folder / name).is_file()]
    raise UnreadableImport(f"{folder} is no MovieLens folder: there is no movies.csv with a ratings.csv.")
