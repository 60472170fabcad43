"""Commands `admin movies`: staff edit the catalogue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from movierec import db
from tests.cli.running import Shell


@pytest.fixture
def admin(ada: Shell) -> Shell:
    """Return a command line, signed in as Ada with the staff role."""
    db.execute("UPDATE users SET is_staff = ? WHERE username = ?", True, "ada")
    return ada


def shown(shell: Shell, movie: str) -> Any:
    return shell.run("show", movie, "--json").json()


def test_movies_are_listed_with_external_ids(admin: Shell) -> None:
    rows = admin.run("admin", "movies", "list", "--year", "1979").rows()
    assert [(row[1], row[2], row[3]) for row in rows] == [("Alien", "1979", "tt0078748")]
    assert len(admin.run("admin", "movies", "list", "-n", "3", "--ids").ok().split()) == 3


def test_movie_is_added_edited_and_deleted(admin: Shell) -> None:
    added = admin.run(
        "admin", "movies", "add", "Dune", "--year", "2021", "--imdb", "tt1160419", "--genre", "Drama",
        "--director", "Denis Villeneuve", "--actor", "Timothée Chalamet", "--actor", "Zendaya", "--json",
    ).json()  # fmt: skip
    assert (added["year"], added["genres"], added["directors"]) == (2021, ["Drama"], ["Denis Villeneuve"])
    assert [member["name"] for member in added["cast"]] == ["Timothée Chalamet", "Zendaya"]
    out = admin.run(
        "admin", "movies", "edit", str(added["id"]), "--title", "Dune: Part One", "--tmdb", "438631"
    ).ok()
    assert out == "Dune: Part One (2021) is changed.\n"
    movie = shown(admin, "tmdb:438631")
    assert (movie["title"], movie["year"], movie["genres"]) == ("Dune: Part One", 2021, ["Drama"])
    admin.run("admin", "movies", "edit", "tmdb:438631", "--actor", "Josh Brolin").ok()
    assert [member["name"] for member in shown(admin, "tmdb:438631")["cast"]] == ["Josh Brolin"]
    admin.run("admin", "movies", "delete", "imdb:tt1160419").failed(2)  # nobody there to ask
    admin.run("admin", "movies", "delete", "imdb:tt1160419", "--yes").ok()
    admin.run("show", "imdb:tt1160419").failed(3)


def test_other_fields_are_read_from_json(admin: Shell, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps({"tagline": "It begins.", "keywords": ["spice"], "year": 1984}))
    added = admin.run(
        "admin", "movies", "add", "Dune", "--facts", str(facts), "--year", "2021", "--json"
    ).json()
    assert (added["tagline"], added["keywords"], added["year"]) == ("It begins.", ["spice"], 2021)
    edit = ("admin", "movies", "edit", str(added["id"]))
    admin.run(*edit, "--facts", "-", stdin='{"certificate": "PG-13"}').ok()
    assert shown(admin, str(added["id"]))["certificate"] == "PG-13"
    for wrong in ("{", "[]", '{"nonsense": 1}'):
        admin.run(*edit, "--facts", "-", stdin=wrong).failed(2)
    admin.run(*edit).failed(2)


def test_merge_asks_for_confirmation(admin: Shell) -> None:
    admin.run("rate", "Heat (1972)", "4").ok()
    heat = shown(admin, "Heat (1995)")
    merge = ("admin", "movies", "merge", "Heat (1972)", "imdb:tt0113277")
    assert "--yes" in admin.run(*merge).failed(2)
    declined = admin.run_at_terminal(*merge, typed="n\n")
    assert (declined.code, "goes" in declined.err, "stays" in declined.err) == (2, True, True)
    result = admin.run_at_terminal(*merge, typed="y\n")
    assert (result.code, f"into Heat (1995), {heat['id']}." in result.out) == (0, True)
    movie = shown(admin, "tt0068688")
    assert (movie["id"], movie["my_rating"]) == (heat["id"], 4.0)
    admin.run("admin", "movies", "merge", "tt0068688", "tt0113277", "--yes").failed(2)


def test_editing_needs_the_staff_role(ada: Shell) -> None:
    ada.run("admin", "movies", "add", "Dune").failed(4)
    ada.run("admin", "movies", "merge", "tt0068688", "tt0113277", "--yes").failed(4)
