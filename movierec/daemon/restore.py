"""`movierec-server restore`: a server becomes again what it was, wholly or not at all.

What is not in the database is laid ready in a folder under a number; the database takes over what was
backed up together with that number, in one step. Only then are the files moved. Killed before that step the
old server is there, killed after it the next start moves what is left to move.
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
from typing import IO, Any

import peewee

from movierec import config, db
from movierec.config import Settings
from movierec.daemon import dump
from movierec.daemon.backup import CHUNK_BYTES, FORMAT, KEYS, MANIFEST, VERSION
from movierec.errors import ConfigurationError, Conflict, UnreadableBackup
from movierec.files import fsync_folder

STAGING, NUMBER, LOCK = "restoring", "number", "restore.lock"
# In the table of revisions.
RESTORED = "restored"

# The server notices only after a moment that somebody was killed.
PATIENCE_SECONDS = 3.0
_OTHERS = (
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = 'movierec' AND pid <> pg_backend_pid()"
)

_MEMBER = re.compile(r"keys\.json|tables/[a-z_]+\.jsonl|models/[0-9A-Za-z-]+/[a-z0-9_]+\.[a-z]+")
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, TypeError, NotImplementedError)


def restore(settings: Settings, source: Path, *, force: bool) -> dict[str, Any]:
    """Make the server of `settings` the one of a backup; returns its manifest. No daemon may be running.

    Raises UnreadableBackup, ConfigurationError for one of a newer movierec, or Conflict where a daemon runs
    or something would be lost that `force` does not give up. Then nothing was changed.
    """
    with _alone(settings), _opened(source) as (archive, manifest):
        _finish(settings)
        _check_target(settings, force)
        number = secrets.randbelow(2**62)
        _lay_ready(settings, archive, manifest, number)
        put_in_place = _restore_postgres if db.is_postgres() else _restore_sqlite
        put_in_place(settings, archive, manifest, number)
        _finish(settings)
    return manifest


def hold_daemon_lock(settings: Settings) -> IO[str]:
    """To be held open by a daemon for its life. One that was killed is finished, or forgotten, first.

    Raises Conflict while a restore is running.
    """
    lock = _lock(settings)
    if (settings.paths.state / STAGING).is_dir():
        _take(lock, fcntl.LOCK_EX)
        _finish(settings)
    _take(lock, fcntl.LOCK_SH)
    return lock


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    with _lock(settings) as lock:
        _take(lock, fcntl.LOCK_EX)
        yield


def _lock(settings: Settings) -> IO[str]:
    settings.paths.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    return open(settings.paths.state / LOCK, "w", encoding="ascii")


def _take(lock: IO[str], how: int) -> None:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError as error:
        who = "A restore" if how == fcntl.LOCK_SH else "A daemon, or another restore,"
        raise Conflict(f"{who} of this server is running. Stop it first, or wait for its end.") from error


@contextlib.contextmanager
def _connected(settings: Settings) -> Iterator[None]:
    db.connect(settings)
    try:
        yield
    finally:
        db.close()


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, Any]]]:
    """The backup with its manifest, every byte checked."""
    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(source))
            manifest = json.loads(archive.read(MANIFEST))
            _check(archive, manifest)
        except OSError as error:
            raise UnreadableBackup(f"Cannot read {source}: {error.strerror or error}") from error
        except _DAMAGE as error:
            raise UnreadableBackup(
                f"{source} is no backup of movierec, or it is damaged. Nothing was changed."
            ) from error
        yield archive, manifest


def _check(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    if manifest["format"] != FORMAT:
        raise ValueError("another format")
    if manifest["version"] != VERSION or set(manifest["schema"]) - set(db.available_migrations()):
        raise ConfigurationError(
            f"The backup was made by movierec {manifest['movierec']}, which is newer. Install that version."
        )
    expected = {"keys.json", *(f"tables/{table}.jsonl" for table in manifest["tables"])}
    if not expected <= manifest["files"].keys() or not all(map(_MEMBER.fullmatch, manifest["files"])):
        raise ValueError("files that do not belong")
    for name, known in manifest["files"].items():
        digest = hashlib.sha256()
        with archive.open(name) as member:
            while chunk := member.read(CHUNK_BYTES):
                digest.update(chunk)
        if digest.hexdigest() != known["sha256"]:
            raise UnreadableBackup(f"The backup is damaged: {name} has changed. Nothing was changed here.")


def _check_target(settings: Settings, force: bool) -> None:
    """Raise Conflict where a daemon runs, or where more than what ships with movierec would be lost."""
    with _connected(settings):
        _check_nobody_serves()
        if not force and db.run_with_retry(_holds_something):
            raise Conflict("This server has accounts or films of its own. Add --force to give them up.")


def _check_nobody_serves() -> None:
    running = Conflict("A daemon uses this database. Stop it first.")
    if db.is_postgres():
        patient_until = time.monotonic() + PATIENCE_SECONDS
        while db.value(_OTHERS):
            if time.monotonic() > patient_until:
                raise running
            time.sleep(0.1)
        return
    try:
        # Leaving this mode, whose files lie beside the database, takes the last connection.
        db.execute("PRAGMA journal_mode = DELETE")
    except peewee.OperationalError as error:
        raise running from error


def _holds_something() -> bool:
    tables = db.database.get_tables()
    return any(
        table in tables and db.row(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1") is not None
        for table, condition in (("users", "1 = 1"), ("datasets", "1 = 1"), ("movies", "source <> 'starter'"))
    )


def _lay_ready(settings: Settings, archive: zipfile.ZipFile, manifest: dict[str, Any], number: int) -> None:
    """What is moved into place when the database is the new one."""
    staging = settings.paths.state / STAGING
    (staging / "models").mkdir(parents=True, mode=0o700)
    for name in manifest["files"]:
        if not name.startswith("tables/"):
            path = staging / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(path, archive, name)
    if manifest["model"]:
        (staging / "models" / "current").write_text(manifest["model"], encoding="ascii")
    (staging / NUMBER).write_text(str(number), encoding="ascii")
    for folder in (staging, settings.paths.state):
        fsync_folder(folder)


def _write(path: Path, archive: zipfile.ZipFile, name: str) -> None:
    with (
        archive.open(name) as member,
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file,
    ):
        shutil.copyfileobj(member, file, CHUNK_BYTES)
        file.flush()
        os.fsync(file.fileno())


def _restore_sqlite(
    settings: Settings, archive: zipfile.ZipFile, manifest: dict[str, Any], number: int
) -> None:
    """A new database beside the old one, which then takes its name."""
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    aside = path.with_name(f"{path.name}.restoring")
    aside.unlink(missing_ok=True)  # of a restore that was killed
    url = config.DatabaseSettings(url=f"sqlite:///{aside}")
    with _connected(dataclasses.replace(settings, database=url)):
        # Else each film would be looked for in all that was loaded before it, whose indexes are not built yet.
        db.execute("PRAGMA foreign_keys = OFF")
        with db.write():
            _load(archive, manifest, number)
        db.execute("PRAGMA journal_mode = DELETE")
        if db.rows("PRAGMA foreign_key_check") or db.value("PRAGMA integrity_check") != "ok":
            raise UnreadableBackup("The backup does not fit together. Nothing was changed.")
    _take_over(settings, aside, path)


def _take_over(settings: Settings, aside: Path, path: Path) -> None:
    with _connected(settings):
        _check_nobody_serves()
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(path)
    fsync_folder(path.parent)


def _restore_postgres(
    settings: Settings, archive: zipfile.ZipFile, manifest: dict[str, Any], number: int
) -> None:
    """In one transaction the old tables go and the new ones come."""
    with _connected(settings), db.write():
        _load(archive, manifest, number)


def _load(archive: zipfile.ZipFile, manifest: dict[str, Any], number: int) -> None:
    """Fill the connected database, then bring it to the schema of this version."""
    try:
        _fill(archive, manifest, number)
    except (peewee.IntegrityError, peewee.DataError) as error:
        raise UnreadableBackup("The backup does not fit together. Nothing was changed.") from error
    except (peewee.OperationalError, peewee.ProgrammingError) as error:
        reason = str(error).partition("\n")[0]
        raise UnreadableBackup(f"The database refuses the backup: {reason}. Nothing was changed.") from error
    db.migrate_in_transaction()


def _fill(archive: zipfile.ZipFile, manifest: dict[str, Any], number: int) -> None:
    db.recreate_schema(manifest["schema"][-1])
    derived = {"title_search"} & set(db.database.get_tables()) if db.is_postgres() else set()
    with db.deferred_indexes(*manifest["tables"], *derived):
        for table, rows in manifest["tables"].items():
            with archive.open(f"tables/{table}.jsonl") as lines:
                if dump.load(table, lines) != rows:
                    raise UnreadableBackup(f"The backup is damaged: rows of {table} are missing.")
    dump.set_sequences(manifest["tables"])
    _end_jobs()
    db.execute(
        "INSERT INTO revisions (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        RESTORED,
        number,
    )


def _end_jobs() -> None:
    """The files they worked on are not in a backup."""
    db.execute(
        "UPDATE jobs SET state = 'failed', error = ?, finished_at = ? WHERE state IN ('queued', 'running')",
        "The server was restored from a backup that was made before this had ended. Start it again.",
        int(time.time()),
    )


def _finish(settings: Settings) -> None:
    """Move the files, if the database is the one they belong to; else it is the old one, as are the files."""
    staging = settings.paths.state / STAGING
    if not staging.is_dir():
        return
    with _connected(settings):
        if db.run_with_retry(_number_of_database) == _number_of(staging):
            _move(staging, settings.paths.state)
    shutil.rmtree(staging)


def _number_of_database() -> int:
    return db.revision(RESTORED) if db.database.table_exists("revisions") else 0


def _number_of(staging: Path) -> int | None:
    try:
        return int((staging / NUMBER).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None  # killed before it was written


def _move(staging: Path, state: Path) -> None:
    """May be killed and repeated."""
    if (staging / "models").is_dir():
        shutil.rmtree(state / "models", ignore_errors=True)
        (staging / "models").rename(state / "models")
    if (staging / KEYS).is_file():
        (staging / KEYS).replace(state / KEYS)
    fsync_folder(state)
