"""Fixtures of all tests: real databases, a real daemon on a real socket, guards for home and network."""

from __future__ import annotations

import os

# Before numpy is imported: threads that wait for each other on small matrices cost several times their work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import gc
import socket
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from movierec import config, db
from movierec.config import Settings
from tests import postgres
from tests.long import short_or_long

if TYPE_CHECKING:
    from tests.running import RunningDaemon

IN_CI = bool(os.environ.get("CI"))

# Used where neither MOVIEREC_TEST_POSTGRES names a server nor PostgreSQL's programs are installed.
DEFAULT_POSTGRES = "postgresql:///postgres"


def pytest_configure(config: pytest.Config) -> None:
    if not _is_worker(config):
        postgres.reserve()
    if _is_worker(config) or config.getoption("dist", "no") == "no":
        _use_hypothesis_profile()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Also after Ctrl-C."""
    if preloaded := sys.modules.get("tests.preloaded"):
        preloaded.stop()
    if not _is_worker(config):
        postgres.remove()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _use_hypothesis_profile() -> None:
    """Generated input without a deadline: a busy machine is no failure. `@settings` of a test win over this."""
    import hypothesis  # a second that the process which only hands out tests does not need

    hypothesis.settings.register_profile(
        "movierec",
        deadline=None,
        max_examples=short_or_long(100, 2_000),
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("movierec")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Keep long bytes out of test names: an archive contains its time, and workers must agree on names."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse names that differ between workers: an address in memory, from `ids=str` or `repr`."""
    unstable = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if unstable:
        raise pytest.UsageError(f"give these tests ids that workers agree on: {unstable[:3]}")


def pytest_collection_finish() -> None:
    """Spare the garbage collector what lives to the end: modules and collected tests are a million objects."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _no_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests never touch the files of the user who runs them."""
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith(("MOVIEREC_", "XDG_"))]:
        if not name.startswith("MOVIEREC_TEST_"):
            patch.delenv(name)
    patch.setenv("HOME", str(home))
    yield
    patch.undo()
    assert not any(home.iterdir()), f"a test wrote into the home folder: {list(home.iterdir())}"


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Refuse connections to other machines."""
    patch = pytest.MonkeyPatch()
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "unix"
        assert host in ("unix", "127.0.0.1", "::1", "localhost"), f"a test connects to {host}"
        connect(self, address)  # type: ignore[arg-type]

    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with MovieLens and TMDb data that is not part of the project."""
    variable = os.environ.get("MOVIEREC_TEST_DATA")
    folder = Path(variable) if variable else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no test data here: set MOVIEREC_TEST_DATA to the folder that holds ml-latest-small")
    return folder


@pytest.fixture(scope="session")
def movielens(test_data: Path) -> Path:
    folder = test_data / "ml-latest-small"
    if not folder.is_dir():
        pytest.skip("no ml-latest-small in the test data")
    return folder


def make_settings(home: Path, **environment: str) -> Settings:
    """Return settings with all folders under `home`, cheap password hashes, and these variables."""
    return config.load(
        environ={
            "MOVIEREC_HOME": str(home),
            "HOME": str(home),
            "MOVIEREC_AUTH__BCRYPT_COST": "4",
            "MOVIEREC_RECOMMENDER__TRAINING_THREADS": "1",
            **environment,
        }
    )


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[str]:
    """One server for the PostgreSQL tests; each test gets a database of its own in it."""
    import psycopg2

    server, reason = _choose_postgres()
    try:
        psycopg2.connect(server, connect_timeout=30).close()
    except psycopg2.OperationalError as error:
        reason = f"no PostgreSQL: {reason or 'MOVIEREC_TEST_POSTGRES'}; {server}: {error}".strip()
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    yield server
    for connection in _administrators.values():
        connection.close()
    _administrators.clear()


def _choose_postgres() -> tuple[str, str]:
    """Return a server's address, and why it is not the tests' own one."""
    if given := os.environ.get("MOVIEREC_TEST_POSTGRES"):
        return given, ""
    try:
        return postgres.url(), ""
    except postgres.NoCluster as error:
        return DEFAULT_POSTGRES, str(error)


def postgres_url(server: str, name: str) -> str:
    """The address of another database on the same server."""
    return f"{server.rpartition('/')[0]}/{name}"


# A connection to each server, for making and dropping databases.
_administrators: dict[str, Any] = {}


