"""Cost of sign-ins at bcrypt cost 12 and their effect on readers: `python -m benchmarks.logins [--database URL]`.

Sequential sign-ins; readers alone and beside 200 concurrent sign-ins; and the timing side channel of refusals for
known and unknown names (AUC 0.5: none). The database must be empty; default: SQLite.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tests.daemon.fleet import AUTH, Fleet, run_fleet
from tests.mail.auc import auc
from tests.running import PASSWORD

LOGINS, READERS, PAUSE_SECONDS = 200, 20, 0.2
READ = "/api/v1/auth/me/"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--database", default="", metavar="URL")
    arguments.add_argument(
        "--tries", type=int, default=400, help="number of refusals, half of them of known names"
    )
    options = arguments.parse_args()
    environment = {
        "MOVIEREC_AUTH__BCRYPT_COST": "12",
        "MOVIEREC_THROTTLE__LOGIN_PER_ACCOUNT": "0",
    }
    if options.database:
        environment["MOVIEREC_DATABASE__URL"] = options.database
    with tempfile.TemporaryDirectory() as home, run_fleet(Path(home), 1, **environment) as fleet:
        names = [fleet.sign_up(f"user{number}").name for number in range(8)]
        _one_by_one(fleet, names)
        _together(fleet, names)
        _enumeration(fleet, names, options.tries)


def _log_in(fleet: Fleet, name: str, password: str = PASSWORD) -> tuple[int, float]:
    started = time.perf_counter()
    answer = fleet(0, "POST", f"{AUTH}/login/", {"username": name, "password": password})
    return answer.status, time.perf_counter() - started


def _one_by_one(fleet: Fleet, names: list[str]) -> None:
    times = [_log_in(fleet, names[number % 8])[1] * 1000 for number in range(24)]
    print(f"sign-in alone            p50 {statistics.median(times):8.1f} ms")


def _together(fleet: Fleet, names: list[str]) -> None:
    token = fleet.sign_up("reader").access
    alone = _read(fleet, token, lambda: False, least=40)
    with ThreadPoolExecutor(LOGINS) as pool:
        started = time.perf_counter()
        logins = [pool.submit(_log_in, fleet, names[number % 8]) for number in range(LOGINS)]
        beside = _read(fleet, token, lambda: not all(map(Future.done, logins)), least=0)
        elapsed = time.perf_counter() - started
        outcomes = [login.result() for login in logins]
    accepted = [seconds for status, seconds in outcomes if status == 200]
    print(
        f"{LOGINS} sign-ins at once     {len(accepted)} accepted, {len(accepted) / elapsed:.1f} hashes/s, ",
        end="",
    )
    print(f"p50 {statistics.median(accepted):.2f} s")
    for what, times in (("alone", alone), ("beside them", beside)):
        p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        print(
            f"{READERS} readers {what:<14} p50 {p50 * 1000:8.1f} ms   p99 {p99 * 1000:8.1f} ms   n {len(times)}"
        )


def _read(fleet: Fleet, token: str, go_on: object, least: int) -> list[float]:
    """Return the seconds of reads by READERS readers, `least` times each and then while `go_on()`."""
    times: list[float] = []
    lock = threading.Lock()
    assert callable(go_on)

    def read(_number: int) -> None:
        done = 0
        while done < least or go_on():
            started = time.perf_counter()
            assert fleet(0, "GET", READ, token=token).status == 200
            with lock:
                times.append(time.perf_counter() - started)
            done += 1
            time.sleep(PAUSE_SECONDS)

    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(read, range(READERS)))
    return times


def _enumeration(fleet: Fleet, names: list[str], tries: int) -> None:
    known_times, unknown_times = [], []
    for number in range(tries // 2):
        known_times.append(_log_in(fleet, names[number % 8], "wrong wrong wrong")[1])
        unknown_times.append(_log_in(fleet, f"ghost{number % 8}", "wrong wrong wrong")[1])
    value = auc(unknown_times, known_times)
    print(f"refusals                 known p50 {statistics.median(known_times) * 1000:.1f} ms, ", end="")
    print(
        f"unknown {statistics.median(unknown_times) * 1000:.1f} ms, AUC {value:.3f}, |AUC-0.5| {abs(value - 0.5):.3f}"
    )


if __name__ == "__main__":
    main()
