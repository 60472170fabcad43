"""Command `account profile`: personal details and the preferences that change what you see."""

from __future__ import annotations

from typing import Annotated

import typer

from movierec.cli.connection import connect
from movierec.cli.options import AsJson, new_group
from movierec.cli.output import print_record
from movierec.cli.rating_scales import RatingScale, parse_scale
from movierec.errors import ValidationFailed

commands = new_group("")


@commands.command()
def profile(
    bio: Annotated[str | None, typer.Option(help="Short text about you.")] = None,
    avatar: Annotated[str | None, typer.Option(help="URL of a picture (http or https).")] = None,
    genre: Annotated[
        list[str] | None, typer.Option(help="Favorite genre, by name or id. May be repeated.")
    ] = None,
    no_genres: Annotated[bool, typer.Option("--no-genres", help="Remove all favorite genres.")] = False,
    language: Annotated[
        str | None,
        typer.Option(help="ISO 639-1 code of your preferred language, for example fr; '' for none."),
    ] = None,
    mature: Annotated[
        bool | None, typer.Option("--mature/--no-mature", help="Show adult movies, or hide them.")
    ] = None,
    scale: Annotated[
        RatingScale | None,
        typer.Option(
            parser=parse_scale,
            metavar="5|10|100",
            help="Rating scale: 0.5 to 5 in halves, 1 to 10, or 10 to 100 in tens.",
        ),
    ] = None,
    seen_leaves: Annotated[
        bool | None,
        typer.Option(
            "--clear-watchlist/--keep-watchlist",
            help="Remove a movie from the watchlist when you rate it or add it to the history, or keep it there.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show your profile, or change the given fields."""
    if genre and no_genres:
        raise ValidationFailed("Give either --genre or --no-genres.")
    values: dict[str, object] = {
        "bio": bio,
        "avatar": avatar,
        "favorite_genres": [] if no_genres else [_genre(text) for text in genre or ()] or None,
        "preferred_language": language,
        "mature_content": mature,
        "rating_scale": scale.top if scale else None,
        "seen_leaves_watchlist": seen_leaves,
    }
    changes = {name: value for name, value in values.items() if value is not None}
    client = connect()
    answer = client.change_my_profile(**changes) if changes else client.my_profile()
    document = dict(answer)
    fields = {name.replace("_", " "): document[name] for name in values}
    print_record(fields, answer, as_json=as_json)


def _genre(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text
