"""`movierec-server backup`: all that a server is, in one file, while the daemon runs.

A zip archive: `tables/` as `dump` writes them, of one moment; `keys.json`; `models/` with the model that
serves; `manifest.json` with the schema and a checksum of every file. It fits SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from movierec import __version__, db
from movierec.config import Settings
from movierec.daemon import dump
from movierec.errors import ConfigurationError
from movierec.files import rechunk, write_atomically

FORMAT, VERSION = "movierec-backup", 1
MANIFEST, KEYS = "manifest.json", "keys.json"

CHUNK_BYTES = 1 << 20


@dataclass
class BackupContents:
    """What went into a backup."""

    tables: dict[str, int] = field(default_factory=dict)  # rows of each
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    schema: list[str] = field(default_factory=list)
    model: str | None = None


def back_up(settings: Settings, target: Path, *, force: bool, models: bool) -> BackupContents:
    """Write a backup. Raises ConfigurationError where there is no server, ValidationFailed where `target` is."""
    from movierec.recommender import models_folder  # numpy: not needed by the other commands

    db.connect(settings)
    made = BackupContents()
    with (
        write_atomically(target, force=force) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        db.run_with_retry(_add_tables, archive, made)
        _add(archive, made, KEYS, _content(settings.paths.state / KEYS))
        if models:
            _add_model(archive, made, models_folder(settings))
        archive.writestr(MANIFEST, json.dumps(_manifest(made), indent=1))
    return made


def _add_tables(archive: zipfile.ZipFile, made: BackupContents) -> None:
    with db.snapshot():
        made.schema = db.applied_migrations()
        if not made.schema:
            raise ConfigurationError("The database is empty: there is no server to back up.")
        for table in db.data_tables():
            rows = _Counted(dump.dump(table))
            _add(archive, made, f"tables/{table}.jsonl", rows)
            made.tables[table] = rows.count - 1


class _Counted:
    """Lines, which are counted as they pass."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines, self.count = lines, 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.count += 1
            yield line


def _add_model(archive: zipfile.ZipFile, made: BackupContents, folder: Path) -> None:
    """The model that serves; it is never changed, only replaced. Older ones are not worth their space."""
    from movierec.recommender.artifacts import store  # numpy, as above

    loaded, _complaints = store.load_current(folder)
    if loaded is None:
        return
    made.model = loaded.version
    for path in sorted((folder / loaded.version).iterdir()):
        # Numbers that hardly compress.
        _add(archive, made, f"models/{loaded.version}/{path.name}", _content(path), zipfile.ZIP_STORED)


def _add(
    archive: zipfile.ZipFile,
    made: BackupContents,
    name: str,
    pieces: Iterable[bytes],
    compression: int = zipfile.ZIP_DEFLATED,
) -> None:
    entry = zipfile.ZipInfo(name, time.gmtime()[:6])
    entry.compress_type = compression
    entry.external_attr = 0o600 << 16
    digest, size = hashlib.sha256(), 0
    with archive.open(entry, "w", force_zip64=True) as member:
        for piece in rechunk(pieces):
            member.write(piece)
            digest.update(piece)
            size += len(piece)
    made.files[name] = {"sha256": digest.hexdigest(), "bytes": size}


def _content(path: Path) -> Iterator[bytes]:
    file: IO[bytes]
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _manifest(made: BackupContents) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "movierec": __version__,
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "schema": made.schema,
        "tables": made.tables,
        "model": made.model,
        "files": made.files,
    }
