"""`movierec-server` as a process: start, shutdown, crash recovery, refusal of invalid settings."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from movierec import __version__
from movierec.config import Settings
from tests.preloaded import ForkedProcess
from tests.running import PASSWORD
from tests.waiting import wait_until

COMMAND = [sys.executable, "-c", "from movierec.daemon.app import main; main()"]


def environment(home: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "MOVIEREC_HOME": str(home),
        "MOVIEREC_AUTH__BCRYPT_COST": "4",
        "MOVIEREC_RECOMMENDER__TRAINING_THREADS": "1",
        **more,
    }


def run(home: Path, *arguments: str, text: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(home, **more),
        input=text,
        capture_output=True,
        text=True,
        timeout=300,
    )


class Served:
    """A daemon in a separate process."""

    def __init__(self, home: Path, *arguments: str, **more: str) -> None:
        self.process = self._start(["serve", "--port", "0", *arguments], environment(home, **more))
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline().strip()
        self.url = self.first_line.removeprefix("listening on ")

    def _start(
        self, arguments: list[str], environment: dict[str, str]
    ) -> ForkedProcess | subprocess.Popen[str]:
        return ForkedProcess(arguments, environment)

    def get(self, path: str) -> Any:
        with urlopen(self.url + path, timeout=120) as answer:
            return answer.read()

    def post(self, path: str, **document: str) -> Any:
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(self.url + path, json.dumps(document).encode(), headers), timeout=120) as answer:
            return answer.read()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=120)
        return self.process.returncode, errors


class ServedByCommand(Served):
    """A daemon started as an operator does."""

    def _start(
        self, arguments: list[str], environment: dict[str, str]
    ) -> ForkedProcess | subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


# One database is enough for tests of the process; the services are tested on both.
on_sqlite = pytest.mark.parametrize("template", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("template", ["postgresql"], indirect=True)


@pytest.fixture
def home(settings: Settings) -> Path:
    """Return a home folder with a few movies, so that the first start does not seed the catalogue."""
    return settings.paths.state.parent


@on_sqlite
def test_daemon_prints_its_address_serves_and_exits_with_0(home: Path) -> None:
    served = ServedByCommand(home)
    assert served.first_line.startswith("listening on http://127.0.0.1:")
    assert b'"status":"ok"' in served.get("/health/ready/")
    code, errors = served.stop()
    assert code == 0, errors
    assert not (home / "state" / "movierec.sqlite3-wal").exists()


@on_sqlite
def test_shutdown_finishes_requests_in_flight(home: Path) -> None:
    served = Served(home)
    answers: list[bytes] = []
    readers = [threading.Thread(target=lambda: answers.append(served.get("/health/"))) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    code, errors = served.stop(signal.SIGINT)
    assert code == 0, errors
    assert len(answers) == 8


@on_sqlite
def test_shutdown_does_not_wait_for_an_endless_body(home: Path) -> None:
    served = Served(home, MOVIEREC_SERVER__SHUTDOWN_SECONDS="1")
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        time.sleep(0.3)  # clock: the daemon reads the head first
        code, _ = served.stop()
        assert code == 0


@on_sqlite
def test_acknowledged_writes_survive_a_kill(home: Path) -> None:
    served = Served(home)
    names = [f"user{number}" for number in range(20)]
    for name in names:
        served.post(
            "/api/v1/auth/",
            username=name,
            email=f"{name}@example.org",
            password=PASSWORD,
            password_confirm=PASSWORD,
        )
    served.stop(signal.SIGKILL)
    again = Served(home)
    for name in names:
        assert b"access" in again.post("/api/v1/auth/login/", username=name, password=PASSWORD)
    again.stop()


@on_sqlite
def test_logs_are_json_lines_without_secrets(home: Path) -> None:
    served = ServedByCommand(home)
    served.get("/health/")
    _, errors = served.stop()
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    assert any(line["message"] == "request" and line["route"] == "/health/" for line in lines)
    assert all("?" not in str(line.get("route")) for line in lines)


def test_invalid_settings_exit_with_78_and_one_line(tmp_path: Path) -> None:
    for more, message in (
        ({"MOVIEREC_SERVER__PROT": "1"}, "Did you mean port"),
        ({"MOVIEREC_SERVER__WORKERS": "2"}, "PostgreSQL"),
        ({"MOVIEREC_DATABASE__URL": "nonsense"}, "database.url"),
    ):
        ended = run(tmp_path, "serve", **more)
        assert ended.returncode == 78
        assert message in ended.stderr
        assert "Traceback" not in ended.stderr


@on_sqlite
def test_port_in_use_names_the_remedy(home: Path) -> None:
    served = Served(home)
    ended = run(home, "serve", "--port", served.url.rpartition(":")[2])
    assert ended.returncode == 78
    assert "Cannot listen" in ended.stderr
    assert "MOVIEREC_SERVER" in ended.stderr  # the command line must use the new address
    served.stop()


@on_sqlite
def test_administrator_is_created_from_standard_input(home: Path) -> None:
    arguments = ("create-admin", "--username", "root", "--email", "root@example.org", "--password-stdin")
    created = run(home, *arguments, text="correct horse battery\n")
    assert created.returncode == 0, created.stderr
    assert "root has the staff role" in created.stdout
    again = run(home, *arguments, text="correct horse battery\n")
    assert again.returncode == 1
    assert "taken" in again.stderr
    weak = run(home, *arguments[:2], "boss", *arguments[3:], text="short\n")
    assert weak.returncode == 1
    assert "password" in weak.stderr


@on_sqlite
def test_audit_prints_the_audit_log(home: Path) -> None:
    arguments = ("create-admin", "--username", "root", "--email", "root@example.org", "--password-stdin")
    run(home, *arguments, text="correct horse battery\n")
    [line] = run(home, "audit").stdout.splitlines()
    assert line.split("\t")[1:] == ["registered", "user:1", "", "", "administrator"]
    assert json.loads(run(home, "audit", "--json").stdout)[0]["event"] == "registered"


@on_sqlite
def test_check_and_config_example_print_the_settings(home: Path) -> None:
    checked = run(home, "check")
    assert checked.returncode == 0, checked.stderr
    assert "SQLite" in checked.stdout
    assert "[server]" in run(home, "config-example").stdout
    assert run(home, "--version").stdout.strip() == f"movierec-server {__version__}"


@on_postgresql
def test_several_workers_share_a_port_on_postgresql(settings: Settings, tmp_path: Path) -> None:
    served = ServedByCommand(tmp_path, "--workers", "2", MOVIEREC_DATABASE__URL=settings.database_url)
    for _ in range(10):
        assert b"ok" in served.get("/health/ready/")
    file = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children")
    killed, other = file.read_text().split()
    os.kill(int(killed), signal.SIGKILL)

    def is_replaced() -> bool:
        workers = file.read_text().split()
        return len(workers) == 2 and killed not in workers and other in workers

    wait_until(is_replaced, what="another worker for the killed one")
    assert b"ok" in served.get("/health/ready/")
    code, errors = served.stop()
    assert code == 0, errors
