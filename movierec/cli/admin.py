"""Group `admin`: the recommendation model, accounts (`admin_users`) and the catalogue (`admin_movies`)."""

from __future__ import annotations

from typing import Annotated

import typer

from movierec.cli import admin_movies, admin_users
from movierec.cli.connection import connect
from movierec.cli.jobs import print_job, print_started_job
from movierec.cli.options import AsJson, NoWait, new_group
from movierec.cli.output import flatten, print_record
from movierec.cli.progress import show_progress, wait_for_job
from movierec.errors import UpstreamUnavailable

commands = new_group("")
admin = new_group("Administration (staff only).")
commands.add_typer(admin, name="admin")
admin.add_typer(admin_users.users, name="users")
admin.add_typer(admin_movies.movies, name="movies")


@admin.command()
def train(
    measure: Annotated[
        bool, typer.Option("--measure", help="Also measure the quality, which doubles the time.")
    ] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Train a model on the community ratings and serve it."""
    client = connect()
    job = client.train(measure=True if measure else None)
    if no_wait:
        print_started_job(job, "is training a model", as_json=as_json)
        return
    with show_progress() as display:
        job = wait_for_job(client, job, display)
    print_job(job, as_json=as_json)


@admin.command()
def sync(
    pages: Annotated[
        int | None,
        typer.Option(min=0, max=500, help="Number of pages of popular and of top rated movies to read."),
    ] = None,
    budget: Annotated[int | None, typer.Option(min=1, help="Maximum number of requests to TMDb.")] = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Update the catalogue from TMDb: details of movies in libraries first, then changes, then lists.

    An interrupted run resumes where it stopped. Exits with 5 if TMDb stops answering; everything fetched
    until then is stored.
    """
    client = connect()
    job = client.sync(pages=pages, budget=budget)
    if no_wait:
        print_started_job(job, "is fetching from TMDb", as_json=as_json)
        return
    with show_progress() as display:
        job = wait_for_job(client, job, display)
    print_job(job, as_json=as_json)
    report = job["report"] or {}
    if report["away"]:
        raise UpstreamUnavailable(report["stopped"])


@admin.command()
def model(as_json: AsJson = False) -> None:
    """Show the model that serves. In a pipe: one line per field: name, tab, value."""
    answer = connect().model()
    print_record(flatten(answer), answer, as_json=as_json)


@admin.command()
def rollback(as_json: AsJson = False) -> None:
    """Serve the previous model again."""
    answer = connect().roll_back_model()
    print_record(flatten(answer), answer, as_json=as_json)
