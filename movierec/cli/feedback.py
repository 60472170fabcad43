"""Group `feedback`: your feedback on recommended movies."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from movierec.cli.columns import Column, columns_help, date_column, field_column
from movierec.cli.connection import connect
from movierec.cli.list_options import print_movie_list
from movierec.cli.movie_lookup import find_movie, movie_label, title_columns
from movierec.cli.options import AsJson, IdsOnly, Limit, MovieArgument, MovieWordsArgument, new_group
from movierec.cli.output import print_outcome
from movierec.client import iterate_pages
from movierec.errors import NotFound

commands = new_group("")
feedback = new_group("Your feedback on recommended movies.")
commands.add_typer(feedback, name="feedback")


COLUMNS = (
    field_column("movie", right=True),
    *title_columns(lambda item: item["movie_detail"]),
    Column(
        "feedback", lambda item: item["feedback_type"], lambda item: item["feedback_type"].replace("_", " ")
    ),
    field_column("comment", wraps=True),
    date_column("created_at"),
)


class FeedbackKind(StrEnum):
    LIKE = "like"
    DISLIKE = "dislike"
    NOT_INTERESTED = "not_interested"


@feedback.command("list", epilog=columns_help(COLUMNS))
def list_(limit: Limit = None, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """List your feedback. --ids prints movie ids."""
    print_movie_list(
        iterate_pages(connect().feedback, limit),
        COLUMNS,
        as_json=as_json,
        ids=ids,
        nothing="No feedback yet.",
    )


@feedback.command()
def add(
    name: MovieArgument,
    kind: Annotated[
        FeedbackKind, typer.Argument(help="Type of feedback. `movierec dismiss` is short for not_interested.")
    ],
    comment: Annotated[str | None, typer.Option(help="Reason for the feedback.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give feedback on a recommendation."""
    client = connect()
    movie = find_movie(client, name)
    answer = client.give_feedback(movie["id"], kind.value, comment)
    print_outcome(f"{movie_label(movie)}: {kind.value.replace('_', ' ')}.", answer, as_json=as_json)


@feedback.command()
def remove(name: MovieWordsArgument, as_json: AsJson = False) -> None:
    """Remove your feedback. The movie may be recommended again."""
    client = connect()
    movie = find_movie(client, " ".join(name))
    for item in iterate_pages(client.feedback):
        if item["movie"] == movie["id"]:
            client.withdraw_feedback(item["id"])
            print_outcome(
                f"Your feedback on {movie_label(movie)} is removed.", {"movie": movie["id"]}, as_json=as_json
            )
            return
    raise NotFound(f"There is no feedback of yours on {movie_label(movie)}. See: movierec feedback list")
