"""`rate`, `unrate`, `review`, `ratings`: what you think of movies."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from movierec.cli.connection import connect
from movierec.cli.list_options import narrowed, print_own
from movierec.cli.movie_lookup import find_movie, label, title_columns
from movierec.cli.options import (
    AsJson,
    Genre,
    IdsOnly,
    Limit,
    Movie,
    MovieWords,
    Search,
    Since,
    Until,
    Year,
    YearMax,
    YearMin,
    new_group,
)
from movierec.cli.output import Column, columns_help, day, field, print_done, print_record
from movierec.cli.scales import OfScale, Scale, rating_typed, scale_of
from movierec.client import pages
from movierec.errors import NotFound

commands = new_group("")

COLUMNS = (
    Column("movie", lambda rating: rating["movie"], right=True),
    *title_columns(lambda rating: rating["movie_detail"]),
    field("rating", right=True),
    field("review", wraps=True),
    day("updated_at"),
)


@commands.command()
def rate(
    movie: Movie,
    rating: Annotated[
        str,
        typer.Argument(
            parser=rating_typed,
            metavar="RATING",
            help="0.5 to 5 by halves, or as your scale has it; 8/10 too.",
        ),
    ],
    review: Annotated[str | None, typer.Option(help="What you think of it; - reads standard input.")] = None,
    scale: OfScale = None,
    as_json: AsJson = False,
) -> None:
    """Rate a movie, or rate it anew. It leaves the watchlist, unless your profile says otherwise."""
    client = connect()
    of = scale_of(client, scale)
    stars = of.stars(rating)
    found = find_movie(client, movie)
    answer = client.rate_movie(found["id"], stars, _text(review))
    print_done(f"Rated {label(found)}: {of.value(answer['rating']):g}", answer, as_json=as_json)


@commands.command()
def unrate(movie: MovieWords, as_json: AsJson = False) -> None:
    """Take a rating back."""
    client = connect()
    found = find_movie(client, " ".join(movie))
    try:
        client.unrate_movie(found["id"])
    except NotFound as error:
        raise NotFound(f"You have not rated {label(found)}.") from error
    print_done(f"Your rating of {label(found)} is gone.", {"movie": found["id"]}, as_json=as_json)


@commands.command()
def review(
    movie: Movie,
    text: Annotated[
        str | None,
        typer.Argument(help='Your review; - reads standard input, "" deletes it; nothing shows it.'),
    ] = None,
    scale: OfScale = None,
    as_json: AsJson = False,
) -> None:
    """Write or show the review of a movie you rated."""
    client = connect()
    found = find_movie(client, movie)
    try:
        rating = client.rating_of(found["id"])
    except NotFound as error:
        raise NotFound(f"You have not rated {label(found)}. Rate it first.") from error
    if text is None:
        own = rating["rating"] if as_json else scale_of(client, scale).value(rating["rating"])
        fields = {"title": label(found), "rating": own, "review": rating["review"]}
        print_record(fields, rating, as_json=as_json)
        return
    answer = client.change_rating(rating["id"], review=_text(text))
    print_done(f"Reviewed {label(found)}.", answer, as_json=as_json)


@commands.command(epilog=columns_help(COLUMNS))
def ratings(
    search: Search = None,
    genre: Genre = None,
    year: Year = None,
    year_min: YearMin = None,
    year_max: YearMax = None,
    at_least: Annotated[
        str | None, typer.Option("--min", parser=rating_typed, metavar="RATING", help="Rated so or better.")
    ] = None,
    at_most: Annotated[
        str | None, typer.Option("--max", parser=rating_typed, metavar="RATING", help="Rated so or worse.")
    ] = None,
    reviewed: Annotated[
        bool | None, typer.Option("--reviewed/--not-reviewed", help="With a review, or without.")
    ] = None,
    since: Since = None,
    until: Until = None,
    order: Annotated[
        str | None,
        typer.Option(
            "--order", help="By updated_at, created_at, rating, title or year; -rating for descending."
        ),
    ] = None,
    scale: OfScale = None,
    limit: Limit = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """Your ratings. With --ids: the movies' ids."""
    client = connect()
    reads = at_least is not None or at_most is not None
    of = scale_of(client, scale) if reads or not (as_json or ids) else Scale()
    found = pages(
        client.ratings,
        limit,
        rating_min=None if at_least is None else of.stars(at_least),
        rating_max=None if at_most is None else of.stars(at_most),
        has_review=reviewed,
        watched_min=since,
        watched_max=until,
        **narrowed(search, genre, year, year_min, year_max, order),
    )
    if not as_json:
        found = ({**item, "rating": of.value(item["rating"])} for item in found)
    print_own(found, COLUMNS, as_json=as_json, ids=ids, nothing="No ratings yet.")


def _text(given: str | None) -> str | None:
    return sys.stdin.read().removesuffix("\n") if given == "-" else given
