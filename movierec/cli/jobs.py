"""`jobs`: long work the daemon does for you."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from movierec.cli.connection import connect
from movierec.cli.options import AsJson, IdsOnly, Limit, new_group
from movierec.cli.output import (
    Column,
    columns_help,
    field_column,
    flatten,
    minute_column,
    print_list,
    print_message,
    print_outcome,
    print_record,
)
from movierec.cli.progress import FINISHED_STATES, show_progress, wait_for_job
from movierec.client import iterate_pages
from movierec.errors import Conflict

commands = new_group("")
jobs = new_group("Imports and trainings.")
commands.add_typer(jobs, name="jobs")

_PROBLEMS_SHOWN = 10

JobId = Annotated[int, typer.Argument(metavar="JOB", min=1, help="Id of a job.")]


def _progress(job: Any) -> str:
    done, total = job["progress"]["done"], job["progress"]["total"]
    return f"{done}/{total}" if total else str(done)


COLUMNS = (
    field_column("id", right=True),
    field_column("kind"),
    field_column("state"),
    Column("progress", _progress, right=True),
    minute_column("created_at"),
    field_column("error", wraps=True),
)


@jobs.command("list", epilog=columns_help(COLUMNS))
def list_(limit: Limit = None, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """List them, the newest first."""
    print_list(
        iterate_pages(connect().jobs, limit), COLUMNS, as_json=as_json, ids=ids, nothing="No jobs yet."
    )


@jobs.command()
def show(
    job: JobId,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one, with its report. In a pipe: lines of name, tab, value."""
    client = connect()
    found = client.job(job)
    if wait and found["state"] not in FINISHED_STATES:
        with show_progress() as shown:
            found = wait_for_job(client, found, shown)
    print_job(found, as_json=as_json)


@jobs.command()
def cancel(job: JobId, as_json: AsJson = False) -> None:
    """Stop one at the next safe point."""
    client = connect()
    state = client.job(job)["state"]
    if state in FINISHED_STATES:
        # The daemon would take this for "forget it".
        raise Conflict(f"Job {job} has ended already: {state}.")
    client.cancel_job(job)
    print_outcome(f"Job {job} is cancelled.", client.job(job), as_json=as_json)


def print_started_job(job: Any, does: str, *, as_json: bool) -> None:
    """What a command prints that does not wait for the job it started."""
    print_outcome(f"Job {job['id']} {does}; see: movierec jobs show {job['id']}", job, as_json=as_json)


def print_job(job: Any, *, as_json: bool) -> None:
    """The job and its report; rows that were refused are named, on standard error, with the reason."""
    # How far it was says nothing of one that has succeeded.
    told = {name: value for name, value in job.items() if name != "progress" or job["state"] != "succeeded"}
    report = dict(told.pop("report") or {})
    problems = report.pop("problems", [])
    files = {name: _counts(counts) for name, counts in report.pop("files", {}).items()}
    print_record(flatten({**told, **files, **report}), job, as_json=as_json)
    if as_json:
        return
    for problem in problems[:_PROBLEMS_SHOWN]:
        print_message(f"{problem['file']}:{problem['line']}: {problem['message']}")
    if len(problems) > _PROBLEMS_SHOWN:
        print_message(f"... and more: movierec jobs show {job['id']} --json")


def _counts(counts: Mapping[str, int]) -> str:
    """`9742 rows, 9742 accepted`; of the others only those that occur."""
    return ", ".join(
        f"{number} {name}" for name, number in counts.items() if number or name in ("rows", "accepted")
    )
