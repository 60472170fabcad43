"""Import lookup at TMDb, by id or by title and year, of movies that the catalogue lacks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from tests.api.test_own_imports import start_import
from tests.conftest import Template
from tests.running import Daemon, RunningDaemon
from tests.tmdb.answers import Known
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import StandIn

FILMS = (
    Known(900_001, "A Quiet Harbour", "tt9900001"),
    Known(900_002, "A Quiet Harbour", "tt9900002", released="1977-01-01"),
    Known(900_003, "The Long Row", "tt9900003", released="2019-03-01"),
    Known(900_004, "The Long Row", "tt9900004", released="2020-03-01"),
    Known(900_005, "Only by Id", "tt9900005"),
)
RATINGS = """title,year,imdb_id,tmdb_id,rating
A Quiet Harbour,2021,,,4
The Long Row,2019,,,3
,,tt9900005,,5
Known to Nobody,2021,,,2
Without a Year,,,,2
"""


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn() as running:
        running.films |= {film.tmdb_id: film for film in FILMS}
        yield running


@pytest.fixture(scope="module")
def daemon(
    template: Template, stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDaemon]:
    for settings in template.copy(tmp_path_factory.mktemp("module") / "movierec"):
        with Daemon(dataclasses.replace(settings, tmdb=quick(stand_in))) as running:
            yield running


def test_results_of_tmdb_are_matched_by_the_same_rules(daemon: RunningDaemon, stand_in: StandIn) -> None:
    ada = daemon.register()
    planned = start_import(daemon, ada, RATINGS, "?dry_run=true")["report"]
    assert (planned["unmatched"], planned["new"]) == (5, 0)
    assert not any(asked.startswith(("/search", "/find")) for asked in stand_in.asked)
    report = start_import(daemon, ada, RATINGS)["report"]
    assert (report["new"], report["ambiguous"], report["unmatched"]) == (2, 1, 2)
    rated = daemon.get("/api/v1/favorites/ratings/?ordering=title", token=ada)["results"]
    assert [(one["movie_detail"]["title"], one["movie_detail"]["year"]) for one in rated] == [
        ("A Quiet Harbour", 2021),
        ("Only by Id", 2021),
    ]
    [question] = daemon.get("/api/v1/imports/review/?state=ambiguous", token=ada)["results"]
    assert (question["title"], len(question["candidates"])) == ("The Long Row", 2)


def test_import_succeeds_without_tmdb(daemon: RunningDaemon, stand_in: StandIn) -> None:
    stand_in.mode = "500"
    try:
        rows = "title,year,rating\nHeat,1995,4\n" + "".join(f"Unheard {n},2001,1\n" for n in range(60))
        report = start_import(daemon, daemon.register(), rows)["report"]
    finally:
        stand_in.mode = "well"
    assert (report["new"], report["unmatched"]) == (1, 60)
