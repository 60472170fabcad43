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

MOVIELENS_FILES = ("movies.csv", "links.csv", "ratings.csv")
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
    missing = [name for name in MOVIELENS_FILES if not (path / name).is_file()]
    if missing:
        raise UnreadableImport(f"{path} is no MovieLens folder: it lacks {', '.join(missing)}.")
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number, name in enumerate(MOVIELENS_FILES):
                shown.update("packing", number, len(MOVIELENS_FILES))
                archive.write(path / name, name)
        yield packed


def _upload(file: IO[bytes], shown: Progress) -> Upload:
    size = file.seek(0, 2)

    def chunks() -> Iterator[bytes]:
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
            shown.update("uploading", file.tell(), size)

    return Upload(size, chunks)
