"""Commands of recommendations, explanations and feedback."""

from __future__ import annotations

import pytest

from tests.cli.running import Shell


@pytest.fixture
def fan(ada: Shell) -> Shell:
    """Return a command line of Ada, who likes science fiction."""
    for title, stars in (
        ("Alien", "5"),
        ("Blade Runner", "5"),
        ("The Terminator", "4.5"),
        ("Notting Hill", "1"),
    ):
        ada.run("rate", title, stars).ok()
    return ada


def test_recommendations_have_rank_title_and_reason(fan: Shell) -> None:
    rows = fan.run("recommend", "--limit", "5").rows()
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5"]
    assert all(row[6] for row in rows)
    ids = fan.run("recommend", "--limit", "5", "--ids").ok().split()
    assert ids == [row[1] for row in rows]
    items = fan.run("recommend", "--limit", "5", "--json").json()
    assert [str(item["movie"]["id"]) for item in items] == ids
    assert "rank" not in items[0]


def test_recommendations_fit_the_width_of_the_terminal(fan: Shell) -> None:
    table = fan.run_at_terminal("recommend", width=80)
    assert table.code == 0, table
    assert "reason" in table.out.splitlines()[0]
    assert max(len(line) for line in table.out.splitlines()) <= 80


def test_every_filter_is_accepted_by_the_daemon(fan: Shell) -> None:
    filters = (
        "--genre Thriller --exclude-genre Romance --exclude-genre Comedy --year-min 1950 --year-max 2010"
    )
    more = (
        "--language en --min-votes 1 --runtime-max 300 --novelty 0.2 --diversity 0.5 --include-seen --refresh"
    )
    items = fan.run("recommend", *filters.split(), *more.split(), "--json").json()
    assert items
    for item in items:
        assert "Thriller" in item["movie"]["genres"]
        assert not {"Romance", "Comedy"} & set(item["movie"]["genres"])
        assert 1950 <= item["movie"]["year"] <= 2010


def test_rating_changes_the_next_recommendations(fan: Shell) -> None:
    first = fan.run("recommend", "--ids").ok().split()
    fan.run("rate", first[0], "5").ok()
    assert first[0] not in fan.run("recommend", "--ids").ok().split()


def test_dismissed_movie_is_excluded_until_the_feedback_is_removed(fan: Shell) -> None:
    first = fan.run("recommend", "--ids").ok().split()[0]
    fan.run("dismiss", first, "--comment", "seen it as a child").ok()
    assert first not in fan.run("recommend", "--limit", "100", "--ids").ok().split()
    [row] = fan.run("feedback", "list").rows()
    assert (row[0], row[3], row[4]) == (first, "not_interested", "seen it as a child")
    assert fan.run("feedback", "list", "--ids").ok().split() == [first]
    fan.run("feedback", "remove", first).ok()
    assert first in fan.run("recommend", "--limit", "100", "--ids").ok().split()
    fan.run("feedback", "remove", first).failed(3)


def test_feedback_of_other_types(fan: Shell) -> None:
    fan.run("feedback", "add", "Up", "like").ok()
    assert fan.run("feedback", "list", "--json").json()[0]["feedback_type"] == "like"
    fan.run("feedback", "add", "Up", "meh").failed(2)


def test_similar_needs_no_account(shell: Shell) -> None:
    rows = shell.run("similar", "Toy", "Story", "--limit", "4").rows()
    assert len(rows) == 4
    assert "Toy Story 2" in [row[1] for row in rows]
    assert len(shell.run("similar", "Toy Story", "--ids").ok().split()) == 10


def test_explain_names_the_rated_movies(fan: Shell) -> None:
    rows = fan.run("explain", "Aliens").rows()
    assert {row[1] for row in rows} <= {"Alien", "Blade Runner", "The Terminator", "Notting Hill"}
    page = fan.run_at_terminal("explain", "Aliens")
    assert "Aliens (1986)" in page.out
    answer = fan.run("explain", "Aliens", "--json").json()
    assert {item["title"] for item in answer["because"]} == {row[1] for row in rows}


def test_recommendations_need_an_account(shell: Shell) -> None:
    for command in (["recommend"], ["explain", "Alien"], ["dismiss", "Alien"], ["feedback", "list"]):
        shell.run(*command).failed(4)


def test_pick_returns_one_movie(fan: Shell) -> None:
    best = fan.run("recommend", "--ids", "-n", "5").ok().split()
    picked = fan.run("recommend", "--pick", "--ids").ok().split()
    assert len(picked) == 1
    assert picked[0] in best
    assert fan.run("recommend", "--pick", "--ids").ok().split() == picked
    others = {fan.run("recommend", "--pick", "--seed", str(n), "--ids").ok().strip() for n in range(12)}
    assert 1 < len(others) <= 5
    assert others <= set(best)


def test_recommendations_from_the_watchlist(fan: Shell) -> None:
    assert fan.run("recommend", "--from-watchlist", "--ids").ok() == ""
