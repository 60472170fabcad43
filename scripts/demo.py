"""`make demo`: start a daemon on a free port with a temporary folder, and use it as a person would.

Every step runs the command `movierec` on a pseudo-terminal. Everything is removed at the end.
"""

# ruff: noqa: S603, S606 (it runs the commands of the project, without a shell)

from __future__ import annotations

import argparse
import codecs
import contextlib
import fcntl
import json
import os
import pty
import secrets
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
START_SECONDS = 60
STOP_SECONDS = 30
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

RATINGS = [
    ("Alien", "5"),
    ("Blade Runner", "5"),
    ("The Thing", "4.5"),
    ("2001: A Space Odyssey", "4.5"),
    ("Fargo", "4"),
    ("Notting Hill", "1.5"),
]


class Failure(Exception):
    """A promise of the demo that was not kept."""


class Person:
    """A person at a terminal, with a home folder and the address of a daemon."""

    def __init__(self, home: Path, server: str) -> None:
        self.environment = {
            **_environment(home),
            "MOVIEREC_SERVER": server,
            # Output to a log file has no colours and no progress bars.
            "TERM": os.environ.get("TERM", "xterm-256color") if sys.stdout.isatty() else "dumb",
        }

    def run(self, *arguments: str, answers: Sequence[tuple[str, str]] = ()) -> None:
        """Run a command and show its output. Each of `answers` is typed when its prompt appears."""
        print(f"\n$ movierec {shlex.join(arguments)}", flush=True)
        process_id, terminal = pty.fork()
        if process_id == 0:
            os.execve(BIN / "movierec", ["movierec", *arguments], self.environment)
        try:
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, _width(), 0, 0))
            _converse(terminal, list(answers))
            _, status = os.waitpid(process_id, 0)
        except BaseException:
            os.kill(process_id, signal.SIGKILL)
            os.waitpid(process_id, 0)
            raise
        if code := os.waitstatus_to_exitcode(status):
            raise Failure(f"movierec {shlex.join(arguments)} ended with exit code {code}")

    def run_json(self, *arguments: str) -> Any:
        """Return the JSON of a command, which is not shown: for checks of the demo."""
        command = [str(BIN / "movierec"), *arguments, "--json"]
        return json.loads(subprocess.check_output(command, env=self.environment))


def _converse(terminal: int, answers: list[tuple[str, str]]) -> None:
    """Show the output of a terminal until its program ends, and type the answers."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    unanswered = ""
    # A terminal ends with EIO.
    with os.fdopen(terminal, "r+b", buffering=0) as screen, contextlib.suppress(OSError):
        while data := screen.read(65536):
            text = decode(data).replace("\r\n", "\n")
            print(text, end="", flush=True)
            unanswered += text
            if answers and unanswered.endswith(answers[0][0]):
                screen.write(f"{answers.pop(0)[1]}\n".encode())
                unanswered = ""


def _width() -> int:
    """Return the width of the real terminal, limited to a readable range."""
    return min(max(shutil.get_terminal_size((100, 40)).columns, 80), 120)


def _environment(home: Path) -> dict[str, str]:
    """Return the environment without the MOVIEREC_* variables of the person who runs the demo."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIEREC_")}
    return {**kept, "MOVIEREC_HOME": str(home)}


def print_heading(text: str) -> None:
    """Print a heading."""
    print(f"\n# {text}", flush=True)


@contextlib.contextmanager
def daemon(home: Path) -> Iterator[str]:
    """Run a daemon with all its files below `home` and yield its address."""
    log = home / "daemon.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [BIN / "movierec-server", "serve", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(home),
            text=True,
            # Ctrl-C reaches only the demo, which stops the daemon itself.
            start_new_session=True,
        )
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout
        process.stdout.close()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """Return the address in the first line that the daemon prints."""
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline() if ready else "nothing was printed\n"
    if not line.startswith("listening on "):
        raise Failure(f"The daemon did not start: {line}{log.read_text(errors='replace')[-2000:]}")
    return line.removeprefix("listening on ").strip()


