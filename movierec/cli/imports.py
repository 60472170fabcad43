"""`import`: bringing data in. Uploads a file, then follows the job that reads it."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated

import typer

from movierec.cli.connection import connect
from movierec.cli.jobs import print_job
from movierec.cli.options import AsJson, NoWait, new_group
from movierec.cli.output import print_done
from movierec.cli.progress import Progress, follow, progress
from movierec.client import Upload
from movierec.errors import UnreadableImport

commands = new_group("")
imports = new_group("Bring data in.")
commands.add_typer(imports, name="import")

# What is read of a dataset, as it is published now and as it was before 2015.
MOVIELENS_FILES = (("movies.csv", "ratings.csv", "links.csv", "tags.csv"), ("movies.dat", "ratings.dat"))
_CHUNK_BYTES = 256 * 1024


@imports.callback()
def _group() -> None:
    """Bring data in."""


@imports.command()
def movielens(
    path: Annotated[Path, typer.Argument(exists=True, help="Folder or zip of a MovieLens dataset.")],
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Community ratings to recommend from (staff only). Importing a dataset again changes nothing."""
    client = connect()
    client.me()  # a refusal now is better than one after a gigabyte
    with contextlib.ExitStack() as stack:
        shown = stack.enter_context(progress())
        archive = stack.enter_context(_opened(path, shown))
        job = client.import_movielens(_upload(archive, shown))
        if not no_wait:
            job = follow(client, job, shown)
    if no_wait:
        print_done(f"Job {job['id']} reads it; see: movierec jobs show {job['id']}", job, as_json=as_json)
    else:
        print_job(job, as_json=as_json)


@contextlib.contextmanager
def _opened(path: Path, shown: Progress) -> Iterator[IO[bytes]]:
    """The dataset as a zip file: a folder is packed into a nameless one that vanishes by itself."""
    if not path.is_dir():
        with path.open("rb") as file:
            yield file
        return
    names = _files(path)
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number, name in enumerate(names):
                shown.update("packing", number, len(names))
                archive.write(path / name, name)
        shown.update("packing", len(names), len(names))
        yield packed


def _files(folder: Path) -> list[str]:
    """Those files of the dataset in `folder` that are worth sending."""
    for names in MOVIELENS_FILES:
        if (folder / names[0]).is_file() and (folder / names[1]).is_file():
            return [name for name in names if (folder / name).is_file()]
    raise UnreadableImport(f"{folder} is no MovieLens folder: there is no movies.csv with a ratings.csv.")


def _upload(file: IO[bytes], shown: Progress) -> Upload:
    size = file.seek(0, 2)

    def chunks() -> Iterator[bytes]:
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
            shown.update("uploading", file.tell(), size)

    return Upload(size, chunks)
