"""Several daemon processes on one database and one set of keys, with many concurrent clients."""

from __future__ import annotations

import http.client
import json
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from tests.daemon.test_serve import Served
from tests.running import PASSWORD

Item = TypeVar("Item")
Result = TypeVar("Result")

AUTH = "/api/v1/auth"


class Answer(NamedTuple):
    """Status and body of a response."""

    status: int
    document: Any


class SignedUp(NamedTuple):
    """A new account with its tokens."""

    id: int
    name: str
    access: str
    refresh: str


class Fleet:
    """Daemon processes; `fleet(1, "GET", path)` calls the second one. Each thread keeps a connection to each."""

    def __init__(self, home: Path, processes: int, **environment: str) -> None:
        # Their pipes are not read: a log line per request would fill them and block the daemon.
        self._home, self._environment = home, {"MOVIEREC_LOG__LEVEL": "warning", **environment}
        self._local = threading.local()
        self._opened: list[http.client.HTTPConnection] = []
        with ThreadPoolExecutor(processes) as pool:
            self.daemons = list(pool.map(self._start, range(processes)))

    def _start(self, _number: int) -> Served:
        return Served(self._home, **self._environment)

    def __call__(
        self,
        number: int,
        method: str,
        path: str,
        document: Any = None,
        *,
        token: str = "",
        source: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        connection = self._connection(number % len(self.daemons))
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if source:
            sent["X-Forwarded-For"] = source
        connection.request(method, path, None if document is None else json.dumps(document), sent)
        answer = connection.getresponse()
        body = answer.read()
        is_json = "json" in (answer.headers["Content-Type"] or "")
        return Answer(answer.status, json.loads(body) if is_json else body.decode())

    def _connection(self, number: int) -> http.client.HTTPConnection:
        kept: dict[str, http.client.HTTPConnection] = self._local.__dict__
        address = urlsplit(self.daemons[number].url).netloc
        if address not in kept:
            kept[address] = http.client.HTTPConnection(address, timeout=180)
            self._opened.append(kept[address])
        return kept[address]

    def sign_up(self, name: str) -> SignedUp:
        account = {
            "username": name,
            "email": f"{name}@example.org",
            "password": PASSWORD,
            "password_confirm": PASSWORD,
        }
        answer = self(0, "POST", f"{AUTH}/", account)
        assert answer.status == 201, answer
        return SignedUp(answer.document["user"]["id"], name, **answer.document["tokens"])

    def sum_of(self, metric: str) -> float:
        """Return the sum of a counter over all processes."""
        total = 0.0
        for number in range(len(self.daemons)):
            match = re.search(rf"^{re.escape(metric)} (\S+)$", self(number, "GET", "/metrics").document, re.M)
            total += float(match[1]) if match else 0.0
        return total

    def kill_and_restart(self, number: int) -> None:
        self.daemons[number].stop(signal.SIGKILL)
        self.daemons[number] = self._start(number)

    def stop(self) -> None:
        for connection in self._opened:
            connection.close()
        with ThreadPoolExecutor(len(self.daemons)) as pool:
            list(pool.map(lambda served: served.stop(), self.daemons))


@contextmanager
def run_fleet(home: Path, processes: int, **environment: str) -> Iterator[Fleet]:
    running = Fleet(home, processes, **environment)
    try:
        yield running
    finally:
        running.stop()


def run_at_once(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Sequence[Item]
) -> list[Result]:
    """Run `work` for every item, started simultaneously. The pool must have a thread for each."""
    together = threading.Barrier(len(items))

    def begin(item: Item) -> Result:
        together.wait(60)
        return work(item)

    return list(pool.map(begin, items))


def race(fleet: Fleet, pool: ThreadPoolExecutor, refresh: str, clients: int = 20) -> set[tuple[int, str]]:
    """Refresh one token simultaneously at all processes and return the distinct responses."""

    def ask(number: int) -> tuple[int, str]:
        answer = fleet(number, "POST", f"{AUTH}/token/refresh/", {"refresh": refresh})
        return answer.status, answer.document.get("refresh", "")

    return set(run_at_once(pool, ask, range(clients)))
