"""What the command line says of TMDb: where a list comes from when that is not plain, how TMDb is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.cli.running import Shell
from tests.conftest import Template
from tests.running import Daemon, RunningDaemon
from tests.tmdb.stand_in import KEY, StandIn


@pytest.fixture
def tmdb() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture
def joined_daemon(
    template: Template, tmdb: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDaemon]:
    environment = {"MOVIEREC_TMDB__API_KEY": KEY, "MOVIEREC_TMDB__BASE_URL": tmdb.url}
    for settings in template.copy(tmp_path_factory.mktemp("tmdb") / "movierec", **environment):
        with Daemon(settings) as running:
            yield running


@pytest.mark.parametrize("command", ["popular", "trending", "top", "search matrix"])
def test_an_old_list_says_so(
    shell_at: Callable[[str], Shell], joined_daemon: RunningDaemon, tmdb: StandIn, command: str
) -> None:
    shell = shell_at(joined_daemon.url)
    assert "The Matrix" in shell.run(*command.split()).ok()
    joined_daemon.clock.advance(3 * 86_400)
    tmdb.mode = "html"
    found = shell.run(*command.split())
    assert "The Matrix" in found.out
    assert found.err.startswith("From the cache of 20")
    assert "TMDb does not answer" in found.err


def test_old_facts_of_a_film_say_so(
    shell_at: Callable[[str], Shell], joined_daemon: RunningDaemon, tmdb: StandIn
) -> None:
    shell = shell_at(joined_daemon.url)
    assert "Nothing is what it seems." in shell.run("show", "imdb:tt0133093").ok()
    joined_daemon.clock.advance(3 * 86_400)
    tmdb.mode = "html"
    found = shell.run("show", "imdb:tt0133093", "--json")
    assert found.json()["tagline"] == "Nothing is what it seems."
    assert found.err.startswith("From the cache of 20")


def test_status_tells_of_tmdb(shell_at: Callable[[str], Shell], joined_daemon: RunningDaemon) -> None:
    shell = shell_at(joined_daemon.url)
    shell.run("popular").ok()
    told = dict(shell.run("status").rows())
    assert told["tmdb state"] == "ok"
    assert told["tmdb attribution"] == (
        "This product uses the TMDB API but is not endorsed or certified by TMDB."
    )


def test_a_film_of_tmdb_is_shown_and_rated_by_its_id_there(
    shell_at: Callable[[str], Shell], joined_daemon: RunningDaemon
) -> None:
    shell = shell_at(joined_daemon.url).register()
    assert "Nine Tailors" in shell.run("show", "tmdb:1000004").ok()
    shell.run("rate", "tmdb:1000004", "4").ok()


def test_only_staff_take_over_genres(shell: Shell) -> None:
    shell.register("ada")
    assert "staff" in shell.run("genres", "--sync").failed(4)


def test_without_a_key_nothing_can_be_taken_over(
    shell_at: Callable[[str], Shell], daemon: RunningDaemon
) -> None:
    shell = shell_at(daemon.url)
    staff = daemon.admin()
    assert "tmdb.api_key" in shell.run("genres", "--sync", MOVIEREC_TOKEN=staff.access).failed(1)
