"""Command `movierec-server restore`: restore a server from a backup, atomically.

Files outside of the database are staged in a folder with a random number. The database is replaced in one atomic
step, together with that number; only then are the files moved into place. If the process is killed before that
step, the old server remains; if it is killed after it, the next start moves the remaining files.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import peewee

from movierec import config, db
from movierec.config import Settings
from movierec.daemon import dump
from movierec.daemon.backup import CHUNK_BYTES, FORMAT, KEYS, MANIFEST, VERSION, BackupManifest
from movierec.errors import ConfigurationError, Conflict, UnreadableBackup
from movierec.files import fsync_folder

STAGING, NUMBER, LOCK = "restoring", "number", "restore.lock"
# Row of the table of revisions that holds the number of the last restore.
RESTORE_REVISION = "restored"

# PostgreSQL notices only after a moment that a client was killed.
CONNECTION_WAIT_SECONDS = 3.0
_OTHER_CONNECTIONS = (
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = 'movierec' AND pid <> pg_backend_pid()"
)

_MEMBER = re.compile(r"keys\.json|tables/[a-z_]+\.jsonl|models/[0-9A-Za-z-]+/[a-z0-9_]+\.[a-z]+")
_DAMAGE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    NotImplementedError,
)


def restore(settings: Settings, source: Path, *, force: bool) -> BackupManifest:
    """Replace the server of `settings` by that of a backup and return the manifest.

    Raises UnreadableBackup, ConfigurationError for a backup of a newer version, or Conflict if a daemon runs or if
    accounts or movies would be lost without `force`. In these cases nothing was changed.
    """
    with _exclusive_lock(settings), _open_backup(source) as (archive, manifest):
        _finish_restore(settings)
        _check_target(settings, force)
        number = secrets.randbelow(2**62)
        _stage_files(settings, archive, manifest, number)
        replace_database = _restore_postgres if db.is_postgres() else _restore_sqlite
        replace_database(settings, archive, manifest, number)
        _finish_restore(settings)
    return manifest


def hold_daemon_lock(settings: Settings) -> IO[str]:
    """Take the lock that a daemon holds while it runs, after completing or discarding a killed restore.

    Raises Conflict while a restore is running.
    """
    lock = _open_lock(settings)
    if (settings.paths.state / STAGING).is_dir():
        _acquire(lock, fcntl.LOCK_EX)
        _finish_restore(settings)
    _acquire(lock, fcntl.LOCK_SH)
    return lock


@contextlib.contextmanager
def _exclusive_lock(settings: Settings) -> Iterator[None]:
    with _open_lock(settings) as lock:
        _acquire(lock, fcntl.LOCK_EX)
        yield


def _open_lock(settings: Settings) -> IO[str]:
    settings.paths.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    return open(settings.paths.state / LOCK, "w", encoding="ascii")


def _acquire(lock: IO[str], how: int) -> None:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError as error:
        who = "A restore" if how == fcntl.LOCK_SH else "A daemon, or another restore,"
        raise Conflict(f"{who} of this server is running. Stop it, or wait until it ends.") from error


@contextlib.contextmanager
def _connected(settings: Settings) -> Iterator[None]:
    db.connect(settings)
    try:
        yield
    finally:
        db.close()


@contextlib.contextmanager
def _open_backup(source: Path) -> Iterator[tuple[zipfile.ZipFile, BackupManifest]]:
    """Open a backup and check every byte. Raises UnreadableBackup."""
    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(source))
            manifest = json.loads(archive.read(MANIFEST))
            _check_backup(archive, manifest)
        except OSError as error:
            raise UnreadableBackup(
                f"Cannot read {source}: {error.strerror or error}. Check its path and permissions."
            ) from error
        except _DAMAGE_ERRORS as error:
            raise UnreadableBackup(
                f"{source} is not a backup of movierec, or it is damaged. Nothing was changed. Use another backup."
            ) from error
        yield archive, manifest


def _check_backup(archive: zipfile.ZipFile, manifest: BackupManifest) -> None:
    if manifest["format"] != FORMAT:
        raise ValueError("another format")
    if manifest["version"] != VERSION or set(manifest["schema"]) - set(db.available_migrations()):
        raise ConfigurationError(
            f"The backup was made by the newer movierec {manifest['movierec']}. Install that version."
        )
    expected = {"keys.json", *(f"tables/{table}.jsonl" for table in manifest["tables"])}
    if not expected <= manifest["files"].keys() or not all(map(_MEMBER.fullmatch, manifest["files"])):
        raise ValueError("files that do not belong")
    for name, expected_file in manifest["files"].items():
        digest = hashlib.sha256()
        with archive.open(name) as member:
            while chunk := member.read(CHUNK_BYTES):
                digest.update(chunk)
        if digest.hexdigest() != expected_file["sha256"]:
            raise UnreadableBackup(
                f"The backup is damaged: {name} has another checksum. Nothing was changed. Use another backup."
            )


def _check_target(settings: Settings, force: bool) -> None:
    """Raise Conflict if a daemon runs, or if more than the shipped catalogue would be lost without `force`."""
    with _connected(settings):
        _check_no_daemon()
        if not force and db.run_with_retry(_has_own_data):
            raise Conflict(
                "This server has accounts or movies of its own, which would be lost. Add --force to replace them."
            )


def _check_no_daemon() -> None:
    conflict = Conflict("A daemon uses this database. Stop the daemon first.")
    if db.is_postgres():
        deadline = time.monotonic() + CONNECTION_WAIT_SECONDS
        while db.value(_OTHER_CONNECTIONS):
            if time.monotonic() > deadline:
                raise conflict
            time.sleep(0.1)
        return
    try:
        # Leaving WAL mode succeeds only for the last connection.
        db.execute("PRAGMA journal_mode = DELETE")
    except peewee.OperationalError as error:
        raise conflict from error


def _has_own_data() -> bool:
    tables = db.database.get_tables()
    return any(
        table in tables and db.row(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1") is not None
        for table, condition in (("users", "1 = 1"), ("datasets", "1 = 1"), ("movies", "source <> 'starter'"))
    )


def _stage_files(settings: Settings, archive: zipfile.ZipFile, manifest: BackupManifest, number: int) -> None:
    """Stage the files that are moved into place once the database is replaced."""
    staging = settings.paths.state / STAGING
    (staging / "models").mkdir(parents=True, mode=0o700)
    for name in manifest["files"]:
        if not name.startswith("tables/"):
            path = staging / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _extract(path, archive, name)
    if manifest["model"]:
        (staging / "models" / "current").write_text(manifest["model"], encoding="ascii")
    (staging / NUMBER).write_text(str(number), encoding="ascii")
    for folder in (staging, settings.paths.state):
        fsync_folder(folder)


def _extract(path: Path, archive: zipfile.ZipFile, name: str) -> None:
    with (
        archive.open(name) as member,
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file,
    ):
        shutil.copyfileobj(member, file, CHUNK_BYTES)
        file.flush()
        os.fsync(file.fileno())


def _restore_sqlite(
    settings: Settings, archive: zipfile.ZipFile, manifest: BackupManifest, number: int
) -> None:
    """Load a new database beside the old one, then rename it over the old one."""
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    new_path = path.with_name(f"{path.name}.restoring")
    new_path.unlink(missing_ok=True)  # left by a killed restore
    url = config.DatabaseSettings(url=f"sqlite:///{new_path}")
    with _connected(dataclasses.replace(settings, database=url)):
        # Otherwise each foreign key would scan the rows loaded before, whose indexes are not built yet.
        db.execute("PRAGMA foreign_keys = OFF")
        with db.write():
            _load(archive, manifest, number)
        db.execute("PRAGMA journal_mode = DELETE")
        if db.rows("PRAGMA foreign_key_check") or db.value("PRAGMA integrity_check") != "ok":
            raise UnreadableBackup("The backup is inconsistent. Nothing was changed. Use another backup.")
    _replace_database(settings, new_path, path)


def _replace_database(settings: Settings, new_path: Path, path: Path) -> None:
    with _connected(settings):
        _check_no_daemon()
    with new_path.open("rb") as file:
        os.fsync(file.fileno())
    new_path.replace(path)
    fsync_folder(path.parent)


def _restore_postgres(
    settings: Settings, archive: zipfile.ZipFile, manifest: BackupManifest, number: int
) -> None:
    """Replace all tables in one transaction."""
    with _connected(settings), db.write():
        _load(archive, manifest, number)


def _load(archive: zipfile.ZipFile, manifest: BackupManifest, number: int) -> None:
    """Load the connected database, then migrate it to the schema of this version."""
    try:
        _fill(archive, manifest, number)
    except (peewee.IntegrityError, peewee.DataError) as error:
        raise UnreadableBackup(
            "The backup is inconsistent. Nothing was changed. Use another backup."
        ) from error
    except (peewee.OperationalError, peewee.ProgrammingError) as error:
        reason = str(error).partition("\n")[0]
        raise UnreadableBackup(f"The database rejected the backup: {reason}. Nothing was changed.") from error
    db.migrate_in_transaction()


def _fill(archive: zipfile.ZipFile, manifest: BackupManifest, number: int) -> None:
    db.recreate_schema(manifest["schema"][-1])
    derived = {"title_search"} & set(db.database.get_tables()) if db.is_postgres() else set()
    with db.deferred_indexes(*manifest["tables"], *derived):
        for table, rows in manifest["tables"].items():
            with archive.open(f"tables/{table}.jsonl") as lines:
                if dump.load(table, lines) != rows:
                    raise UnreadableBackup(
                        f"The backup is damaged: {table} lacks rows. Nothing was changed. Use another backup."
                    )
    dump.set_sequences(manifest["tables"])
    _fail_unfinished_jobs()
    db.execute(
        "INSERT INTO revisions (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        RESTORE_REVISION,
        number,
    )


def _fail_unfinished_jobs() -> None:
    """Mark unfinished jobs as failed, because their files are not in a backup."""
    db.execute(
        "UPDATE jobs SET state = 'failed', error = ?, finished_at = ? WHERE state IN ('queued', 'running')",
        "The server was restored from a backup made before this job ended. Start the job again.",
        int(time.time()),
    )


def _finish_restore(settings: Settings) -> None:
    """Move the staged files if the database has their number, then delete the staging folder."""
    staging = settings.paths.state / STAGING
    if not staging.is_dir():
        return
    with _connected(settings):
        if db.run_with_retry(_database_number) == _staged_number(staging):
            _move_files(staging, settings.paths.state)
    shutil.rmtree(staging)


def _database_number() -> int:
    return db.revision(RESTORE_REVISION) if db.database.table_exists("revisions") else 0


def _staged_number(staging: Path) -> int | None:
    try:
        return int((staging / NUMBER).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None  # killed before the number was written


def _move_files(staging: Path, state: Path) -> None:
    """Move the staged files. Idempotent, so that a killed move can be repeated."""
    if (staging / "models").is_dir():
        shutil.rmtree(state / "models", ignore_errors=True)
        (staging / "models").rename(state / "models")
    if (staging / KEYS).is_file():
        (staging / KEYS).replace(state / KEYS)
    fsync_folder(state)
