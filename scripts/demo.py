"""`make demo`: a daemon on a free port with its files in a temporary folder, used as a person would.

Everything is done by the command `movierec`, on a terminal of its own; nothing is left behind.
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
    """Something the demo promises did not happen."""


class Person:
    """Somebody at a terminal, with a home folder and a daemon."""

    def __init__(self, home: Path, server: str) -> None:
        self.environment = {
            **_environment(home),
            "MOVIEREC_SERVER": server,
            # A demo in a log file is read without colours and moving bars.
            "TERM": os.environ.get("TERM", "xterm-256color") if sys.stdout.isatty() else "dumb",
        }

    def types(self, *arguments: str, answers: Sequence[tuple[str, str]] = ()) -> None:
        """Run a command and show it with what it prints; `answers` are typed when their prompts appear."""
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

    def asks(self, *arguments: str) -> Any:
        """The JSON a command answers, not shown: for what the demo checks."""
        command = [str(BIN / "movierec"), *arguments, "--json"]
        return json.loads(subprocess.check_output(command, env=self.environment))


def _converse(terminal: int, answers: list[tuple[str, str]]) -> None:
    """Show what appears on a terminal until its program ends, and type what it asks for."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    unanswered = ""
    # EIO is how a terminal ends.
    with os.fdopen(terminal, "r+b", buffering=0) as screen, contextlib.suppress(OSError):
        while shown := screen.read(65536):
            text = decode(shown).replace("\r\n", "\n")
            print(text, end="", flush=True)
            unanswered += text
            if answers and unanswered.endswith(answers[0][0]):
                screen.write(f"{answers.pop(0)[1]}\n".encode())
                unanswered = ""


def _width() -> int:
    """Of the real terminal, within what reads well."""
    return min(max(shutil.get_terminal_size((100, 40)).columns, 80), 120)


def _environment(home: Path) -> dict[str, str]:
    """Without what the person at the real terminal has set for movierec."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIEREC_")}
    return {**kept, "MOVIEREC_HOME": str(home)}


def says(text: str) -> None:
    print(f"\n# {text}", flush=True)


@contextlib.contextmanager
def daemon(home: Path) -> Iterator[str]:
    """A daemon with all its files under `home`; gives its address."""
    log = home / "daemon.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [BIN / "movierec-server", "serve", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(home),
            text=True,
            # Ctrl-C is for the demo; it stops the daemon itself.
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
    """The address in the first line the daemon prints."""
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline() if ready else "nothing was printed\n"
    if not line.startswith("listening on "):
        raise Failure(f"The daemon did not start: {line}{log.read_text(errors='replace')[-2000:]}")
    return line.removeprefix("listening on ").strip()


def everyday(person: Person, password: str) -> None:
    """Search, rate, get recommendations, dismiss one."""
    says("A new account")
    twice = [("Password: ", password), ("Again: ", password)]
    person.types("register", "ada", "--email", "ada@example.org", answers=twice)
    says("Typing errors are forgiven")
    person.types("search", "shawshenk", "redemtion")
    person.types("show", "Blade Runner")
    says("Six films are enough to say what one likes")
    for title, stars in RATINGS:
        # Of several films of one name, the first.
        person.types("rate", title, stars, answers=[("empty for none: ", "1")])
    person.types("recommend", "--limit", "10")
    dismissed = person.asks("recommend", "--limit", "10")[0]["movie"]
    name = f"{dismissed['title']} ({dismissed['year']})"
    says("What speaks for it, and what against it")
    person.types("explain", name)
    person.types("similar", "Amélie", "--limit", "5")
    says("Not that one")
    person.types("dismiss", name)
    person.types("recommend", "--limit", "5")
    left = [item["movie"]["id"] for item in person.asks("recommend", "--limit", "100")]
    if dismissed["id"] in left or not left:
        raise Failure(f"{dismissed['title']} was dismissed and is recommended all the same.")
    says(f"{dismissed['title']} is gone, and stays away.")


def keeping(person: Person) -> None:
    """A watchlist, a history, a slip taken back, and what it all adds up to."""
    says("What to see, what was seen")
    person.types("watchlist", "add", "Seven Samurai", "--note", "with Bob, on the big screen")
    person.types("history", "add", "Blade Runner", "--on", "yesterday", "--tag", "cinema")
    says("A slip of the finger, taken back")
    person.types("rate", "Fargo", "1/10")
    person.types("undo")
    [rated] = person.asks("ratings", "--search", "Fargo")
    if rated["rating"] != 4:
        raise Failure("The rating was undone and is not as it was before.")
    says("What it all adds up to")
    person.types("stats", "--top", "5")


def community(person: Person, home: Path, movielens: Path, password: str) -> None:
    """Import community ratings, train on them, compare."""
    before = person.asks("recommend", "--limit", "10")
    says("An administrator brings in the ratings of others")
    arguments = ["create-admin", "--username", "root", "--email", "root@example.org", "--password-stdin"]
    print(f"\n$ movierec-server {shlex.join(arguments)}", flush=True)
    command = [str(BIN / "movierec-server"), *arguments]
    subprocess.run(command, env=_environment(home), input=password, text=True, check=True)
    admin = Person(home, person.environment["MOVIEREC_SERVER"])
    admin.environment["MOVIEREC_HOME"] = str(home / "admin")
    admin.types("login", "root", answers=[("Password: ", password)])
    admin.types("import", "movielens", str(movielens))
    admin.types("admin", "train")
    says("Ada's recommendations now")
    person.types("recommend", "--limit", "10")
    known = {item["movie"]["id"] for item in before}
    after = person.asks("recommend", "--limit", "10")
    new = [item["movie"]["title"] for item in after if item["movie"]["id"] not in known]
    says(f"{len(new)} of 10 are new: {', '.join(new)}" if new else "The same ten films.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movielens", type=Path, help="folder or zip of a MovieLens dataset")
    options = parser.parse_args()
    # A stop from outside ends like Ctrl-C: everything below is cleaned up.
    for number in STOPS:
        signal.signal(number, _stop)
    began, password = time.monotonic(), secrets.token_urlsafe(16)
    try:
        with tempfile.TemporaryDirectory(prefix="movierec-demo-") as folder:
            home = Path(folder)
            says("Starting a daemon with an empty database")
            with daemon(home) as server:
                print(f"listening on {server} after {time.monotonic() - began:.1f} s")
                person = Person(home, server)
                everyday(person, password)
                keeping(person)
                if options.movielens:
                    community(person, home, options.movielens, password)
        says(f"Done in {time.monotonic() - began:.1f} s; nothing is left behind.")
    except (Failure, subprocess.SubprocessError, OSError) as failure:
        print(f"\ndemo failed: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    return 0


def _stop(*_: object) -> None:
    # Once is enough: a second Ctrl-C must not interrupt the cleaning up.
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
