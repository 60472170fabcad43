"""Report of an import: counts, changes, and the rows that were not imported, with reasons."""

from __future__ import annotations

import json
from typing import Any

from movierec.cli.columns import Column, field_column, minute_column
from movierec.cli.movie_lookup import movie_label
from movierec.cli.output import print_json, print_list, print_message, print_record
from movierec.errors import ValidationFailed

OUTCOMES = ("new", "changed", "same", "kept", "ambiguous", "unmatched", "skipped", "rejected")
# A file without a row of these outcomes was the wrong file, or was read in the wrong format.
_USEFUL_OUTCOMES = ("new", "changed", "same", "kept", "ambiguous", "unmatched")
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


# One row per change and per row that would not be imported.
DIFFERENCE_COLUMNS = (
    Column("where", lambda item: f"{item['file']}:{item['line']}"),
    Column("outcome", _outcome),
    Column("movie", lambda item: movie_label(item) if "title" in item else "", wraps=True),
    Column("shelf", lambda item: item.get("shelf")),
    Column("before", lambda item: _describe_row(item.get("before"))),
    Column(
        "after",
        lambda item: item["message"] if "message" in item else _describe_row(item["after"]),
        wraps=True,
    ),
)


def print_import(job: Any, *, as_json: bool) -> None:
    """Print the counts of an import; for a dry run the changes, with the counts on standard error.

    Raises ValidationFailed, after printing, if every row of the file was rejected.
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
    if report["rejected"] and not any(report[name] for name in _USEFUL_OUTCOMES):
        hint = "" if report["dry_run"] else f" See: movierec import problems {job['id']}"
        raise ValidationFailed(f"Nothing was imported: {_summary(report)}.{hint}")


def _print_done(job: Any, report: Any) -> None:
    counts = {name: report[name] for name in OUTCOMES if report[name] or name == "new"}
    summary = {"import": job["id"], "format": report["format"], "rows": report["rows"], **counts}
    print_record(summary, job, as_json=False)
    for problem in report["problems"][:_PROBLEMS_SHOWN]:
        print_message(f"{problem['file']}:{problem['line']}: {problem['outcome']}: {problem['message']}")
    if report["problems_total"] > _PROBLEMS_SHOWN:
        print_message(f"... all {report['problems_total']}: movierec import problems {job['id']}")
    if report["ambiguous"] or report["unmatched"]:
        print_message("Some titles match no movie or several. Choose with: movierec import review")
    if report["settled"]:
        print_message(
            f"Also imported rows of earlier imports, for movies that are in the catalogue now: {report['settled']}"
        )
    if report["nothing_changed"] and (report["same"] or report["kept"]):
        print_message("Nothing was changed: all rows that could be imported are already in your library.")


def _summary(report: Any) -> str:
    return ", ".join(f"{report[name]} {name}" for name in OUTCOMES if report[name]) or "no rows"


def _describe_row(row: Any) -> str:
    """Describe a row as text, for example `4.5 stars, review Good.`; empty fields are left out."""
    return ", ".join(
        _PHRASES.get(name, f"{name} %s") % _display_value(name, value)
        for name, value in _non_empty_fields(row)
    )


_PHRASES = {"steps": "%s stars", "watched_at": "seen %s", "rewatch": "again", "tags": "tagged %s"}


def _non_empty_fields(row: Any) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in (row or {}).items() if value not in ("", "[]", False, 0)]


def _display_value(name: str, value: Any) -> Any:
    if name == "rewatch":
        return ()
    if name == "tags":
        return ", ".join(json.loads(value))
    return f"{value / 2:g}" if name == "steps" else value
