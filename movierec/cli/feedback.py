"""`feedback`: what you said of recommended movies."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from movierec.cli.connection import connect
from movierec.cli.list_options import print_own
from movierec.cli.movie_lookup import find_movie, label, title_columns
from movierec.cli.options import AsJson, IdsOnly, Limit, Movie, MovieWords, new_group
from movierec.cli.output import Column, columns_help, day, field, print_done
from movierec.client import pages
from movierec.errors import NotFound

commands = new_group("")
feedback = new_group("What you said of recommended movies.")
commands.add_typer(feedback, name="feedback")


COLUMNS = (
    field("movie", right=True),
    *title_columns(lambda item: item["movie_detail"]),
    Column(
        "feedback", lambda item: item["feedback_type"], lambda item: item["feedback_type"].replace("_", " ")
    ),
    field("comment", wraps=True),
    day("created_at"),
)


class Kind(StrEnum):
    LIKE = "like"
    DISLIKE = "dislike"
    NOT_INTERESTED = "not_interested"


@feedback.command("list", epilog=columns_help(COLUMNS))
def list_(limit: Limit = None, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """List it. With --ids: the movies' ids."""
    print_own(pages(connect().feedback, limit), COLUMNS, as_json=as_json, ids=ids, nothing="No feedback yet.")


@feedback.command()
def add(
    movie: Movie,
    kind: Annotated[Kind, typer.Argument(help="`movierec dismiss` is short for not_interested.")],
    comment: Annotated[str | None, typer.Option(help="Why.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what you think of a recommendation."""
    client = connect()
    found = find_movie(client, movie)
    answer = client.give_feedback(found["id"], kind.value, comment)
    print_done(f"{label(found)}: {kind.value.replace('_', ' ')}.", answer, as_json=as_json)


@feedback.command()
def remove(movie: MovieWords, as_json: AsJson = False) -> None:
    """Take it back: the movie may be recommended again."""
    client = connect()
    found = find_movie(client, " ".join(movie))
    for item in pages(client.feedback):
        if item["movie"] == found["id"]:
            client.withdraw_feedback(item["id"])
            print_done(f"Your feedback on {label(found)} is gone.", {"movie": found["id"]}, as_json=as_json)
            return
    raise NotFound(f"You gave no feedback on {label(found)}.")
