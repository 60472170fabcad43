"""Commands `rate`, `unrate`, `review` and `ratings`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from movierec.cli.columns import Column, columns_help, date_column, field_column
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
from movierec.cli.output import print_outcome, print_record
from movierec.cli.rating_scales import RatingScale, ScaleOption, check_rating_text, choose_scale
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
    name: MovieArgument,
    rating: Annotated[
        str,
        typer.Argument(
            parser=check_rating_text,
            metavar="RATING",
            help="0.5 to 5 in halves, or a value of your scale; also 8/10.",
        ),
    ],
    review: Annotated[str | None, typer.Option(help="Text of the review; - reads standard input.")] = None,
    scale: ScaleOption = None,
    as_json: AsJson = False,
) -> None:
    """Rate a movie or change its rating. It is removed from the watchlist, unless your profile keeps it there."""
    client = connect()
    rating_scale = choose_scale(client, scale)
    stars = rating_scale.parse(rating)
    movie = find_movie(client, name)
    answer = client.rate_movie(movie["id"], stars, _read_text(review))
    print_outcome(
        f"Rated {movie_label(movie)}: {rating_scale.from_stars(answer['rating']):g}", answer, as_json=as_json
    )


@commands.command()
def unrate(name: MovieWordsArgument, as_json: AsJson = False) -> None:
    """Remove your rating of a movie."""
    client = connect()
    movie = find_movie(client, " ".join(name))
    try:
        client.unrate_movie(movie["id"])
    except NotFound as error:
        raise NotFound(f"You have not rated {movie_label(movie)}. See: movierec ratings") from error
    print_outcome(f"Your rating of {movie_label(movie)} is removed.", {"movie": movie["id"]}, as_json=as_json)


@commands.command()
def review(
    name: MovieArgument,
    text: Annotated[
        str | None,
        typer.Argument(
            help='Text of the review; - reads standard input, "" deletes it. Without it the review is shown.'
        ),
    ] = None,
    scale: ScaleOption = None,
    as_json: AsJson = False,
) -> None:
    """Write or show the review of a movie you rated."""
    client = connect()
    movie = find_movie(client, name)
    try:
        rating = client.rating_of(movie["id"])
    except NotFound as error:
        raise NotFound(f"You have not rated {movie_label(movie)}. Rate it first.") from error
    if text is None:
        value = rating["rating"] if as_json else choose_scale(client, scale).from_stars(rating["rating"])
        fields = {"title": movie_label(movie), "rating": value, "review": rating["review"]}
        print_record(fields, rating, as_json=as_json)
        return
    answer = client.change_rating(rating["id"], review=_read_text(text))
    print_outcome(f"Reviewed {movie_label(movie)}.", answer, as_json=as_json)


@commands.command(epilog=columns_help(COLUMNS))
def ratings(
    search: Search = None,
    genre: GenreOption = None,
    year: Year = None,
    year_min: YearMin = None,
    year_max: YearMax = None,
    at_least: Annotated[
        str | None,
        typer.Option("--min", parser=check_rating_text, metavar="RATING", help="Minimum rating."),
    ] = None,
    at_most: Annotated[
        str | None,
        typer.Option("--max", parser=check_rating_text, metavar="RATING", help="Maximum rating."),
    ] = None,
    reviewed: Annotated[
        bool | None,
        typer.Option("--reviewed/--not-reviewed", help="Only ratings with a review, or only those without."),
    ] = None,
    since: Since = None,
    until: Until = None,
    order: Annotated[
        str | None,
        typer.Option(
            "--order",
            help="Field to order by: updated_at, created_at, rating, title or year; -rating for descending.",
        ),
    ] = None,
    scale: ScaleOption = None,
    limit: Limit = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """List your ratings. --ids prints movie ids."""
    client = connect()
    needs_scale = at_least is not None or at_most is not None
    rating_scale = choose_scale(client, scale) if needs_scale or not (as_json or ids) else RatingScale()
    entries = iterate_pages(
        client.ratings,
        limit,
        rating_min=None if at_least is None else rating_scale.parse(at_least),
        rating_max=None if at_most is None else rating_scale.parse(at_most),
        has_review=reviewed,
        watched_min=since,
        watched_max=until,
        **filter_query(search, genre, year, year_min, year_max, order),
    )
    if not as_json:
        entries = ({**item, "rating": rating_scale.from_stars(item["rating"])} for item in entries)
    print_movie_list(
        entries,
        COLUMNS,
        as_json=as_json,
        ids=ids,
        nothing="No ratings yet. Rate a movie: movierec rate MOVIE RATING",
    )


def _read_text(text: str | None) -> str | None:
    return sys.stdin.read().removesuffix("\n") if text == "-" else text
