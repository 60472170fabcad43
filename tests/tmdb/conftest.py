"""Fixtures of TMDb: a stand-in server, and clients with short timeouts."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from movierec import config
from movierec.tmdb import CallResult, TmdbService
from tests.running import TestClock
from tests.tmdb.stand_in import KEY, StandIn

# Timeouts for tests, long enough for a busy machine.
QUICK = {"connect_seconds": 2.0, "total_seconds": 2.0, "page_seconds": 0.1, "list_seconds": 0.2}


def quick(stand_in: StandIn, **changes: object) -> config.TmdbSettings:
    """Return settings for the stand-in. The circuit breaker never opens unless `failures` is given."""
    values = {"api_key": KEY, "base_url": stand_in.url, "image_url": stand_in.url, "failures": 1000, **QUICK}
    return dataclasses.replace(config.TmdbSettings(), **{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


class Counted:
    """A client, its clock, and the results that it counted."""

    def __init__(self, settings: config.TmdbSettings, folder: Path) -> None:
        self.clock = TestClock(time.time)
        self.results: list[CallResult] = []
        self.tmdb = TmdbService(settings, folder, self.clock, self.results.append)


@pytest.fixture
async def counted(stand_in: StandIn, tmp_path: Path) -> AsyncIterator[Counted]:
    client = Counted(quick(stand_in), tmp_path / "tmdb")
    await client.tmdb.start()
    yield client
    await client.tmdb.close()
