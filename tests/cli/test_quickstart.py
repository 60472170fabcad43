"""Command `quickstart`: three favorites, then the grid."""

from __future__ import annotations

import pytest

from tests.cli.running import Shell


def test_pipe_receives_movies_worth_rating(ada: Shell) -> None:
    movies = ada.run("quickstart", "--json").json()
    assert len(movies) == 10
    rows = ada.run("quickstart", "-n", "10").rows()
    assert [row[0] for row in rows] == [str(movie["id"]) for movie in movies]
    assert ada.run("quickstart", "--ids").ok().split() == [row[0] for row in rows]
    assert ada.run("quickstart", "--seed", "9", "--ids").ok().split() != [row[0] for row in rows]


def test_answered_movies_are_not_listed_again(ada: Shell) -> None:
    first = ada.run("quickstart", "--ids").ok().split()
    ada.run("rate", first[0], "3").ok()
    ada.run("dismiss", first[1]).ok()
    ada.run("favorites", "add", first[2]).ok()
    assert ada.run("quickstart", "--ids", "-n", "7").ok().split() == first[3:]


def test_guided_quickstart_rates_and_recommends(ada: Shell) -> None:
    typed = "Alien\nno such film\nBlade Runner\n\n1 4.5, 2\n3 9\n99\n4 2,5\n\n"
    result = ada.run_at_terminal("quickstart", typed=typed)
    assert result.code == 0, result
    assert "Name 3 movies you love" in result.err
    assert "Alien (1979): 5" in result.err
    assert "No movie titled" in result.err
    assert "is not a rating" in result.err
    assert "'99' is not a number of the list" in result.err
    assert "Recommended for you" in result.err
    assert "Because you gave" in " ".join(result.out.split())
    rated = {row[1]: row[3] for row in ada.run("ratings").rows()}
    assert (rated.pop("Alien"), rated.pop("Blade Runner")) == ("5.0", "5.0")
    assert sorted(rated.values()) == ["2.5", "4.0", "4.5"]


def test_favorite_keeps_its_rating(ada: Shell) -> None:
    ada.run("rate", "The Matrix", "4.5").ok()
    result = ada.run_at_terminal("quickstart", typed="The Matrix\nAlien\n\n\n")
    assert "The Matrix (1999): already rated 4.5" in result.err
    assert {row[1]: row[3] for row in ada.run("ratings").rows()} == {"The Matrix": "4.5", "Alien": "5.0"}


def test_grid_is_paged(ada: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "16")
    first = ada.run_at_terminal("quickstart", typed="\n11\nq\n")
    assert "'11' is not a number of the list" in first.err  # it is not shown yet
    assert first.err.count("Which have you seen?") == 1
    second = ada.run_at_terminal("quickstart", typed="\n\n11\nq\n")
    assert second.err.count("an empty line shows more, q ends") == 2
    assert len(ada.run("ratings").rows()) == 1


def test_empty_input_changes_nothing(ada: Shell) -> None:
    assert ada.run_at_terminal("quickstart", typed="").code == 0
    assert ada.run("ratings").ok() == ""
