"""`account profile`: what you tell about yourself, and the preferences that act on what you see."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from movierec.cli.connection import connect
from movierec.cli.options import AsJson, new_group
from movierec.cli.output import print_record
from movierec.cli.scales import RatingScale, parse_scale
from movierec.errors import ValidationFailed

commands = new_group("")


@commands.command()
def profile(
    bio: Annotated[str | None, typer.Option(help="Some words about you.")] = None,
    avatar: Annotated[str | None, typer.Option(help="Address of a picture (http or https).")] = None,
    genre: Annotated[
        list[str] | None, typer.Option(help="A favorite genre, by name or id; repeat it for several.")
    ] = None,
    no_genres: Annotated[bool, typer.Option("--no-genres", help="No favorite genres any more.")] = False,
    language: Annotated[str | None, typer.Option(help="Preferred language, such as fr; '' for none.")] = None,
    mature: Annotated[
        bool | None, typer.Option("--mature/--no-mature", help="Whether adult films are shown.")
    ] = None,
    scale: Annotated[
        RatingScale | None,
        typer.Option(
            parser=parse_scale,
            metavar="5|10|100",
            help="How you write ratings: up to 5 by halves, up to 10, up to 100 by tens.",
        ),
    ] = None,
    seen_leaves: Annotated[
        bool | None,
        typer.Option(
            "--clear-watchlist/--keep-watchlist",
            help="Whether rating a movie, or entering it as seen, takes it off the watchlist.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show your profile, or change what is given."""
    if genre and no_genres:
        raise ValidationFailed("Give either --genre or --no-genres.")
    given: dict[str, Any] = {
        "bio": bio,
        "avatar": avatar,
        "favorite_genres": [] if no_genres else [_genre(text) for text in genre or ()] or None,
        "preferred_language": language,
        "mature_content": mature,
        "rating_scale": scale.top if scale else None,
        "seen_leaves_watchlist": seen_leaves,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    client = connect()
    answer = client.change_my_profile(**changes) if changes else client.my_profile()
    fields = {name.replace("_", " "): answer[name] for name in given}
    print_record(fields, answer, as_json=as_json)


def _genre(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text