def _administer(server: str, statement: str) -> None:
    import psycopg2

    if server not in _administrators:
        _administrators[server] = psycopg2.connect(server)
        _administrators[server].autocommit = True
    with _administrators[server].cursor() as cursor:
        cursor.execute(statement)


def _copy_database(server: str, name: str, template: str) -> None:
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}{_copy_strategy(server)}")


def _copy_strategy(server: str) -> str:
    """Copying files is the fastest where nothing waits for the disk."""
    own = "MOVIEREC_TEST_POSTGRES" not in os.environ and _administrators[server].server_version >= 150_000
    return " STRATEGY FILE_COPY" if own else ""


class Template:
    """A migrated database, filled once a session and copied for each test."""

    def __init__(self, folder: Path, postgres_server: str | None) -> None:
        self.folder = folder
        self.postgres_server = postgres_server
        self.name = f"movierec_test_{uuid.uuid4().hex[:12]}"
        if postgres_server:
            _administer(postgres_server, f"CREATE DATABASE {self.name}")
        self.settings = make_settings(folder, **self._url(self.name, folder / "template.sqlite3"))
        db.connect(self.settings)
        db.migrate()
        self.fill()
        db.close()

    def fill(self) -> None:
        from tests.films import store_movies

        store_movies()
        db.increment_revision("starter")  # a daemon on this database shall not load the shipped films

    def _url(self, name: str, path: Path) -> dict[str, str]:
        if not self.postgres_server:
            return {"MOVIEREC_DATABASE__URL": f"sqlite:///{path}"}
        return {"MOVIEREC_DATABASE__URL": postgres_url(self.postgres_server, name)}

    def copy(self, home: Path, **environment: str) -> Iterator[Settings]:
        """Settings whose database is a fresh copy; gone afterwards."""
        name = f"{self.name}_{uuid.uuid4().hex[:8]}"
        path = home / "state" / "movierec.sqlite3"
        if self.postgres_server:
            _copy_database(self.postgres_server, name, self.name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((self.folder / "template.sqlite3").read_bytes())
        try:
            yield make_settings(home, **self._url(name, path), **environment)
        finally:
            db.close()
            if self.postgres_server:
                _administer(self.postgres_server, f"DROP DATABASE {name} WITH (FORCE)")

    def drop(self) -> None:
        if self.postgres_server:
            _administer(self.postgres_server, f"DROP DATABASE {self.name} WITH (FORCE)")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def template(request: pytest.FixtureRequest) -> Iterator[Template]:
    """Some forty films, on each database."""
    server = request.getfixturevalue("_postgres_server") if request.param == "postgresql" else None
    with tempfile.TemporaryDirectory() as folder:
        made = Template(Path(folder), server)
        yield made
        made.drop()


class EmptyDatabases:
    """Makes databases without a single table, and removes them."""

    def __init__(self, folder: Path, postgres_server: str | None) -> None:
        self._folder = folder
        self._server = postgres_server
        self._names: list[str] = []

    def make(self) -> Settings:
        name = f"movierec_test_{uuid.uuid4().hex[:12]}"
        self._names.append(name)
        home = self._folder / name
        if not self._server:
            return make_settings(home)
        _administer(self._server, f"CREATE DATABASE {name}")
        return make_settings(home, MOVIEREC_DATABASE__URL=postgres_url(self._server, name))

    def remove(self) -> None:
        for name in self._names if self._server else ():
            _administer(str(self._server), f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmptyDatabases]:
    server = request.getfixturevalue("_postgres_server") if request.param == "postgresql" else None
    made = EmptyDatabases(tmp_path, server)
    yield made
    made.remove()


@pytest.fixture
def settings(template: Template, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a daemon with a few movies, on each database."""
    yield from template.copy(tmp_path / "movierec")


@pytest.fixture
def database(settings: Settings) -> Iterator[Settings]:
    """A connected database with a few movies, for tests of services."""
    db.connect(settings)
    yield settings
    db.close()


@pytest.fixture(scope="module")
def module_daemon(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """One daemon for all tests of a file, which may use no other one: a process has one database."""
    from tests.running import Daemon  # imports the whole package, as above

    for settings in template.copy(tmp_path_factory.mktemp("module") / "movierec"):
        with Daemon(settings) as running:
            yield running


@pytest.fixture
def daemon(settings: Settings) -> Iterator[RunningDaemon]:
    """A daemon on a loopback port with a few movies, on each database."""
    from tests.running import Daemon

    with Daemon(settings) as running:
        yield running
