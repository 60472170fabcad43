"""Commands that search and show movies."""

from __future__ import annotations

import json

import pytest

from tests.cli.running import Shell


def test_search_prints_cells_ids_and_json(shell: Shell) -> None:
    [first, *_] = shell.run("search", "alien").rows()
    assert first[1:3] == ["Alien", "1979"]
    assert shell.run("search", "alien", "--ids").ok().splitlines()[0] == first[0]
    assert shell.run("search", "alien", "--json").json()[0]["title"] == "Alien"


def test_search_tolerates_typing_errors_and_needs_no_quotes(shell: Shell) -> None:
    titles = [row[1] for row in shell.run("search", "shawshenk", "redemtion").rows()]
    assert titles[0] == "The Shawshank Redemption"


def test_empty_result_is_not_an_error(shell: Shell) -> None:
    assert shell.run("search", "xyzzy", "--year", "1901").ok() == ""
    assert shell.run("search", "xyzzy", "--year", "1901", "--json").json() == []
    result = shell.run_at_terminal("search", "xyzzy", "--year", "1901")
    assert (result.code, result.out) == (0, "")
    assert "No movies found" in result.err


def test_search_without_text_lists_the_catalogue(shell: Shell) -> None:
    rows = shell.run("search", "--year-min", "1979", "--year-max", "1982", "--order", "year").code
    assert rows == 2  # the daemon names what it can order by
    rows_found = shell.run("search", "--year-min", "1979", "--year-max", "1982", "--order", "title").rows()
    assert [row[1] for row in rows_found] == sorted(row[1] for row in rows_found)
    assert {row[2] for row in rows_found} <= {"1979", "1980", "1981", "1982"}
    shell.run("search", "alien", "--year-min", "1979").failed(2)


@pytest.mark.parametrize("command", ["popular", "top"])
def test_lists_have_pages(shell: Shell, command: str) -> None:
    first = shell.run(command, "--ids").ok().split()
    second = shell.run(command, "--page", "2", "--ids").ok().split()
    assert len(first) == 20
    assert second
    assert not set(first) & set(second)


def test_trending_takes_a_day_or_a_week(shell: Shell) -> None:
    assert shell.run("trending").rows()
    assert shell.run("trending", "--window", "day").rows()
    shell.run("trending", "--window", "year").failed(2)


def test_genres_are_listed(shell: Shell) -> None:
    assert "Horror" in [row[1] for row in shell.run("genres").rows()]


@pytest.mark.parametrize("name", ["imdb:tt0078748", "tt0078748", "alien", "ALIEN (1979)", " Alien "])
def test_movie_is_shown_by_each_identifier(shell: Shell, name: str) -> None:
    movie = shell.run("show", name, "--json").json()
    assert movie["imdb_id"] == "tt0078748"
    assert shell.run("show", str(movie["id"]), "--json").json() == movie


def test_show_prints_names_and_values_in_a_pipe(shell: Shell) -> None:
    rows = dict(row for row in shell.run("show", "Alien").rows())
    assert (rows["title"], rows["year"]) == ("Alien", "1979")
    assert "Ridley Scott" in rows["directors"]
    assert "Sigourney Weaver" in rows["cast"]


def test_show_prints_a_page_at_a_terminal(shell: Shell) -> None:
    page = shell.run_at_terminal("show", "blade", "runner", width=70)
    assert page.code == 0, page
    assert "Blade Runner (1982)" in page.out
    assert "Ridley Scott" in page.out
    assert "Similar" in page.out
    assert max(len(line) for line in page.out.splitlines()) <= 70


def test_title_of_two_movies_is_ambiguous(shell: Shell) -> None:
    candidates = [line.split("\t") for line in shell.run("show", "Solaris").failed(2).splitlines()[1:]]
    assert sorted(name for _, name in candidates) == ["Solaris (1972)", "Solaris (2002)"]
    for number, (movie_id, name) in enumerate(candidates, 1):
        assert str(shell.run("show", name, "--json").json()["id"]) == movie_id
        chosen = shell.run_at_terminal("show", "Solaris", "--json", typed=f"{number}\n")
        assert json.loads(chosen.out)["id"] == int(movie_id)


@pytest.mark.parametrize("name", ["999999999", "imdb:tt9999999", "tmdb:999999999", "Xyzzy Qwerty (1901)"])
def test_unknown_movie_exits_with_3(shell: Shell, name: str) -> None:
    shell.run("show", name).failed(3)


@pytest.mark.parametrize("name", ["tmdb:x", "tmdb:", "imdb:nonsense", "imdb:a/b?c=d#e", "tmdb:9" + "9" * 30])
def test_invalid_external_id_exits_with_3(shell: Shell, name: str) -> None:
    assert shell.run("show", name).code in (2, 3)
