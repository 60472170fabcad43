"""Whether the time of an answer tells that an address is known: `python -m benchmarks.enumeration --help`.

Password resets for known and unknown addresses, interleaved, at a daemon whose SMTP server accepts, is away or
hangs. AUC 0.5 says that times tell nothing; beyond 0.5 ± 0.10 they tell too much.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from tests.daemon.test_serve import Served
from tests.mail.auc import auc
from tests.mail.server import Mailbox, SmtpServer

PASSWORD = "correct horse battery"
PATH = "/api/v1/auth/password_reset/"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tries", type=int, default=400, help="of each, known and unknown")
    arguments.add_argument("--database", default="", metavar="URL", help="an empty one; none: SQLite")
    given = arguments.parse_args()
    print(f"{'SMTP server':<14}{'known ms':>10}{'unknown ms':>12}{'AUC':>8}{'|AUC-0.5|':>11}")
    for behaviour in ("accepts", "is away", "hangs"):
        known, unknown = measure(behaviour, given.tries, given.database)
        found = auc(known, unknown)
        medians = (statistics.median(times) * 1000 for times in (known, unknown))
        known_ms, unknown_ms = (f"{median:.2f}" for median in medians)
        print(
            f"{behaviour:<14}{known_ms:>10}{unknown_ms:>12}{found:>8.3f}{abs(found - 0.5):>11.3f}", flush=True
        )


def measure(behaviour: str, tries: int, database: str) -> tuple[list[float], list[float]]:
    """Seconds of each answer, for known and for unknown addresses."""
    mailbox = Mailbox()
    mailbox.mode = "hang" if behaviour == "hangs" else "accept"
    server = SmtpServer(mailbox)
    with tempfile.TemporaryDirectory() as folder, server:
        port = 9 if behaviour == "is away" else server.port
        served = Served(Path(folder), **environment(port, database))
        try:
            names = [f"known{random.randrange(10**9)}@example.org" for _ in range(20)]
            for name in names:
                register(served, name)
            return timed(served, names, tries)
        finally:
            served.stop()


def environment(port: int, database: str) -> dict[str, str]:
    found = {
        "MOVIEREC_MAIL__HOST": "127.0.0.1",
        "MOVIEREC_MAIL__PORT": str(port),
        "MOVIEREC_MAIL__SECURITY": "none",
        "MOVIEREC_MAIL__SENDER": "films@example.org",
        "MOVIEREC_THROTTLE__RESET_PER_ACCOUNT": "0",
        "MOVIEREC_LOG__LEVEL": "error",
    }
    return {**found, "MOVIEREC_DATABASE__URL": database} if database else found


def register(served: Served, email: str) -> None:
    name = email.partition("@")[0]
    served.post("/api/v1/auth/", username=name, email=email, password=PASSWORD, password_confirm=PASSWORD)


def timed(served: Served, known: list[str], tries: int) -> tuple[list[float], list[float]]:
    host, port = served.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(tries):
        # In random order within each pair: whoever comes second must not always be the same.
        for group in random.sample((0, 1), 2):
            email = (
                known[number % len(known)] if group == 0 else f"nobody{random.randrange(10**9)}@example.org"
            )
            body = json.dumps({"email": email})
            started = time.perf_counter()
            connection.request("POST", PATH, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            times[group].append(time.perf_counter() - started)
            assert answer.status == 202, answer.status
    connection.close()
    return times


if __name__ == "__main__":
    main()