def rate_and_recommend(person: Person, password: str) -> None:
    """Search, rate, get recommendations, dismiss one."""
    print_heading("A new account")
    twice = [("Password: ", password), ("Again: ", password)]
    person.run("register", "ada", "--email", "ada@example.org", answers=twice)
    print_heading("Typing errors are tolerated")
    person.run("search", "shawshenk", "redemtion")
    person.run("show", "Blade Runner")
    print_heading("Six ratings are enough for recommendations")
    for title, stars in RATINGS:
        # The first of several movies of one title.
        person.run("rate", title, stars, answers=[("empty for none: ", "1")])
    person.run("recommend", "--limit", "10")
    dismissed = person.run_json("recommend", "--limit", "10")[0]["movie"]
    name = f"{dismissed['title']} ({dismissed['year']})"
    print_heading("The contribution of each rating")
    person.run("explain", name)
    person.run("similar", "Amélie", "--limit", "5")
    print_heading("Dismiss it")
    person.run("dismiss", name)
    person.run("recommend", "--limit", "5")
    remaining = [item["movie"]["id"] for item in person.run_json("recommend", "--limit", "100")]
    if dismissed["id"] in remaining or not remaining:
        raise Failure(f"{dismissed['title']} was dismissed and is still recommended.")
    print_heading(f"{dismissed['title']} is not recommended any more.")


def use_library(person: Person) -> None:
    """Use the watchlist, the history, undo and the statistics."""
    print_heading("Watchlist and history")
    person.run("watchlist", "add", "Seven Samurai", "--note", "with Bob, on the big screen")
    person.run("history", "add", "Blade Runner", "--on", "yesterday", "--tag", "cinema")
    print_heading("Undo of a wrong rating")
    person.run("rate", "Fargo", "1/10")
    person.run("undo")
    [rated] = person.run_json("ratings", "--search", "Fargo")
    if rated["rating"] != 4:
        raise Failure("The rating was undone and differs from before.")
    print_heading("Statistics")
    person.run("stats", "--top", "5")


def import_community(person: Person, home: Path, movielens: Path, password: str) -> None:
    """Import community ratings, train a model and compare the recommendations."""
    before = person.run_json("recommend", "--limit", "10")
    print_heading("An administrator imports community ratings")
    arguments = ["create-admin", "--username", "root", "--email", "root@example.org", "--password-stdin"]
    print(f"\n$ movierec-server {shlex.join(arguments)}", flush=True)
    command = [str(BIN / "movierec-server"), *arguments]
    subprocess.run(command, env=_environment(home), input=password, text=True, check=True)
    admin = Person(home, person.environment["MOVIEREC_SERVER"])
    admin.environment["MOVIEREC_HOME"] = str(home / "admin")
    admin.run("login", "root", answers=[("Password: ", password)])
    admin.run("import", "movielens", str(movielens))
    admin.run("admin", "train")
    print_heading("Ada's recommendations now")
    person.run("recommend", "--limit", "10")
    ids_before = {item["movie"]["id"] for item in before}
    after = person.run_json("recommend", "--limit", "10")
    new = [item["movie"]["title"] for item in after if item["movie"]["id"] not in ids_before]
    print_heading(f"{len(new)} of 10 are new: {', '.join(new)}" if new else "The same ten movies.")


def main() -> int:
    """Run the demo and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movielens", type=Path, help="folder or zip of a MovieLens dataset")
    options = parser.parse_args()
    # Every stop signal is handled like Ctrl-C, so that everything below is cleaned up.
    for number in STOPS:
        signal.signal(number, _stop)
    began, password = time.monotonic(), secrets.token_urlsafe(16)
    try:
        with tempfile.TemporaryDirectory(prefix="movierec-demo-") as folder:
            home = Path(folder)
            print_heading("Start a daemon with an empty database")
            with daemon(home) as server:
                print(f"listening on {server} after {time.monotonic() - began:.1f} s")
                person = Person(home, server)
                rate_and_recommend(person, password)
                use_library(person)
                if options.movielens:
                    import_community(person, home, options.movielens, password)
        print_heading(f"Done in {time.monotonic() - began:.1f} s; all files are removed.")
    except (Failure, subprocess.SubprocessError, OSError) as failure:
        print(f"\ndemo failed: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    return 0


def _stop(*_: object) -> None:
    # A second signal must not interrupt the clean-up.
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
