"""What users keep: changes a second in one go, how long others wait meanwhile, undoing it all, statistics.

    python -m benchmarks.library [ROWS]

On SQLite, and on PostgreSQL where MOVIEREC_TEST_POSTGRES names a server that may make databases.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

from movierec import auth, config, db, library

NOW = 1_750_000_000


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        db.connect(config.load(environ={"MOVIEREC_HOME": folder, "HOME": folder}))
        db.migrate()
        measure("SQLite", rows)
        db.close()


def measure(name: str, rows: int) -> None:
    store_films(rows)
    ann, bob = (
        int(auth.register(auth.NewAccount(who, f"{who}@x.org"), "x", NOW).id) for who in ("ann", "bob")
    )
    waits: list[float] = []
    done = threading.Event()
    other = threading.Thread(target=rate_on, args=(bob, done, waits))
    other.start()
    print(f"{name}: {rows:,} rows, memory before {peak_mb():.0f} MB")
    took = timed(lambda: library.apply(ann, ratings(rows), what="Imported a file", now=NOW))
    print(f"  apply      {took:6.2f} s  {rows / took:9,.0f} rows/s")
    took = timed(lambda: library.apply(ann, ratings(rows), what="Imported a file", now=NOW))
    print(f"  the same   {took:6.2f} s  {rows / took:9,.0f} rows/s")
    took = timed(lambda: library.undo(ann, now=NOW))
    print(f"  undo       {took:6.2f} s  {rows / took:9,.0f} rows/s")
    done.set()
    other.join()
    print(
        f"  memory {peak_mb():.0f} MB; others waited {max(waits):.2f} s at most, {len(waits)} rated meanwhile"
    )


def store_films(count: int) -> None:
    with db.write():
        db.insert_many(
            "movies",
            ("id", "title", "original_title", "overview", "tagline", "status", "homepage", "original_language",
             "languages", "countries", "certificate", "adult", "vote_average", "vote_count", "popularity",
             "poster_path", "backdrop_path", "source", "year", "created_at", "updated_at"),
            ((n, f"Film {n}", "", "", "", "", "", "", "[]", "[]", "", False, 5.0, 1, 1.0, "", "", "x",
              1950 + n % 75, NOW, NOW) for n in range(1, count + 1)),
        )  # fmt: skip


def ratings(rows: int) -> Iterator[library.Change]:
    chance = random.Random(1)
    for number in range(1, rows + 1):
        at = NOW - chance.randrange(10**8)
        words = "Quite good." * (number % 10 == 0)
        yield library.to_rate(number, chance.randint(1, 10) / 2, review=words, created_at=at, updated_at=at)


def rate_on(user_id: int, done: threading.Event, waits: list[float]) -> None:
    while not done.is_set():
        waits.append(timed(lambda: db.call(library.rate, user_id, 1 + len(waits), 4.0, now=NOW)))
        time.sleep(0.02)
    db.close()


def timed(work: object) -> float:
    begun = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - begun


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
