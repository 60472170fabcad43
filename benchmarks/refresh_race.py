"""Race of refreshes of one token at three daemon processes: `python -m benchmarks.refresh_race postgresql://…`.

The database must be empty. Each round must have exactly one distinct successor, and it must work.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.daemon.fleet import AUTH, race, run_fleet

CLIENTS = 20


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("database", help="address of an empty PostgreSQL database")
    arguments.add_argument("--rounds", type=int, default=200)
    options = arguments.parse_args()
    good, times = 0, []
    environment = {"MOVIEREC_DATABASE__URL": options.database}
    with tempfile.TemporaryDirectory() as home, run_fleet(Path(home), 3, **environment) as fleet:
        refresh = fleet.sign_up("racer").refresh
        with ThreadPoolExecutor(CLIENTS) as pool:
            for number in range(options.rounds):
                started = time.perf_counter()
                answers = race(fleet, pool, refresh)
                times.append(time.perf_counter() - started)
                [(status, successor)] = answers
                refreshed = fleet(number, "POST", f"{AUTH}/token/refresh/", {"refresh": successor})
                checked = fleet(number + 1, "GET", f"{AUTH}/me/", token=refreshed.document["access"])
                good += status == refreshed.status == checked.status == 200 and successor != refresh
                refresh = refreshed.document["refresh"]
    print(f"{'rounds':>8}{'one working successor':>24}{'ratio':>8}{'median ms':>11}{'largest ms':>12}")
    median, largest = statistics.median(times) * 1000, max(times) * 1000
    print(f"{options.rounds:>8}{good:>24}{good / options.rounds:>8.3f}{median:>11.1f}{largest:>12.1f}")


if __name__ == "__main__":
    main()
