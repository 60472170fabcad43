"""Timing side channels of account enumeration: `python -m benchmarks.enumeration --help`.

Password resets for known and unknown addresses, and new links for confirmed and unconfirmed ones, interleaved, at
a daemon whose SMTP server accepts, is unreachable or hangs. An AUC of 0.5 means that response times reveal nothing;
beyond 0.5 ± 0.10 they reveal too much.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from movierec import config, db
from tests.daemon.test_serve import Served
from tests.mail.auc import auc
from tests.mail.server import Mailbox, SmtpServer

PASSWORD = "correct horse battery"
AUTH = "/api/v1/auth"

Times = tuple[list[float], list[float]]
Request = tuple[str, dict[str, str] | None, dict[str, str]]
# Return the request for a group and the number of an attempt.
Ask = Callable[[int, int], Request]


class Account(NamedTuple):
    email: str
    access: str


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--tries", type=int, default=400, help="requests for each of known and unknown addresses"
    )
    arguments.add_argument(
        "--database", default="", metavar="URL", help="address of an empty database; default: SQLite"
    )
    options = arguments.parse_args()
    print(f"{'':<16}{'SMTP server':<14}{'first ms':>10}{'second ms':>11}{'AUC':>8}{'|AUC-0.5|':>11}")
    for behaviour in ("accepts", "is away", "hangs"):
        for name, times in measure(behaviour, options.tries, options.database).items():
            value = auc(*times)
            first, second = (f"{statistics.median(each) * 1000:.2f}" for each in times)
            print(
                f"{name:<16}{behaviour:<14}{first:>10}{second:>11}{value:>8.3f}{abs(value - 0.5):>11.3f}",
                flush=True,
            )


def measure(behaviour: str, tries: int, database: str) -> dict[str, Times]:
    """Return the seconds of each response: known and unknown for resets, confirmed and unconfirmed for new links."""
    mailbox = Mailbox()
    mailbox.mode = "hang" if behaviour == "hangs" else "accept"
    server = SmtpServer(mailbox)
    with tempfile.TemporaryDirectory() as folder, server:
        port = 9 if behaviour == "is away" else server.port
        served = Served(Path(folder), **environment(port, database))
        try:
            accounts = [register(served) for _ in range(20)]
            confirm(Path(folder), database, accounts[:10])
            return {
                "password_reset": timed(served, resets(accounts), tries),
                "resend": timed(served, resends(accounts[:10], accounts[10:]), tries),
            }
        finally:
            served.stop()


def resets(accounts: list[Account]) -> Ask:
    def ask(group: int, number: int) -> Request:
        unknown = f"nobody{random.randrange(10**9)}@example.org"
        email = accounts[number % len(accounts)].email if group == 0 else unknown
        return f"{AUTH}/password_reset/", {"email": email}, {}

    return ask


def resends(confirmed: list[Account], unconfirmed: list[Account]) -> Ask:
    def ask(group: int, number: int) -> Request:
        access = (confirmed, unconfirmed)[group][number % len(confirmed)].access
        return f"{AUTH}/verify_email/resend/", None, {"Authorization": f"Bearer {access}"}

    return ask


def confirm(home: Path, database: str, accounts: list[Account]) -> None:
    environ = {"MOVIEREC_HOME": str(home), "HOME": str(home)}
    db.connect(config.load(environ={**environ, "MOVIEREC_DATABASE__URL": database} if database else environ))
    for account in accounts:
        db.execute("UPDATE users SET is_verified = ? WHERE email = ?", True, account.email)
    db.close()


def environment(port: int, database: str) -> dict[str, str]:
    variables = {
        "MOVIEREC_MAIL__HOST": "127.0.0.1",
        "MOVIEREC_MAIL__PORT": str(port),
        "MOVIEREC_MAIL__SECURITY": "none",
        "MOVIEREC_MAIL__SENDER": "films@example.org",
        "MOVIEREC_THROTTLE__RESET_PER_ACCOUNT": "0",
        "MOVIEREC_LOG__LEVEL": "error",
    }
    return {**variables, "MOVIEREC_DATABASE__URL": database} if database else variables


def register(served: Served) -> Account:
    name = f"known{random.randrange(10**9)}"
    email = f"{name}@example.org"
    response = served.post(
        f"{AUTH}/", username=name, email=email, password=PASSWORD, password_confirm=PASSWORD
    )
    return Account(email, json.loads(response)["tokens"]["access"])


def timed(served: Served, ask: Ask, tries: int) -> Times:
    host, port = served.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    times: Times = ([], [])
    for number in range(tries):
        # In random order within each pair, so that no group is always second.
        for group in random.sample((0, 1), 2):
            path, document, headers = ask(group, number)
            body = None if document is None else json.dumps(document)
            started = time.perf_counter()
            connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            answer.read()
            times[group].append(time.perf_counter() - started)
            assert answer.status == 202, answer.status
    connection.close()
    return times


if __name__ == "__main__":
    main()
