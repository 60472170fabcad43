"""Backup and restore of a destroyed server, on each database and from one to the other."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import itertools
import json
import os
import shutil
import signal
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest

from movierec import db, jobs, library
from movierec.config import Settings
from movierec.daemon.backup import back_up
from movierec.daemon.restore import hold_daemon_lock, restore
from movierec.errors import ConfigurationError, Conflict, UnreadableBackup, ValidationFailed
from movierec.recommender.artifacts import store
from tests.conftest import EmptyDatabases
from tests.daemon.test_serve import Served, on_sqlite, run
from tests.films import movie_id
from tests.running import Account, Daemon, RunningDaemon

REVIEW = 'tab\t newline\n back\\slash \\N "quotes" 🎬 \u202e'
PAYLOAD = bytes(range(256))


def contents() -> dict[str, list[str]]:
    """Return every row of the connected database, in the same form for SQLite and PostgreSQL."""
    tables = {}
    for table in db.data_tables():
        columns = sorted(column.name for column in db.database.get_columns(table))
        rows = db.rows(f"SELECT {', '.join(columns)} FROM {table}")
        tables[table] = sorted(repr([_plain(value) for value in row]) for row in rows)
    tables["revisions"] = [row for row in tables["revisions"] if "restored" not in row]
    return tables


def _plain(value: Any) -> Any:
    if isinstance(value, memoryview):
        return bytes(value)
    return int(value) if isinstance(value, bool) else value


def state_of(settings: Settings) -> tuple[dict[str, list[str]], bytes, str | None]:
    """Return the rows, the keys and the model, which must belong together."""
    db.connect(settings)
    rows = contents()
    db.close()
    keys = settings.paths.state / "keys.json"
    model = store.current_version(settings.paths.state / "models")
    return rows, keys.read_bytes() if keys.exists() else b"", model


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[RunningDaemon]:
    """Run a daemon and close its connections at the end, as a process does."""
    with Daemon(settings) as daemon:
        yield daemon
    db.close()
    gc.collect()


@pytest.fixture
def ada(settings: Settings) -> Account:
    """Return an account of a stopped server with a rating and community ratings."""
    with running(settings) as daemon:
        ada = daemon.register("ada")
        path = f"/api/v1/favorites/ratings/movie/{movie_id('tt0133093')}/"
        daemon.put(path, {"rating": 4.5, "review": REVIEW}, token=ada, status=201)
        _add_dataset()
    return ada


def publish(settings: Settings, movies: int) -> None:
    """Publish files that only look like a model. No daemon may serve them."""
    store.publish(settings.paths.state / "models", {"numbers": np.arange(movies)}, {"movies": movies})


def _add_dataset() -> None:
    dataset = db.value(
        "INSERT INTO datasets (name, fingerprint, ratings, raters, films, imported_at) "
        "VALUES ('movielens', 'f', 1, 1, 1, 1) RETURNING id"
    )
    db.execute(
        "INSERT INTO dataset_blocks (dataset_id, position, payload) VALUES (?, 0, ?)", dataset, PAYLOAD
    )


@pytest.fixture
def saved(settings: Settings, ada: Account, tmp_path: Path) -> Path:
    """Return a backup of the server."""
    target = tmp_path / "server.backup"
    back_up(settings, target, force=False, models=True)
    db.close()
    return target


@pytest.fixture
def elsewhere(empty_databases: EmptyDatabases) -> Iterator[Settings]:
    """Return the settings of an empty server, on each database."""
    yield empty_databases.make()
    db.close()


def test_destroyed_server_is_restored_on_either_database(
    settings: Settings, ada: Account, elsewhere: Settings, tmp_path: Path
) -> None:
    publish(settings, 5)
    saved = tmp_path / "saved"
    back_up(settings, saved, force=False, models=True)
    before = state_of(settings)
    shutil.rmtree(settings.paths.state)
    restore(elsewhere, saved, force=False)
    assert state_of(elsewhere) == before
    assert stat.S_IMODE((elsewhere.paths.state / "keys.json").stat().st_mode) == 0o600
    assert not (elsewhere.paths.state / "restoring").exists()
    model, complaints = store.load_current(elsewhere.paths.state / "models")
    assert model is not None
    assert (model.arrays["numbers"].tolist(), complaints) == ([0, 1, 2, 3, 4], [])
    shutil.rmtree(elsewhere.paths.state / "models")
    with Daemon(elsewhere) as daemon:
        # The session is valid, new rows get new ids, and the search index works.
        [rating] = daemon.get("/api/v1/favorites/ratings/", token=ada)["results"]
        assert (rating["rating"], rating["review"]) == (4.5, REVIEW)
        path = f"/api/v1/favorites/ratings/movie/{movie_id('tt0083658')}/"
        assert daemon.put(path, {"rating": 5}, token=ada, status=201)["id"] > rating["id"]
        assert daemon.register("bea").id > ada.id
        assert daemon.get("/api/v1/movies/search/?q=matrx")["results"][0]["title"] == "The Matrix"


def test_backup_is_a_snapshot_while_the_daemon_runs(settings: Settings, tmp_path: Path) -> None:
    target = tmp_path / "server.backup"
    with Daemon(settings) as daemon:
        ada = daemon.register()
        backup = back_up(settings, target, force=False, models=True)
        daemon.patch("/api/v1/auth/me/", {"first_name": "Ada"}, token=ada)
    assert backup.tables["users"] == 1
    assert backup.model is None
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with pytest.raises(ValidationFailed, match="exists already"):
        back_up(settings, target, force=False, models=True)
    assert [path.name for path in tmp_path.glob("*.backup*")] == ["server.backup"]


def test_backup_of_an_older_schema_is_migrated(empty_databases: EmptyDatabases, tmp_path: Path) -> None:
    old, new = empty_databases.make(), empty_databases.make()
    db.connect(old)
    db.migrate("0001_first_schema")
    db.execute(
        "INSERT INTO movies (title, original_title, overview, tagline, status, homepage, original_language, "
        "languages, countries, certificate, adult, vote_average, vote_count, popularity, poster_path, "
        "backdrop_path, source, created_at, updated_at) VALUES ('Old', '', '', '', '', '', '', '[]', '[]', '', "
        "?, 0, 0, 0, '', '', 'staff', 1, 1)",
        False,
    )
    db.close()
    (old.paths.state / "keys.json").parent.mkdir(parents=True, exist_ok=True)
    (old.paths.state / "keys.json").write_text("{}")
    back_up(old, tmp_path / "old", force=False, models=True)
    db.close()
    restore(new, tmp_path / "old", force=False)
    db.connect(new)
    assert db.pending_migrations() == []
    assert db.rows("SELECT title, key FROM movies JOIN movie_titles ON movie_id = movies.id") == [
        ("Old", "old")
    ]


def patched(saved: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Return a copy of the backup with a changed manifest."""
    target = saved.with_name("patched")
    with zipfile.ZipFile(saved) as archive, zipfile.ZipFile(target, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "manifest.json":
                manifest = json.loads(content)
                change(manifest)
                content = json.dumps(manifest).encode()
            copy.writestr(name, content)
    return target


def newer_format(manifest: dict[str, Any]) -> None:
    manifest["version"] = 2


def newer_schema(manifest: dict[str, Any]) -> None:
    manifest["schema"].append("9999_flying_cars")


@on_sqlite
@pytest.mark.parametrize("change", [newer_format, newer_schema])
def test_backup_of_a_newer_version_is_refused(
    settings: Settings, saved: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    before = state_of(settings)
    with pytest.raises(ConfigurationError, match="newer"):
        restore(settings, patched(saved, change), force=True)
    assert state_of(settings) == before


def wrong_checksum(manifest: dict[str, Any]) -> None:
    manifest["files"]["tables/users.jsonl"]["sha256"] = "0" * 64


def too_few_rows(manifest: dict[str, Any]) -> None:
    manifest["tables"]["users"] += 1


def path_traversal(manifest: dict[str, Any]) -> None:
    manifest["files"]["../../evil"] = manifest["files"].pop("keys.json")


def no_keys(manifest: dict[str, Any]) -> None:
    del manifest["files"]["keys.json"]


@on_sqlite
@pytest.mark.parametrize("change", [wrong_checksum, too_few_rows, path_traversal, no_keys])
def test_inconsistent_manifest_changes_nothing(
    settings: Settings, saved: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    before = state_of(settings)
    with pytest.raises(UnreadableBackup):
        restore(settings, patched(saved, change), force=True)
    hold_daemon_lock(settings).close()
    assert state_of(settings) == before
    assert not (settings.paths.state / "restoring").exists()


def unknown_movie(columns: list[str], values: list[Any]) -> None:
    values[columns.index("movie_id")] = 10**9


def unknown_column(columns: list[str], _values: list[Any]) -> None:
    columns[columns.index("review")] = "revue"


@pytest.mark.parametrize(
    ("change", "message"), [(unknown_movie, "inconsistent"), (unknown_column, "rejected the backup")]
)
def test_rows_that_violate_the_schema_are_refused(
    settings: Settings, saved: Path, change: Callable[[list[str], list[Any]], None], message: str
) -> None:
    """A table was changed together with its checksum."""
    before, target = state_of(settings), saved.with_name("patched")
    with zipfile.ZipFile(saved) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    name = "tables/ratings.jsonl"
    header, row = contents[name].splitlines()
    columns, values = json.loads(header)["columns"], json.loads(row)
    change(columns, values)
    header = json.dumps({**json.loads(header), "columns": columns}).encode()
    contents[name] = header + b"\n" + json.dumps(values).encode() + b"\n"
    manifest = json.loads(contents["manifest.json"])
    manifest["files"][name]["sha256"] = hashlib.sha256(contents[name]).hexdigest()
    contents["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for each, content in contents.items():
            archive.writestr(each, content)
    with pytest.raises(UnreadableBackup, match=message):
        restore(settings, target, force=True)
    hold_daemon_lock(settings).close()
    assert state_of(settings) == before


@on_sqlite
def test_every_kind_of_damage_is_detected(settings: Settings, saved: Path, tmp_path: Path) -> None:
    whole, torn = saved.read_bytes(), tmp_path / "torn"
    before = state_of(settings)
    for content in (b"", b"PK", whole[:-1], whole[: len(whole) // 2], whole[100:], b"no archive" * 100):
        torn.write_bytes(content)
        with pytest.raises(UnreadableBackup):
            restore(settings, torn, force=True)
    with zipfile.ZipFile(saved) as archive:
        places = [entry.header_offset + 60 + entry.compress_size // 2 for entry in archive.infolist()]
    for place in places:
        torn.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with pytest.raises(UnreadableBackup):
            restore(settings, torn, force=True)
    assert state_of(settings) == before


def test_server_with_accounts_is_kept_without_force(settings: Settings, saved: Path) -> None:
    before = state_of(settings)
    with running(settings) as daemon:
        daemon.register("late")
    with pytest.raises(Conflict, match="--force"):
        restore(settings, saved, force=False)
    restore(settings, saved, force=True)
    assert state_of(settings) == before


def test_restore_is_refused_while_a_daemon_runs(settings: Settings, saved: Path) -> None:
    served = Served(settings.paths.state.parent, MOVIEREC_DATABASE__URL=settings.database_url)
    try:
        with pytest.raises(Conflict, match=r"Stop the daemon first|Stop it, or wait"):
            restore(settings, saved, force=True)
        assert b'"status":"ok"' in served.get("/health/ready/")
    finally:
        db.close()
        assert served.stop()[0] == 0


def test_unfinished_jobs_are_marked_as_failed(settings: Settings, ada: Account, tmp_path: Path) -> None:
    db.connect(settings)
    db.execute(
        "INSERT INTO jobs (user_id, kind, state, stage, done, total, parameters, report, error, owner, created_at) "
        "VALUES (?, 'import_movielens', 'running', '', 0, 0, '{}', '{}', '', '', 1)",
        ada.id,
    )
    back_up(settings, tmp_path / "busy", force=False, models=False)
    db.close()
    restore(settings, tmp_path / "busy", force=True)
    db.connect(settings)
    [(state, error)] = db.rows("SELECT state, error FROM jobs")
    assert state == "failed"
    assert "Start the job again" in error


def test_undo_after_a_restore_recreates_rows_with_their_ids(
    settings: Settings, ada: Account, elsewhere: Settings, tmp_path: Path
) -> None:
    """New rows get ids above those in the journal, and new jobs ids above those of imports in the journal."""
    runner, heat, alien = map(movie_id, ("tt0083658", "tt0113277", "tt0078748"))
    db.connect(settings)
    rated = [library.rating_change(runner, 2), library.rating_change(heat, 3, review='"id":999999')]
    library.apply(ada.id, rated, what="Imported a file", now=1, job_id=70)
    ratings = [library.rating_of_movie(ada.id, movie) for movie in (runner, heat)]
    removals = [library.removal_change(library.RATINGS, movie) for movie in (runner, heat)]
    library.apply(ada.id, removals, what="Took them back", now=2)
    back_up(settings, tmp_path / "saved", force=False, models=False)
    db.close()
    restore(elsewhere, tmp_path / "saved", force=False)
    db.connect(elsewhere)
    assert jobs.enqueue(ada.id, jobs.IMPORT, {}, now=3).id == 71
    library.undo(ada.id, now=3, is_unfinished=jobs.is_unfinished)
    assert [library.rating_of_movie(ada.id, movie) for movie in (runner, heat)] == ratings
    library.rate(ada.id, alien, 5, now=4)
    highest = max(rating.id for rating in ratings)
    assert library.rating_of_movie(ada.id, alien).id == highest + 1


# The steps before which a restore is killed: every statement, and every change of the file system.
STEPS = [
    (db, "execute"),
    (db, "insert_many"),
    (os, "fsync"),
    (Path, "replace"),
    (Path, "rename"),
    (Path, "mkdir"),
    (Path, "write_text"),
    (shutil, "rmtree"),
]


def restore_in_child(settings: Settings, saved: Path, *, last: int | None = None) -> int:
    """Restore in a child process that is killed before step `last`, and return its number of steps."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os._exit(_restore_and_die(settings, saved, last, writing))
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        steps = len(pipe.read())
    assert status == (0 if last is None else signal.SIGKILL)
    return steps


def _restore_and_die(settings: Settings, saved: Path, last: int | None, pipe: int) -> int:
    numbers = itertools.count(1)

    def before(original: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            if next(numbers) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            os.write(pipe, b".")
            return original(*arguments, **options)

        return step

    for owner, name in STEPS:
        setattr(owner, name, before(getattr(owner, name)))
    try:
        restore(settings, saved, force=True)
    except BaseException:
        return 1
    return 0


def test_restore_killed_at_any_step_leaves_the_old_or_the_new_server(
    settings: Settings, ada: Account, tmp_path: Path
) -> None:
    publish(settings, 5)
    saved, former = tmp_path / "saved", tmp_path / "former"
    back_up(settings, saved, force=False, models=True)
    new = state_of(settings)
    shutil.rmtree(settings.paths.state / "models")
    with running(settings) as daemon:
        daemon.register("late")
    (settings.paths.state / "keys.json").write_bytes(b"{}")
    publish(settings, 9)
    old = state_of(settings)
    assert all(mine != theirs for mine, theirs in zip(old, new, strict=True))
    back_up(settings, former, force=False, models=True)
    db.close()
    other = {"old": ("new", saved), "new": ("old", former)}
    states = {"old": old, "new": new}
    steps = restore_in_child(settings, saved)
    now, changed = "new", []
    # The files are moved in the same way on both.
    for last in [
        steps // 3,
        *range(steps - 8, steps + 1, 1 if settings.database_url.startswith("sqlite") else 4),
    ]:
        wanted, source = other[now]
        restore_in_child(settings, source, last=last)
        hold_daemon_lock(settings).close()  # as the next start does
        state = state_of(settings)
        assert state in (states[now], states[wanted]), f"killed before step {last} of {steps}"
        assert not (settings.paths.state / "restoring").exists()
        changed.append(state == states[wanted])
        now = wanted if changed[-1] else now
    # The old server before some step, the new one from that step on.
    assert changed == sorted(changed)
    assert (changed[0], changed[-1]) == (False, True)


@on_sqlite
def test_operator_backs_up_destroys_and_restores(settings: Settings, ada: Account, tmp_path: Path) -> None:
    home, target = settings.paths.state.parent, str(tmp_path / "films.backup")
    served = Served(home)
    backup = run(home, "backup", target, "--no-models")
    assert backup.returncode == 0, backup.stderr
    assert backup.stdout.startswith(f"{target}: ")
    assert "no model" in backup.stdout
    assert run(home, "backup", target).returncode == 1
    served.stop()
    shutil.rmtree(home / "state")
    restored = run(home, "restore", target)
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout.startswith("restored the server of 20")
    served = Served(home)
    token = {"Authorization": f"Bearer {ada.access}"}
    with urlopen(Request(f"{served.url}/api/v1/auth/me/", headers=token), timeout=120) as answer:
        assert json.load(answer)["username"] == "ada"
    served.stop()
