"""Output of commands: tables on terminals, stable cells in pipes, exact JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from movierec.cli.columns import Column, columns_help, field_column, minute_column
from movierec.cli.output import flatten, print_list, print_record
from tests.cli.running import Terminal, unstyled

COLUMNS = (
    field_column("id", right=True),
    field_column("title", wraps=True),
    field_column("genres"),
    field_column("score"),
    field_column("seen"),
)
NASTY = {"id": 7, "title": "[red]Evil[/red]\t\x1b[2J\nx", "genres": ["a", "b"], "score": 7.25, "seen": True}
EMPTY = {"id": 8, "title": "", "genres": [], "score": None, "seen": False}


def test_pipe_receives_one_line_per_item_with_the_same_cells(capsys: Any) -> None:
    print_list([NASTY, EMPTY], COLUMNS, as_json=False)
    assert capsys.readouterr().out == (
        "7\t[red]Evil[/red]\\t\\x1b[2J\\nx\ta, b\t7.25\tyes\n"  # markup is literal
        "8\t\t\t\tno\n"
    )


def test_ids_are_printed_one_per_line(capsys: Any) -> None:
    print_list([NASTY, EMPTY], COLUMNS, as_json=False, ids=True)
    assert capsys.readouterr().out == "7\n8\n"


def test_json_is_one_exact_document(capsys: Any) -> None:
    print_list(iter([NASTY, EMPTY]), COLUMNS, as_json=True)
    out = capsys.readouterr().out
    assert json.loads(out) == [NASTY, EMPTY]
    assert "\x1b" not in out


def test_empty_list_prints_no_data(capsys: Any) -> None:
    print_list([], COLUMNS, as_json=False)
    assert capsys.readouterr().out == ""
    print_list([], COLUMNS, as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def on_terminal(monkeypatch: pytest.MonkeyPatch, items: list[Any], **environment: str) -> str:
    monkeypatch.setattr(sys, "stdout", screen := Terminal())
    for name, value in {"COLUMNS": "60", "TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    print_list(items, COLUMNS, as_json=False)
    return screen.getvalue()


def test_table_prints_markup_literally(monkeypatch: pytest.MonkeyPatch) -> None:
    output = on_terminal(monkeypatch, [NASTY], NO_COLOR="1", TERM="dumb")
    assert "[red]Evil[/red]" in output
    assert "\\x1b[2J" in output
    assert "\x1b" not in output
    assert "title" in output.splitlines()[0]


def test_terminal_shows_times_to_the_minute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = {"created_at": "2024-05-01T20:15:42Z"}
    print_list([job], (minute_column("created_at"),), as_json=False)
    assert capsys.readouterr().out == "2024-05-01T20:15:42Z\n"
    monkeypatch.setattr(sys, "stdout", screen := Terminal())
    monkeypatch.setenv("TERM", "dumb")
    print_list([job], (minute_column("created_at"),), as_json=False)
    assert next(line.strip() for line in screen.getvalue().splitlines() if line.strip()) == "created"
    assert "2024-05-01 20:15" in screen.getvalue()
    assert ":42" not in screen.getvalue()


def test_no_color_disables_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[3" not in on_terminal(monkeypatch, [NASTY], NO_COLOR="1")


@pytest.mark.parametrize("width", [40, 60, 200])
def test_table_fits_the_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    long = {**NASTY, "title": "A very long title that goes on " * 5}
    output = on_terminal(monkeypatch, [long], COLUMNS=str(width))
    assert max(len(line) for line in unstyled(output).splitlines()) <= width


def test_terminal_shows_the_display_value_of_a_column(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    columns = (Column("day", lambda item: item["at"], lambda item: item["at"][:10]),)
    print_list([{"at": "2026-05-04T03:02:01Z"}], columns, as_json=False)
    assert capsys.readouterr().out == "2026-05-04T03:02:01Z\n"


def test_record_is_printed_as_names_and_values(capsys: Any) -> None:
    print_record({"name": "Ada\n", "staff": True}, {}, as_json=False)
    assert capsys.readouterr().out == "name\tAda\\n\nstaff\tyes\n"


def test_nested_objects_are_flattened() -> None:
    job = {"id": 1, "progress": {"done": 2, "total_rows": 3}, "error": "", "rows": [{}, {}], "tags": ["a"]}
    assert flatten(job) == {"id": 1, "progress done": 2, "progress total rows": 3, "rows": 2, "tags": ["a"]}


def test_help_names_the_columns_of_a_pipe() -> None:
    assert columns_help(COLUMNS).endswith(": id, title, genres, score, seen.")
