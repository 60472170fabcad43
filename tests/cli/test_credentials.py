"""The credential file: private, complete after any crash, shared by processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from movierec.cli.credentials import CredentialFile
from movierec.client import StoredTokens

HERE, THERE = "http://127.0.0.1:8000", "https://films.example.org"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "cli"


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_nothing_is_written_before_the_first_save(folder: Path) -> None:
    assert CredentialFile(folder, HERE).load() is None
    assert not folder.exists()


def test_each_server_has_its_own_tokens(folder: Path) -> None:
    here, there = CredentialFile(folder, HERE), CredentialFile(folder, THERE)
    here.save(StoredTokens("a1", "r1"), "ada")
    there.save(StoredTokens("a2", "r2"), "bob")
    assert (here.load(), here.username) == (StoredTokens("a1", "r1"), "ada")
    assert (there.load(), there.username) == (StoredTokens("a2", "r2"), "bob")
    here.delete()
    here.delete()
    assert here.load() is None
    assert there.load() == StoredTokens("a2", "r2")


def test_refresh_keeps_the_user_name(folder: Path) -> None:
    store = CredentialFile(folder, HERE)
    store.save(StoredTokens("a1", "r1"), "ada")
    store.save(StoredTokens("a2", "r2"))
    assert (store.load(), store.username) == (StoredTokens("a2", "r2"), "ada")


def test_file_and_folder_are_private_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0)
    try:
        CredentialFile(folder, HERE).save(StoredTokens("a", "r"), "ada")
    finally:
        os.umask(before)
    assert mode(folder) == "0o700"
    assert {mode(path) for path in folder.iterdir()} == {"0o600"}


def test_access_of_other_users_is_removed_with_a_warning(folder: Path, capsys: Any) -> None:
    store = CredentialFile(folder, HERE)
    store.save(StoredTokens("a", "r"), "ada")
    store.path.chmod(0o644)
    folder.chmod(0o755)
    assert store.load() == StoredTokens("a", "r")
    assert (mode(store.path), mode(folder)) == ("0o600", "0o700")
    assert "was readable by other users" in capsys.readouterr().err


DAMAGED = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'{"servers": []}',
    b'{"servers": {"%s": {"access": 1, "refresh": "r", "username": "u"}}}' % HERE.encode(),
    b'{"servers": {"%s": null}}' % HERE.encode(),
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", DAMAGED)
def test_damaged_file_is_set_aside_with_a_warning(folder: Path, capsys: Any, content: bytes) -> None:
    store = CredentialFile(folder, HERE)
    store.save(StoredTokens("a", "r"), "ada")
    store.path.write_bytes(content)
    assert store.load() is None
    assert "is damaged" in capsys.readouterr().err
    assert (folder / "credentials.json.damaged").read_bytes() == content
    store.save(StoredTokens("b", "s"), "ada")
    assert store.load() == StoredTokens("b", "s")
    assert capsys.readouterr().err == ""


WRITER = """
import sys
from pathlib import Path
from movierec.cli.credentials import CredentialFile
from movierec.client import StoredTokens

folder, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = CredentialFile(folder, name)
print("ready", flush=True)
for number in range(rounds):
    store.save(StoredTokens(f"a{number}" * 1000, f"r{number}" * 1000), "ada")
"""


def writer(folder: Path, server: str, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), server, str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_concurrent_writers_lose_nothing(folder: Path) -> None:
    writers = [writer(folder, f"http://server{number}", 20) for number in range(4)]
    assert [process.wait(300) for process in writers] == [0] * 4
    for process in writers:
        assert process.stdout
        process.stdout.close()
    servers = CredentialFile(folder, HERE).servers()
    assert {name: entry["access"] for name, entry in servers.items()} == {
        f"http://server{number}": "a19" * 1000 for number in range(4)
    }


def test_killed_writer_leaves_a_complete_file(folder: Path) -> None:
    CredentialFile(folder, THERE).save(StoredTokens("a", "r"), "bob")
    for round_number in range(8):
        with writer(folder, HERE, 1_000_000) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.01 + 0.007 * round_number)  # clock: kill it at different moments
            process.send_signal(signal.SIGKILL)
        servers = json.loads((folder / "credentials.json").read_text())["servers"]
        assert servers[THERE] == {"username": "bob", "access": "a", "refresh": "r"}
        # The lock of the dead process is free, and its temporary file does no harm.
        CredentialFile(folder, THERE).save(StoredTokens("a", "r"))
    assert len(list(folder.iterdir())) <= 3
