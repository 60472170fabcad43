"""Command `stats`: the same numbers as JSON, in a pipe, and as charts on terminals of any width."""

from __future__ import annotations

import unicodedata

import pytest

from movierec.cli.charts import bar
from tests.cli.running import Shell


@pytest.fixture
def fan(ada: Shell) -> Shell:
    """Return a command line of a user with ratings and viewings."""
    for title, rating in (
        ("Alien", "5"),
        ("Aliens", "4.5"),
        ("Amélie", "2"),
        ("Casablanca", "5"),
        ("Up", "3"),
    ):
        ada.run("rate", title, rating).ok()
    ada.run("history", "add", "Alien", "--on", "2024-05-01").ok()
    ada.run("history", "add", "Alien", "--on", "2024-06-01T20:15:00Z").ok()
    ada.run("history", "add", "Up", "--on", "2023-06-01").ok()
    return ada


def test_pipe_and_json_have_the_same_numbers(fan: Shell) -> None:
    statistics = fan.run("stats", "--json").json()
    assert (
        statistics["counts"]["ratings"],
        statistics["counts"]["films"],
        statistics["counts"]["viewings"],
    ) == (5, 5, 6)
    assert statistics["mean"] == 3.9
    rows = fan.run("stats").rows()
    assert ["mean", "rating", "5", "3.90"] in rows
    assert [row[1:3] for row in rows if row[0] == "rating"] == [
        [f"{bar['rating']:g}", str(bar["count"])] for bar in statistics["histogram"]
    ]
    assert [row[1] for row in rows if row[0] == "director"] == [
        one["name"] for one in statistics["directors"]
    ]
    assert {row[1] for row in rows if row[0] == "year"} >= {"2024", "2023"}
    assert ["decade", "1970", "1", "5.00"] in rows


def test_year_in_review(fan: Shell) -> None:
    statistics = fan.run("stats", "--year", "2024", "--json").json()
    assert statistics["counts"] | {"minutes": 0} == {
        "ratings": 1, "reviews": 0, "favorites": 0, "watchlist": 0, "films": 1, "viewings": 2, "rewatches": 1,
        "minutes": 0,
    }  # fmt: skip
    assert statistics["months"] == [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    output = fan.run_at_terminal("stats", "--year", "2024").out
    assert "Your 2024 in movies" in output
    assert "1 movie seen 2 times, 1 of them again" in output
    fan.run("stats", "--year", "20").failed(2)


@pytest.mark.parametrize("width", [30, 60, 80, 109, 110, 140, 300])
def test_charts_fit_the_terminal(fan: Shell, width: int) -> None:
    lines = fan.run_at_terminal("stats", width=width).out.splitlines()
    assert max(sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line) for line in lines) <= width
    assert any("5 █" in line for line in lines)
    text = " ".join(" ".join(lines).split())
    for heading in ("Ratings", "Genres", "Decades", "Directors", "Years of watching", "You and the critics"):
        assert heading in text


def test_ratings_follow_the_scale(fan: Shell) -> None:
    rows = fan.run("stats", "--scale", "100").rows()
    assert ["mean", "rating", "5", "78.0"] in rows
    assert [row[1] for row in rows if row[0] == "rating"] == [str(ten) for ten in range(10, 101, 10)]
    assert "7.8 of 10" in fan.run_at_terminal("stats", "--scale", "10").out


def test_statistics_without_ratings(ada: Shell) -> None:
    assert "0 movies seen" in ada.run_at_terminal("stats").out
    assert ["mean", "rating", "0", ""] in ada.run("stats").rows()


def test_bars_are_exact_to_an_eighth_and_never_empty() -> None:
    assert [bar(share, 4) for share in (0, 0.001, 0.25, 0.5, 0.53, 1)] == ["", "▏", "█", "██", "██▏", "████"]
