"""What came of an import, for people and scripts: counts, what changed, what was not taken and why."""

from __future__ import annotations

import json
from typing import Any

from movierec.cli.movie_lookup import movie_label
from movierec.cli.output import (
    Column,
    field_column,
    minute_column,
    print_json,
    print_list,
    print_message,
    print_record,
)
from movierec.errors import ValidationFailed

OUTCOMES = ("new", "changed", "same", "kept", "ambiguous", "unmatched", "skipped", "rejected")
# What a file is right for; where none of its rows came to that, it was the wrong one, or read wrongly.
_OF_USE = ("new", "changed", "same", "kept", "ambiguous", "unmatched")
_PROBLEMS_SHOWN = 10


def _report(job: Any) -> Any:
    return job["report"] or {}


def _count(name: str) -> Column:
    return Column(name, lambda job: _report(job).get(name), right=True)


IMPORT_COLUMNS = (
    field_column("id", right=True),
    field_column("state"),
    Column("dry run", lambda job: _report(job).get("dry_run")),
    Column("format", lambda job: _report(job).get("format")),
    *map(_count, ("rows", "accepted", "unchanged", "ambiguous", "unmatched", "skipped", "rejected")),
    minute_column("created_at"),
    field_column("error", wraps=True),
)

PROBLEM_COLUMNS = (
    Column("where", lambda problem: f"{problem['file']}:{problem['line']}"),
    field_column("outcome"),
    field_column("message", wraps=True),
)


def _outcome(item: Any) -> str:
    if "outcome" in item:
        return str(item["outcome"])
    return "new" if item["before"] is None else "changed"


# Of what would change and what would not be taken, one line each.
DIFFERENCE_COLUMNS = (
    Column("where", lambda item: f"{item['file']}:{item['line']}"),
    Column("outcome", _outcome),
    Column("movie", lambda item: movie_label(item) if "title" in item else "", wraps=True),
    Column("shelf", lambda item: item.get("shelf")),
    Column("before", lambda item: _words(item.get("before"))),
    Column("after", lambda item: item["message"] if "message" in item else _words(item["after"]), wraps=True),
)


def print_import(job: Any, *, as_json: bool) -> None:
    """The counts of an import; of a dry run what would be different, its counts on standard error.

    Raises ValidationFailed, after it is printed, where all that the file holds was rejected.
    """
    report = job["report"]
    if as_json:
        print_json(job)
    elif report["dry_run"]:
        print_list(
            [*report["changes"], *report["problems"]],
            DIFFERENCE_COLUMNS,
            as_json=False,
            nothing="Nothing would change.",
        )
        print_message(f"{_summary(report)}. Nothing was changed.")
    else:
        _print_done(job, report)
    if report["rejected"] and not any(report[name] for name in _OF_USE):
        raise ValidationFailed(f"Nothing was taken: {_summary(report)}.")


def _print_done(job: Any, report: Any) -> None:
    counts = {name: report[name] for name in OUTCOMES if report[name] or name == "new"}
    told = {"import": job["id"], "format": report["format"], "rows": report["rows"], **counts}
    print_record(told, job, as_json=False)
    for problem in report["problems"][:_PROBLEMS_SHOWN]:
        print_message(f"{problem['file']}:{problem['line']}: {problem['outcome']}: {problem['message']}")
    if report["problems_total"] > _PROBLEMS_SHOWN:
        print_message(f"... all {report['problems_total']}: movierec import problems {job['id']}")
    if report["ambiguous"] or report["unmatched"]:
        print_message("Which films are meant is asked by: movierec import review")
    if report["settled"]:
        print_message(
            f"Taken in from earlier imports, now that their films are known: {report['settled']} films"
        )
    if report["nothing_changed"] and (report["same"] or report["kept"]):
        print_message("Nothing was changed: everything that could be taken was here already.")


def _summary(report: Any) -> str:
    return ", ".join(f"{report[name]} {name}" for name in OUTCOMES if report[name]) or "no rows"


def _words(row: Any) -> str:
    """`4.5 stars, review Good.`: a row as people would tell it; what it does not say is left out."""
    return ", ".join(_WORDS.get(name, f"{name} %s") % _told(name, value) for name, value in _said(row))


_WORDS = {"steps": "%s stars", "watched_at": "seen %s", "rewatch": "again", "tags": "tagged %s"}


def _said(row: Any) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in (row or {}).items() if value not in ("", "[]", False, 0)]


def _told(name: str, value: Any) -> Any:
    if name == "rewatch":
        return ()
    if name == "tags":
        return ", ".join(json.loads(value))
    return f"{value / 2:g}" if name == "steps" else value
