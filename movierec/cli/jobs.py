"""Group `jobs`: background jobs of the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli.columns import Column, columns_help, field_column, minute_column
from movierec.cli.connection import connect
from movierec.cli.options import AsJson, IdsOnly, Limit, new_group
from movierec.cli.output import flatten, print_list, print_message, print_outcome, print_record
from movierec.cli.progress import FINISHED_STATES, show_progress, wait_for_job
from movierec.client import iterate_pages
from movierec.errors import Conflict

if TYPE_CHECKING:
    from movierec.client.json_types import JobJson

commands = new_group("")
jobs = new_group("Background jobs: imports, trainings, updates from TMDb.")
commands.add_typer(jobs, name="jobs")

_PROBLEMS_SHOWN = 10

JobId = Annotated[int, typer.Argument(metavar="JOB", min=1, help="Id of the job.")]


def _progress(job: JobJson) -> str:
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
    """List your jobs, newest first."""
    print_list(
        iterate_pages(connect().jobs, limit), COLUMNS, as_json=as_json, ids=ids, nothing="No jobs yet."
    )


@jobs.command()
def show(
    job_id: JobId,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the job has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a job with its report. In a pipe: one line per field: name, tab, value."""
    client = connect()
    job = client.job(job_id)
    if wait and job["state"] not in FINISHED_STATES:
        with show_progress() as display:
            job = wait_for_job(client, job, display)
    print_job(job, as_json=as_json)


@jobs.command()
def cancel(job_id: JobId, as_json: AsJson = False) -> None:
    """Cancel a job at the next safe point."""
    client = connect()
    state = client.job(job_id)["state"]
    if state in FINISHED_STATES:
        # The daemon would delete the record of a job that has ended.
        raise Conflict(f"Job {job_id} has ended already: {state}.")
    client.cancel_job(job_id)
    print_outcome(f"Job {job_id} is cancelled.", client.job(job_id), as_json=as_json)


def print_started_job(job: JobJson, action: str, *, as_json: bool) -> None:
    """Print the job that a command started and does not wait for."""
    print_outcome(f"Job {job['id']} {action}. See: movierec jobs show {job['id']}", job, as_json=as_json)


def print_job(job: JobJson, *, as_json: bool) -> None:
    """Print a job with its report, and on standard error the rejected rows with reasons."""
    # The progress of a job that succeeded carries no information.
    hidden = {"report", "progress"} if job["state"] == "succeeded" else {"report"}
    fields = {name: value for name, value in job.items() if name not in hidden}
    report = dict(job["report"] or {})
    problems = report.pop("problems", [])
    files = {name: _counts(counts) for name, counts in report.pop("files", {}).items()}
    print_record(flatten({**fields, **files, **report}), job, as_json=as_json)
    if as_json:
        return
    for problem in problems[:_PROBLEMS_SHOWN]:
        print_message(f"{problem['file']}:{problem['line']}: {problem['message']}")
    if len(problems) > _PROBLEMS_SHOWN:
        print_message(f"... and more: movierec jobs show {job['id']} --json")


def _counts(counts: Mapping[str, int]) -> str:
    """Describe counts, for example `9742 rows, 9742 accepted`; other counts only if not zero."""
    return ", ".join(
        f"{number} {name}" for name, number in counts.items() if number or name in ("rows", "accepted")
    )
