"""Fixtures around TMDb: a stand-in for it, and clients that do not wait for long."""

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

# What a test has no time for.
QUICK = {"connect_seconds": 0.3, "total_seconds": 0.5, "page_seconds": 0.1, "list_seconds": 0.2}


def quick(stand_in: StandIn, **changes: object) -> config.TmdbSettings:
    """Settings for the stand-in. It is never left alone, unless `failures` says so."""
    told = {"api_key": KEY, "base_url": stand_in.url, "image_url": stand_in.url, "failures": 1000, **QUICK}
    return dataclasses.replace(config.TmdbSettings(), **{**told, **changes})  # type: ignore[arg-type]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


class Counted:
    """A started client, its clock, and what it counted."""

    def __init__(self, settings: config.TmdbSettings, folder: Path) -> None:
        self.clock = TestClock(time.time)
        self.results: list[CallResult] = []
        self.tmdb = TmdbService(settings, folder, self.clock, self.results.append)


@pytest.fixture
async def counted(stand_in: StandIn, tmp_path: Path) -> AsyncIterator[Counted]:
    made = Counted(quick(stand_in), tmp_path / "tmdb")
    await made.tmdb.start()
    yield made
    await made.tmdb.close()
