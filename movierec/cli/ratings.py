"""`rate`, `unrate`, `review`, `ratings`: what you think of movies."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from movierec.cli.connection import connect
from movierec.cli.list_options import filter_query, print_movie_list
from movierec.cli.movie_lookup import find_movie, movie_label, title_columns
from movierec.cli.options import (
    AsJson,
    GenreOption,
    IdsOnly,
    Limit,
    MovieArgument,
    MovieWordsArgument,
    Search,
    Since,
    Until,
    Year,
    YearMax,
    YearMin,
    new_group,
)
from movierec.cli.output import Column, columns_help, date_column, field_column, print_outcome, print_record
from movierec.cli.scales import RatingScale, ScaleOption, check_rating_text, choose_scale
from movierec.client import iterate_pages
from movierec.errors import NotFound

commands = new_group("")

COLUMNS = (
    Column("movie", lambda rating: rating["movie"], right=True),
    *title_columns(lambda rating: rating["movie_detail"]),
    field_column("rating", right=True),
    field_column("review", wraps=True),
    date_column("updated_at"),
)


@commands.command()
def rate(
    movie: MovieArgument,
    rating: Annotated[
        str,
        typer.Argument(
            parser=check_rating_text,
            metavar="RATING",
            help="0.5 to 5 by halves, or as your scale has it; 8/10 too.",
        ),
    ],
    review: Annotated[str | None, typer.Option(help="What you think of it; - reads standard input.")] = None,
    scale: ScaleOption = None,
    as_json: AsJson = False,
) -> None:
    """Rate a movie, or rate it anew. It leaves the watchlist, unless your profile says otherwise."""
    client = connect()
    of = choose_scale(client, scale)
    stars = of.stars(rating)
    found = find_movie(client, movie)
    answer = client.rate_movie(found["id"], stars, _text(review))
    print_outcome(f"Rated {movie_label(found)}: {of.value(answer['rating']):g}", answer, as_json=as_json)


@commands.command()
def unrate(movie: MovieWordsArgument, as_json: AsJson = False) -> None:
    """Take a rating back."""
    client = connect()
    found = find_movie(client, " ".join(movie))
    try:
        client.unrate_movie(found["id"])
    except NotFound as error:
        raise NotFound(f"You have not rated {movie_label(found)}.") from error
    print_outcome(f"Your rating of {movie_label(found)} is gone.", {"movie": found["id"]}, as_json=as_json)


@commands.command()
def review(
    movie: MovieArgument,
    text: Annotated[
        str | None,
        typer.Argument(help='Your review; - reads standard input, "" deletes it; nothing shows it.'),
    ] = None,
    scale: ScaleOption = None,
    as_json: AsJson = False,
) -> None:
    """Write or show the review of a movie you rated."""
    client = connect()
    found = find_movie(client, movie)
    try:
        rating = client.rating_of(found["id"])
    except NotFound as error:
        raise NotFound(f"You have not rated {movie_label(found)}. Rate it first.") from error
    if text is None:
        own = rating["rating"] if as_json else choose_scale(client, scale).value(rating["rating"])
        fields = {"title": movie_label(found), "rating": own, "review": rating["review"]}
        print_record(fields, rating, as_json=as_json)
        return
    answer = client.change_rating(rating["id"], review=_text(text))
    print_outcome(f"Reviewed {movie_label(found)}.", answer, as_json=as_json)


@commands.command(epilog=columns_help(COLUMNS))
def ratings(
    search: Search = None,
    genre: GenreOption = None,
    year: Year = None,
    year_min: YearMin = None,
    year_max: YearMax = None,
    at_least: Annotated[
        str | None,
        typer.Option("--min", parser=check_rating_text, metavar="RATING", help="Rated so or better."),
    ] = None,
    at_most: Annotated[
        str | None,
        typer.Option("--max", parser=check_rating_text, metavar="RATING", help="Rated so or worse."),
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
    scale: ScaleOption = None,
    limit: Limit = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """Your ratings. With --ids: the movies' ids."""
    client = connect()
    reads = at_least is not None or at_most is not None
    of = choose_scale(client, scale) if reads or not (as_json or ids) else RatingScale()
    found = iterate_pages(
        client.ratings,
        limit,
        rating_min=None if at_least is None else of.stars(at_least),
        rating_max=None if at_most is None else of.stars(at_most),
        has_review=reviewed,
        watched_min=since,
        watched_max=until,
        **filter_query(search, genre, year, year_min, year_max, order),
    )
    if not as_json:
        found = ({**item, "rating": of.value(item["rating"])} for item in found)
    print_movie_list(found, COLUMNS, as_json=as_json, ids=ids, nothing="No ratings yet.")


def _text(given: str | None) -> str | None:
    return sys.stdin.read().removesuffix("\n") if given == "-" else given
