"""`admin`: the recommendation model and, beside it, `admin_users` and `admin_movies`; for staff."""

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
admin = new_group("For staff.")
commands.add_typer(admin, name="admin")
admin.add_typer(admin_users.users, name="users")
admin.add_typer(admin_movies.movies, name="movies")


@admin.command()
def train(
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure the quality too; takes twice as long.")
    ] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Train a model on the community ratings, then recommend by it."""
    client = connect()
    job = client.train(measure=True if measure else None)
    if no_wait:
        print_started_job(job, "trains", as_json=as_json)
        return
    with show_progress() as shown:
        job = wait_for_job(client, job, shown)
    print_job(job, as_json=as_json)


@admin.command()
def sync(
    pages: Annotated[
        int | None, typer.Option(min=0, max=500, help="So many pages of popular and of top rated movies.")
    ] = None,
    budget: Annotated[int | None, typer.Option(min=1, help="At most so many calls to TMDb.")] = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Bring the catalogue up to date with TMDb: details of rated movies first, then changes, then lists.

    A run that breaks off is taken up where it was. Exits with 5 where TMDb stops answering; what it told is stored.
    """
    client = connect()
    job = client.sync(pages=pages, budget=budget)
    if no_wait:
        print_started_job(job, "asks TMDb", as_json=as_json)
        return
    with show_progress() as shown:
        job = wait_for_job(client, job, shown)
    print_job(job, as_json=as_json)
    if job["report"]["away"]:
        raise UpstreamUnavailable(job["report"]["stopped"])


@admin.command()
def model(as_json: AsJson = False) -> None:
    """Show the model in use. In a pipe: lines of name, tab, value."""
    answer = connect().model()
    print_record(flatten(answer), answer, as_json=as_json)


@admin.command()
def rollback(as_json: AsJson = False) -> None:
    """Go back to the model before."""
    answer = connect().roll_back_model()
    print_record(flatten(answer), answer, as_json=as_json)
