"""`admin sync` at a daemon that has TMDb, that has lost it, and that never had it."""

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
    """A command line of an administrator."""
    told = quick(stand_in, total_seconds=3)
    with Daemon(dataclasses.replace(settings, tmdb=told)) as daemon:
        ada = shell_at(daemon.url).register()
        db.execute("UPDATE users SET is_staff = ?", True)
        yield ada


def test_it_tells_what_it_did(staff: Shell) -> None:
    result = staff.run("admin", "sync", "--pages", "1")
    found = dict(line.split("\t") for line in result.out.splitlines())
    assert (result.code, found["state"], found["new"], found["detailed"]) == (0, "succeeded", "4", "6")
    assert "top rated" in result.err
    again = staff.run("admin", "sync", "--pages", "1", "--json").json()
    # Once a second has passed, changes are asked for.
    assert again["report"]["calls"] <= 1
    assert (again["report"]["detailed"], again["report"]["stopped"]) == (0, "")


def test_the_budget_is_a_normal_end(staff: Shell) -> None:
    found = staff.run("admin", "sync", "--budget", "2", "--json").json()
    assert found["report"]["calls"] <= 2
    assert "Another run" in found["report"]["stopped"]


def test_without_waiting(staff: Shell) -> None:
    job = staff.run("admin", "sync", "--pages", "0", "--no-wait", "--json").json()
    assert staff.run("jobs", "show", str(job["id"]), "--wait", "--json").json()["state"] == "succeeded"


def test_tmdb_away_is_5_with_the_report(staff: Shell, stand_in: StandIn) -> None:
    stand_in.mode = "500"
    result = staff.run("admin", "sync", "--pages", "1")
    assert result.code == 5
    assert "TMDb does not answer" in result.err
    assert "detailed\t0" in result.out


def test_without_a_key_nothing_begins(ada: Shell) -> None:
    db.execute("UPDATE users SET is_staff = ?", True)
    assert "tmdb.api_key" in ada.run("admin", "sync").failed(1)
    ada.run("admin", "sync", "--pages", "-1").failed(2)


def test_only_staff_may(ada: Shell) -> None:
    ada.run("admin", "sync").failed(4)
