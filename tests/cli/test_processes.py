"""Commands in separate processes: concurrent, killed, at a real terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from movierec import db
from tests.cli.running import Shell
from tests.running import RunningDaemon

MOVIEREC = [sys.executable, "-c", "import sys; from movierec.cli.app import main; sys.exit(main())"]


def environment(shell: Shell) -> dict[str, str]:
    return {**os.environ, "MOVIEREC_HOME": str(shell.home), "MOVIEREC_SERVER": shell.server}


def start(shell: Shell, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*MOVIEREC, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment(shell),
    )


def test_eight_processes_with_one_expired_token_share_one_refresh(ada: Shell, daemon: RunningDaemon) -> None:
    daemon.clock.advance(2 * 3600)
    processes = [start(ada, "whoami") for _ in range(8)]
    for process in processes:
        out, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (0, "")
        assert out.startswith("username\tada\n")
    assert db.value("SELECT count(*) FROM refresh_tokens WHERE used_at IS NOT NULL") == 1
    assert ada.run("whoami").code == 0


def test_processes_killed_while_refreshing_leave_complete_credentials(
    ada: Shell, daemon: RunningDaemon
) -> None:
    for round_number in range(6):
        daemon.clock.advance(2 * 3600)
        process = start(ada, "whoami")
        time.sleep(0.12 + 0.03 * round_number)  # clock: kill it at different moments
        process.send_signal(signal.SIGKILL)
        process.communicate()
        # In the worst case it is killed between the response and the write: a retry returns the same tokens.
        assert ada.run("whoami").rows()[0] == ["username", "ada"]


def test_ctrl_c_at_a_prompt_exits_with_130(ada: Shell) -> None:
    import pty

    process_id, terminal = pty.fork()
    if process_id == 0:
        # A test run in the background ignores SIGINT, which children inherit.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execve(sys.executable, [*MOVIEREC, "login", "ada"], environment(ada))
    screen = b""
    while b"Password:" not in screen:
        screen += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    _, status = os.waitpid(process_id, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 130
    assert b"Traceback" not in screen


def test_help_and_version_need_no_home_folder(tmp_path: Path) -> None:
    nowhere = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "none")}
    for arguments in (["--version"], ["--help"], ["rate", "--help"]):
        result = subprocess.run([*MOVIEREC, *arguments], env=nowhere, capture_output=True, text=True)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout
    assert not (tmp_path / "none").exists()
