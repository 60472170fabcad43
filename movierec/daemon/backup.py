"""Command `movierec-server backup`: the complete state of a server in one file, while the daemon runs.

A zip archive: `tables/` as `dump` writes them, from one snapshot; `keys.json`; `models/` with the model that
serves; `manifest.json` with the schema and a checksum of every file. It can be restored to SQLite and PostgreSQL.
"""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypedDict

from movierec import __version__, db
from movierec.config import Settings
from movierec.daemon import dump
from movierec.errors import ConfigurationError
from movierec.files import rechunk, write_atomically

FORMAT, VERSION = "movierec-backup", 1
MANIFEST, KEYS = "manifest.json", "keys.json"

CHUNK_BYTES = 1 << 20


class BackupFile(TypedDict):
    """Checksum and size of a file of a backup."""

    sha256: str
    bytes: int


class BackupManifest(TypedDict):
    """Content of `manifest.json`."""

    format: str
    version: int
    movierec: str
    made_at: str
    schema: list[str]
    tables: dict[str, int]
    model: str | None
    files: dict[str, BackupFile]


@dataclass
class BackupContents:
    """The content of a backup."""

    tables: dict[str, int] = field(default_factory=dict)  # number of rows
    files: dict[str, BackupFile] = field(default_factory=dict)
    schema: list[str] = field(default_factory=list)
    model: str | None = None


def back_up(settings: Settings, target: Path, *, force: bool, models: bool) -> BackupContents:
    """Write a backup. Raises ConfigurationError for an empty database, ValidationFailed if `target` exists."""
    from movierec.recommender import models_folder  # imports numpy, which the other commands do not need

    db.connect(settings)
    contents = BackupContents()
    with (
        write_atomically(target, force=force) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        db.run_with_retry(_add_tables, archive, contents)
        _add_file(archive, contents, KEYS, _read_chunks(settings.paths.state / KEYS))
        if models:
            _add_model(archive, contents, models_folder(settings))
        archive.writestr(MANIFEST, json.dumps(_manifest(contents), indent=1))
    return contents


def _add_tables(archive: zipfile.ZipFile, contents: BackupContents) -> None:
    with db.snapshot():
        contents.schema = db.applied_migrations()
        if not contents.schema:
            raise ConfigurationError(
                "The database is empty, so there is nothing to back up. Check database.url."
            )
        for table in db.data_tables():
            rows = _CountedLines(dump.dump(table))
            _add_file(archive, contents, f"tables/{table}.jsonl", rows)
            contents.tables[table] = rows.count - 1


class _CountedLines:
    """Iterable of lines that counts them."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines, self.count = lines, 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.count += 1
            yield line


def _add_model(archive: zipfile.ZipFile, contents: BackupContents, folder: Path) -> None:
    """Add the model that serves, whose files never change. Older versions are left out."""
    from movierec.recommender.artifacts import store  # imports numpy, as above

    loaded, _errors = store.load_current(folder)
    if loaded is None:
        return
    contents.model = loaded.version
    for path in sorted((folder / loaded.version).iterdir()):
        # Arrays of numbers hardly compress.
        _add_file(
            archive, contents, f"models/{loaded.version}/{path.name}", _read_chunks(path), zipfile.ZIP_STORED
        )


def _add_file(
    archive: zipfile.ZipFile,
    contents: BackupContents,
    name: str,
    chunks: Iterable[bytes],
    compression: int = zipfile.ZIP_DEFLATED,
) -> None:
    info = zipfile.ZipInfo(name, time.gmtime()[:6])
    info.compress_type = compression
    info.external_attr = 0o600 << 16
    digest, size = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=True) as member:
        for chunk in rechunk(chunks):
            member.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    contents.files[name] = {"sha256": digest.hexdigest(), "bytes": size}


def _read_chunks(path: Path) -> Iterator[bytes]:
    file: IO[bytes]
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _manifest(contents: BackupContents) -> BackupManifest:
    return {
        "format": FORMAT,
        "version": VERSION,
        "movierec": __version__,
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "schema": contents.schema,
        "tables": contents.tables,
        "model": contents.model,
        "files": contents.files,
    }
