"""Commands of the watchlist, the history and `undo`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from movierec.cli.undo import print_conflicts
from tests.cli.running import Shell


def test_watchlist_is_filtered_ordered_and_cleared_by_rating(ada: Shell) -> None:
    ada.run("watchlist", "add", "Amélie", "--note", "with Bob").ok()
    ada.run("watchlist", "add", "Heat (1995)").ok()
    assert ada.run("watchlist", "add", "amelie").ok() == "Amélie (2001) is on your watchlist.\n"
    assert sorted((row[1], row[5]) for row in ada.run("watchlist", "list").rows()) == [
        ("Amélie", "with Bob"),
        ("Heat", ""),
    ]
    assert [row[1] for row in ada.run("watchlist", "list", "--search", "hea").rows()] == ["Heat"]
    assert [row[1] for row in ada.run("watchlist", "list", "--year-max", "1999").rows()] == ["Heat"]
    assert [row[1] for row in ada.run("watchlist", "list", "--year-min", "1999").rows()] == ["Amélie"]
    by_year = ada.run("watchlist", "list", "--order", "year", "--ids").ok()
    assert by_year.split() == [
        row[0] for row in reversed(ada.run("watchlist", "list", "--order", "-year").rows())
    ]
    assert len(ada.run("recommend", "--from-watchlist", "--ids").ok().split()) == 2
    ada.run("watchlist", "remove", "Amélie").ok()
    assert "not on your watchlist" in ada.run("watchlist", "remove", "Amélie").failed(3)
    ada.run("rate", "Heat (1995)", "4").ok()
    assert ada.run("watchlist", "list").ok() == ""
    ada.run("account", "profile", "--keep-watchlist").ok()
    ada.run("watchlist", "add", "Alien").ok()
    ada.run("rate", "Alien", "4").ok()
    assert len(ada.run("watchlist", "list").rows()) == 1


def test_history_lists_viewings_with_dates_and_tags(ada: Shell) -> None:
    today = datetime.now(UTC).astimezone().date().isoformat()
    assert ada.run("history", "add", "Alien").ok() == f"Alien (1979): seen on {today}.\n"
    assert (
        ada.run("history", "add", "Heat (1995)", "--on", "unknown").ok()
        == "Heat (1995): seen on an unknown date.\n"
    )
    added = ada.run(
        "history", "add", "Alien", "--on", "2024-05-01T20:15:00Z", "--tag", "cinema", "--tag", "70 mm"
    )
    assert added.ok() == "Alien (1979): seen on 2024-05-01.\n"
    assert "seen again on 2024-06-01" in ada.run("history", "add", "Alien", "--on", "2024-06-01").ok()
    rows = [row[1:] for row in ada.run("history", "list").rows()]
    assert rows == [
        ["Alien", "1979", today, "no", ""],
        ["Alien", "1979", "2024-06-01", "yes", ""],
        ["Alien", "1979", "2024-05-01T20:15:00Z", "no", "cinema, 70 mm"],
        ["Heat", "1995", "", "no", ""],
    ]
    assert len(ada.run("history", "list", "--since", "2024-05-01", "--until", "2024-12-31").rows()) == 2
    assert len(ada.run("history", "list", "--tag", "cinema", "--ids").ok().split()) == 1
    assert f"seen 3 times, last on {today}" in ada.run_at_terminal("show", "Alien").out
    assert "future" in ada.run("history", "add", "Alien", "--on", "9999-01-01").failed(2)
    assert "2024-05-01" in ada.run("history", "add", "Alien", "--on", "last night").failed(2)
    yesterday = (datetime.now(UTC).astimezone() - timedelta(days=1)).date()
    assert str(yesterday) in ada.run("history", "add", "Up", "--on", "yesterday").ok()


def test_viewing_is_removed_by_its_date(ada: Shell) -> None:
    for day in ("2024-05-01", "2024-05-01T20:15:00Z", "2023-01-01", "unknown"):
        ada.run("history", "add", "Alien", "--on", day).ok()
    complaint = ada.run("history", "remove", "Alien").failed(2)
    assert all(day in complaint for day in ("2023-01-01", "2024-05-01T20:15:00Z", "unknown"))
    ada.run("history", "remove", "Alien", "--on", "2024-05-01").failed(2)
    for day in ("2024-05-01T20:15:00Z", "2024-05-01", "unknown"):
        ada.run("history", "remove", "Alien", "--on", day).ok()
    ada.run("history", "remove", "Alien").ok()
    ada.run("history", "remove", "Alien").failed(3)


def test_undo_reverts_the_last_change_and_prints_how_to_restore_it(ada: Shell) -> None:
    assert "nothing to undo" in ada.run("undo").failed(3)
    ada.run("rate", "Alien", "4.5", "--review", "Quiet.").ok()
    ada.run("favorites", "add", "Alien").ok()
    ada.run("unrate", "Alien").ok()
    undone = ada.run("undo")
    assert (undone.code, undone.out) == (0, "Undone: Took back the rating of Alien (1979).\n")
    assert ada.run("ratings").rows()[0][4] == "Quiet."
    number = undone.err.split()[-1]
    assert ada.run("undo", number).ok() == "Restored: Took back the rating of Alien (1979).\n"
    assert ada.run("ratings").ok() == ""
    for _ in range(3):
        assert ada.run("undo").code == 0
    assert ada.run("favorites", "list").ok() == ""
    rows = ada.run("undo", "--list").rows()
    assert [(row[1], row[3]) for row in rows if not row[1].startswith("Undid")] == [
        ("Took back the rating of Alien (1979)", "yes"),
        ("Made Alien (1979) a favorite", "yes"),
        ("Rated Alien (1979)", "yes"),
    ]
    assert "undone already" in ada.run("undo", rows[-1][0]).failed(1)
    ada.run("undo", "99999").failed(3)


def test_favorites_are_filtered_and_ordered(ada: Shell) -> None:
    for title in ("Alien", "Amélie", "Casablanca"):
        ada.run("favorites", "add", title).ok()
    assert [
        row[1] for row in ada.run("favorites", "list", "--genre", "Romance", "--order", "year").rows()
    ] == [
        "Casablanca",
        "Amélie",
    ]


def test_movies_changed_since_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    movies = [{"title": title} for title in ("Alien", "Heat", "Amélie", "Persona", "Stalker", "Solaris")]
    print_conflicts({"left_count": 0, "left": []})
    assert capsys.readouterr() == ("", "")
    print_conflicts({"left_count": 2, "left": movies[:2]})
    assert capsys.readouterr() == ("", "Not reverted, because changed since: Alien, Heat\n")
    print_conflicts({"left_count": 5, "left": movies[:5]})
    assert "…" not in capsys.readouterr().err
    print_conflicts({"left_count": 6, "left": movies})
    assert capsys.readouterr().err.endswith("Heat, Amélie, Persona, Stalker …\n")
