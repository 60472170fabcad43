"""Commands of ratings, reviews and favorites."""

from __future__ import annotations

import pytest

from tests.cli.running import Shell


def test_movie_is_rated_by_title_and_listed(ada: Shell) -> None:
    assert (
        ada.run("rate", "Alien", "4.5", "--review", "In space,\nno one …").ok() == "Rated Alien (1979): 4.5\n"
    )
    ada.run("rate", "heat (1995)", "3").ok()
    rows = ada.run("ratings").rows()
    assert sorted((row[1], row[2], row[3], row[4]) for row in rows) == [
        ("Alien", "1979", "4.5", "In space,\\nno one …"),
        ("Heat", "1995", "3.0", ""),
    ]
    assert len(ada.run("ratings", "--limit", "1").rows()) == 1
    ids = ada.run("ratings", "--ids").ok().split()
    assert {ada.run("show", one, "--json").json()["my_rating"] for one in ids} == {4.5, 3.0}


def test_rating_again_keeps_the_review(ada: Shell) -> None:
    ada.run("rate", "Alien", "4.5", "--review", "Good.").ok()
    answer = ada.run("rate", "Alien", "5", "--json").json()
    assert (answer["rating"], answer["review"]) == (5.0, "Good.")
    assert len(ada.run("ratings").rows()) == 1


def test_review_is_written_shown_and_deleted(ada: Shell) -> None:
    assert "Rate it first" in ada.run("review", "Alien", "Good.").failed(3)
    ada.run("rate", "Alien", "4.5").ok()
    ada.run("review", "Alien", "-", stdin="Two\nlines.\n").ok()
    assert ada.run("review", "Alien", "--json").json()["review"] == "Two\nlines."
    ada.run("review", "Alien", "").ok()
    assert ada.run("review", "Alien").rows() == [["title", "Alien (1979)"], ["rating", "4.5"], ["review", ""]]


def test_unrate_removes_the_rating(ada: Shell) -> None:
    ada.run("rate", "Alien", "4.5").ok()
    ada.run("unrate", "Alien").ok()
    assert ada.run("ratings").ok() == ""
    assert "not rated" in ada.run("unrate", "Alien").failed(3)


def test_rating_needs_an_account_and_a_movie(shell: Shell) -> None:
    shell.run("rate", "Alien", "5").failed(4)
    shell.register().run("rate", "Xyzzy Qwerty", "5").failed(3)
    shell.run("rate", "Heat", "5").failed(2)


def test_favorites_are_added_noted_and_removed(ada: Shell) -> None:
    ada.run("favorites", "add", "Amélie").ok()
    ada.run("favorites", "add", "amelie", "--note", "The gnome!").ok()
    assert [(row[1], row[3]) for row in ada.run("favorites", "list").rows()] == [("Amélie", "The gnome!")]
    ada.run("favorites", "note", "Amélie", "Still.").ok()
    assert ada.run("favorites", "list", "--json").json()[0]["note"] == "Still."
    assert len(ada.run("favorites", "list", "--ids").ok().split()) == 1
    ada.run("favorites", "remove", "Amélie").ok()
    assert ada.run("favorites", "list").ok() == ""
    ada.run("favorites", "remove", "Amélie").failed(3)
    ada.run("favorites", "note", "Amélie", "x").failed(3)


@pytest.mark.parametrize("text", ["\x1b[2J[bold]x[/bold]", "\u202egnp", "tab\tnew\nline"])
def test_user_text_is_escaped(ada: Shell, text: str) -> None:
    ada.run("rate", "Alien", "4.5", "--review", text).ok()
    assert ada.run("review", "Alien", "--json").json()["review"] == text
    for shown in (
        ada.run("ratings").ok(),
        ada.run_at_terminal("ratings").out,
        ada.run_at_terminal("review", "Alien").out,
    ):
        assert not {"\x1b", "\u202e"} & set(shown)
    assert len(ada.run("ratings").ok().splitlines()) == 1
