"""A PostgreSQL cluster for one test run: made on first use, shared by all workers, gone afterwards.

Data that nobody needs tomorrow need not reach the disk: without fsync a database is copied and dropped several
times as fast. `synchronous_commit` stays on, so that what a test sees is what users see.

The cluster belongs to a keeper, a process of its own that ends it and removes its folder when it is asked to, or
when the process that runs the tests is gone, however it went (Ctrl-C, a kill, a crash).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from tests.waiting import wait_until

PROGRAMS = ("initdb", "pg_ctl", "postgres")
# Accounts that run the cluster where the tests run as root, which PostgreSQL refuses.
UNPRIVILEGED = ("postgres", "nobody")
OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    # Dropping a database looks through all of them.
    "shared_buffers": "32MB",
    # Only the socket in the folder.
    "listen_addresses": "",
}
START_SECONDS = 120.0
LOOK_SECONDS = 0.1

# In the environment of the workers: the folder of this run's cluster, and the process it must not outlive.
FOLDER, OWNER = "MOVIEREC_TEST_CLUSTER", "MOVIEREC_TEST_CLUSTER_OWNER"
# In the folder once the cluster answers: the process that ends it.
KEEPER = "keeper"


class NoCluster(Exception):
    """A cluster could not be made; the message says why."""


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL installed here, None if there is none."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: (
            float(folder.parent.name) if folder.parent.name.replace(".", "").isdigit() else 0.0
        ),
        reverse=True,
    )
    on_path = shutil.which("initdb")
    candidates = [*installed, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((each for each in candidates if all((each / name).exists() for name in PROGRAMS)), None)


def reserve() -> None:
    """Choose the folder of this run's cluster, without making anything yet. Called once, before workers start."""
    folder = Path(tempfile.gettempdir()) / f"movierec-postgres-{os.getpid()}-{time.time_ns():x}"
    os.environ[FOLDER], os.environ[OWNER] = str(folder), str(os.getpid())


def url() -> str:
    """Return the address of this run's cluster, starting it where no worker has. Raises NoCluster."""
    folder = Path(os.environ[FOLDER])
    with _locked(folder.with_suffix(".lock")):
        if not (folder / KEEPER).exists():
            _start(folder, int(os.environ[OWNER]))
    return f"postgresql://movierec@{quote(str(folder), safe='')}/postgres"


def remove() -> None:
    """End this run's cluster, if any worker started it. Returns when its folder is gone."""
    folder = Path(os.environ.pop(FOLDER))
    try:
        os.kill(int((folder / KEEPER).read_text()), signal.SIGTERM)
        wait_until(lambda: not folder.exists(), what=f"PostgreSQL has ended and {folder} is removed")
    except (FileNotFoundError, ProcessLookupError):
        pass  # not started, or not yet: then its keeper sees that this process has ended
    finally:
        folder.with_suffix(".lock").unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(folder: Path, owner: int) -> None:
    """Start a keeper and wait until its cluster answers."""
    binaries = programs()
    if binaries is None:
        raise NoCluster("PostgreSQL's programs (initdb, pg_ctl) are not installed")
    read, write = os.pipe()
    with open(read, encoding="utf-8") as answer:
        try:
            _keepers.append(
                subprocess.Popen(
                    [sys.executable, "-m", __name__, str(folder), str(owner), str(binaries), str(write)],
                    cwd=Path(__file__).parents[1],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[write],
                    start_new_session=True,
                )
            )
        finally:
            os.close(write)
        failure = answer.read()
    if failure:
        _keepers.pop().wait()
        raise NoCluster(failure)


# Kept so that nobody complains of processes that still run: they end after this one.
_keepers: list[subprocess.Popen[bytes]] = []


class Keeper:
    """Makes a cluster in a folder, and ends it with the process that it is for."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder, self._binaries, self._data = folder, binaries, folder / "data"
        self._account = _unprivileged_account() if os.geteuid() == 0 else None
        self._stopped = False
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, *_: object) -> None:
        self._stopped = True

    def start(self) -> None:
        """Make and start the cluster. Raises NoCluster."""
        self._folder.mkdir(mode=0o700)
        if self._account:
            os.chown(self._folder, self._account.pw_uid, self._account.pw_gid)
        self._run("initdb", "-U", "movierec", "--auth=trust", "--no-sync", "--no-instructions", "-E", "UTF8")
        options = {**OPTIONS, "unix_socket_directories": str(self._folder)}
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in options.items())
        self._run("pg_ctl", "start", "--wait", "--silent", "--log", str(self._folder / "log"))
        (self._folder / KEEPER).write_text(str(os.getpid()))

    def watch(self, owner: int) -> None:
        """Return when the process `owner` has ended, or SIGTERM came."""
        while not self._stopped and _runs(owner):
            time.sleep(LOOK_SECONDS)  # clock: nothing tells the end of a process that is not a child

    def end(self) -> None:
        with contextlib.suppress(NoCluster, OSError):
            self._run("pg_ctl", "stop", "--wait", "--silent", "--mode=immediate")
        self._folder.with_suffix(".lock").unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        account = self._account
        result = subprocess.run(
            [str(self._binaries / program), "-D", str(self._data), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=START_SECONDS,
            cwd=self._folder,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        if result.returncode:
            raise NoCluster(f"{program}: {result.stderr.strip()}")


def _unprivileged_account() -> pwd.struct_passwd:
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoCluster(f"PostgreSQL does not run as root, and there is no account {' or '.join(UNPRIVILEGED)}")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def main() -> None:
    """The keeper: FOLDER OWNER PROGRAMS DESCRIPTOR; says on the descriptor why it failed, or closes it when ready."""
    folder, owner, binaries, descriptor = sys.argv[1:]
    keeper: Keeper | None = None
    try:
        with open(int(descriptor), "w", encoding="utf-8") as answer:
            try:
                keeper = Keeper(Path(folder), Path(binaries))
                keeper.start()
            except (NoCluster, OSError, subprocess.SubprocessError) as error:
                answer.write(str(error) or type(error).__name__)
                return
        keeper.watch(int(owner))
    finally:
        if keeper is not None:
            keeper.end()


if __name__ == "__main__":
    main()
