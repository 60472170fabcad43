"""Command `admin sync` against daemons with TMDb, with an outage of TMDb, and without a key."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest

from movierec import db
from movierec.config import Settings
from tests.cli.running import Shell
from tests.running import Daemon
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import StandIn


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture
def staff(shell_at: Callable[[str], Shell], settings: Settings, stand_in: StandIn) -> Iterator[Shell]:
    """Return a command line, signed in as an administrator."""
    tmdb = quick(stand_in, total_seconds=3)
    with Daemon(dataclasses.replace(settings, tmdb=tmdb)) as daemon:
        ada = shell_at(daemon.url).register()
        db.execute("UPDATE users SET is_staff = ?", True)
        yield ada


def test_sync_prints_its_report(staff: Shell) -> None:
    result = staff.run("admin", "sync", "--pages", "1")
    report = dict(line.split("\t") for line in result.out.splitlines())
    assert (result.code, report["state"], report["new"], report["detailed"]) == (0, "succeeded", "4", "6")
    assert "top rated" in result.err
    again = staff.run("admin", "sync", "--pages", "1", "--json").json()
    # Once a second has passed, changes are asked for.
    assert again["report"]["calls"] <= 1
    assert (again["report"]["detailed"], again["report"]["stopped"]) == (0, "")


def test_exhausted_budget_is_a_success(staff: Shell) -> None:
    job = staff.run("admin", "sync", "--budget", "2", "--json").json()
    assert job["report"]["calls"] <= 2
    assert "The next run continues" in job["report"]["stopped"]


def test_no_wait_returns_immediately(staff: Shell) -> None:
    job = staff.run("admin", "sync", "--pages", "0", "--no-wait", "--json").json()
    assert staff.run("jobs", "show", str(job["id"]), "--wait", "--json").json()["state"] == "succeeded"


def test_outage_of_tmdb_exits_with_5_and_prints_the_report(staff: Shell, stand_in: StandIn) -> None:
    stand_in.mode = "500"
    result = staff.run("admin", "sync", "--pages", "1")
    assert result.code == 5
    assert "TMDb does not answer" in result.err
    assert "detailed\t0" in result.out


def test_sync_without_a_key_is_refused(ada: Shell) -> None:
    db.execute("UPDATE users SET is_staff = ?", True)
    assert "tmdb.api_key" in ada.run("admin", "sync").failed(1)
    ada.run("admin", "sync", "--pages", "-1").failed(2)


def test_sync_needs_the_staff_role(ada: Shell) -> None:
    ada.run("admin", "sync").failed(4)
