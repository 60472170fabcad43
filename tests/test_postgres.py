"""The tests' own PostgreSQL: made once a run, shared, and gone however the run ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from tests import postgres
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(
    postgres.programs() is None, reason="PostgreSQL's programs are not installed: no cluster to test"
)

# A run of tests that uses a cluster twice, as two workers do, and then does what it is told.
RUN = """
import os, signal, sys
from tests import postgres
# A run in the background ignores SIGINT, which its children inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
postgres.reserve()
with_url = [postgres.url(), postgres.url()]
assert len(set(with_url)) == 1
print(with_url[0], os.environ[postgres.FOLDER], flush=True)
sys.stdin.readline()
postgres.remove()
"""


@pytest.fixture
def run() -> Iterator[subprocess.Popen[str]]:
    environment = {
        name: value for name, value in os.environ.items() if name not in (postgres.FOLDER, postgres.OWNER)
    }
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", RUN],
        cwd=Path(__file__).parents[1],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def started(run: subprocess.Popen[str]) -> tuple[str, Path]:
    assert run.stdout is not None
    url, folder = run.stdout.readline().split()
    return url, Path(folder)


def test_a_cluster_waits_for_no_disk_and_is_gone_with_its_run(run: subprocess.Popen[str]) -> None:
    url, folder = started(run)
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('fsync'), current_setting('full_page_writes'), "
            "current_setting('synchronous_commit'), current_setting('listen_addresses')"
        )
        assert cursor.fetchone() == ("off", "off", "on", "")
    connection.close()
    run.communicate("\n", timeout=120)
    assert run.returncode == 0
    assert not folder.exists()
    assert not folder.with_suffix(".lock").exists()


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_broken_off_leaves_no_cluster(run: subprocess.Popen[str], by: signal.Signals) -> None:
    _url, folder = started(run)
    server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(run.pid, by)
    run.wait(120)
    wait_until(lambda: not folder.exists(), what="the folder is removed")
    wait_until(lambda: not Path(f"/proc/{server}").exists(), what="PostgreSQL has ended")


def test_workers_share_one_cluster() -> None:
    with ThreadPoolExecutor(4) as workers:
        assert len(set(workers.map(lambda _: postgres.url(), range(4)))) == 1


def test_without_programs_there_is_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(postgres.FOLDER, str(tmp_path / "cluster"))
    monkeypatch.setattr(postgres, "programs", lambda: None)
    with pytest.raises(postgres.NoCluster, match="not installed"):
        postgres.url()


def test_a_cluster_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    reserved = Path(f"{os.environ[postgres.FOLDER]}-broken")
    monkeypatch.setenv(postgres.FOLDER, str(reserved))
    # Not in the folder of the test: another account than this one cannot look into it.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        initdb = Path(folder) / "initdb"
        initdb.write_text("#!/bin/sh\necho no room on this disk >&2; exit 1\n")
        initdb.chmod(0o755)
        monkeypatch.setattr(postgres, "programs", lambda: Path(folder))
        with pytest.raises(postgres.NoCluster, match="no room on this disk"):
            postgres.url()
    assert not reserved.exists()
    postgres.remove()
    assert not reserved.with_suffix(".lock").exists()
