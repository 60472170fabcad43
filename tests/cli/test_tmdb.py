"""Messages of the command line about TMDb: stale lists, status, missing key."""

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
def test_stale_list_prints_a_notice(
    shell_at: Callable[[str], Shell], joined_daemon: RunningDaemon, tmdb: StandIn, command: str
) -> None:
    shell = shell_at(joined_daemon.url)
    assert "The Matrix" in shell.run(*command.split()).ok()
    joined_daemon.clock.advance(3 * 86_400)
    tmdb.mode = "html"
    result = shell.run(*command.split())
    assert "The Matrix" in result.out
    assert result.err.startswith("From the cache of 20")
    assert "TMDb does not answer" in result.err


def test_stale_details_print_a_notice(
    shell_at: Callable[[str], Shell], joined_daemon: RunningDaemon, tmdb: StandIn
) -> None:
    shell = shell_at(joined_daemon.url)
    assert "Nothing is what it seems." in shell.run("show", "imdb:tt0133093").ok()
    joined_daemon.clock.advance(3 * 86_400)
    tmdb.mode = "html"
    result = shell.run("show", "imdb:tt0133093", "--json")
    assert result.json()["tagline"] == "Nothing is what it seems."
    assert result.err.startswith("From the cache of 20")


def test_status_shows_the_state_of_tmdb(
    shell_at: Callable[[str], Shell], joined_daemon: RunningDaemon
) -> None:
    shell = shell_at(joined_daemon.url)
    shell.run("popular").ok()
    fields = dict(shell.run("status").rows())
    assert fields["tmdb state"] == "ok"
    assert fields["tmdb attribution"] == (
        "This product uses the TMDB API but is not endorsed or certified by TMDB."
    )


def test_movie_is_shown_and_rated_by_its_tmdb_id(
    shell_at: Callable[[str], Shell], joined_daemon: RunningDaemon
) -> None:
    shell = shell_at(joined_daemon.url).register()
    assert "Nine Tailors" in shell.run("show", "tmdb:1000004").ok()
    shell.run("rate", "tmdb:1000004", "4").ok()


def test_genre_update_needs_the_staff_role(shell: Shell) -> None:
    shell.register("ada")
    assert "staff" in shell.run("genres", "--sync").failed(4)


def test_genre_update_without_a_key_is_refused(
    shell_at: Callable[[str], Shell], daemon: RunningDaemon
) -> None:
    shell = shell_at(daemon.url)
    staff = daemon.admin()
    assert "tmdb.api_key" in shell.run("genres", "--sync", MOVIEREC_TOKEN=staff.access).failed(1)
