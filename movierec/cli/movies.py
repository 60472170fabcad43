"""`search`, `show`, `genres`, `trending`, `popular`, `top`: the catalogue."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from movierec.cli.connection import connect
from movierec.cli.movie_lookup import find_movie, title_columns
from movierec.cli.options import AsJson, IdsOnly, MovieWordsArgument, PageNumber, new_group
from movierec.cli.output import (
    Column,
    columns_help,
    field_column,
    list_items,
    print_json,
    print_list,
    print_message,
    print_record,
)
from movierec.cli.scales import RatingScale, ScaleOption, choose_scale
from movierec.cli.terminal import escape_controls
from movierec.client import iterate_pages
from movierec.errors import ValidationFailed

commands = new_group("")

COLUMNS = (
    field_column("id", right=True),
    *title_columns(lambda movie: movie),
    field_column("genres", shown=lambda movie: (movie.get("genres") or [])[:3], wraps=True),
    Column("rating", lambda movie: movie.get("vote_average"), right=True),
    Column("votes", lambda movie: movie.get("vote_count"), right=True),
)

GENRES = (field_column("id", right=True), field_column("name"), field_column("movies", right=True))


class TimeWindow(StrEnum):
    DAY = "day"
    WEEK = "week"


@commands.command(epilog=columns_help(COLUMNS))
def search(
    text: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT...]", help="A title, or some of it.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="Released in this year.")] = None,
    genre: Annotated[str | None, typer.Option(help="Of this genre.")] = None,
    year_min: Annotated[
        int | None, typer.Option(help="Without TEXT: released in this year or later.")
    ] = None,
    year_max: Annotated[
        int | None, typer.Option(help="Without TEXT: released in this year or before.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Without TEXT: original language, like fr.")] = None,
    min_votes: Annotated[int | None, typer.Option(help="Without TEXT: voted on at least so often.")] = None,
    min_rating: Annotated[float | None, typer.Option(help="Without TEXT: rated at least so (0-10).")] = None,
    order: Annotated[
        str | None, typer.Option(help="Without TEXT: order by, like -vote_average,title.")
    ] = None,
    page: PageNumber = 1,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """Find movies by title, typing errors forgiven; without TEXT, list the catalogue by the filters."""
    filters = {
        "year_min": year_min,
        "year_max": year_max,
        "language": language,
        "min_votes": min_votes,
        "min_rating": min_rating,
        "ordering": order,
    }
    words = " ".join(text or []).strip()
    if not words:
        found = connect().movies(year=year, genre=genre, page=page, **filters)
    elif any(value is not None for value in filters.values()):
        raise ValidationFailed("With a TEXT only --year, --genre and --page narrow the search.")
    else:
        found = connect().search(words, year=year, genre=genre, page=page)
    _print_page(found, as_json=as_json, ids=ids)


@commands.command(epilog=columns_help(COLUMNS))
def trending(
    window: Annotated[TimeWindow, typer.Option(help="Over a day or a week.")] = TimeWindow.WEEK,
    page: PageNumber = 1,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """What is watched most these days."""
    _print_page(connect().trending(time_window=window.value, page=page), as_json=as_json, ids=ids)


@commands.command(epilog=columns_help(COLUMNS))
def popular(page: PageNumber = 1, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """The best known movies."""
    _print_page(connect().popular(page=page), as_json=as_json, ids=ids)


@commands.command(epilog=columns_help(COLUMNS))
def top(page: PageNumber = 1, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """The best rated movies."""
    _print_page(connect().top_rated(page=page), as_json=as_json, ids=ids)


@commands.command(epilog=columns_help(GENRES))
def genres(
    sync: Annotated[bool, typer.Option("--sync", help="Take over TMDb's genres first (staff).")] = False,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """All genres, and how many movies there are of each."""
    if sync:
        connect().sync_genres()
    print_list(iterate_pages(connect().genres), GENRES, as_json=as_json, ids=ids, nothing="No genres yet.")


@commands.command()
def show(
    movie: MovieWordsArgument,
    similar: Annotated[int, typer.Option("--similar", min=0, max=50, help="So many similar movies.")] = 5,
    scale: ScaleOption = None,
    image: Annotated[
        bool, typer.Option("--image/--no-image", help="The poster, where the terminal can show it.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Everything about a movie. In a pipe: lines of name, tab, value.

    MOVIEREC_IMAGES=kitty, iterm, sixel, blocks or none chooses how posters are drawn.
    """
    client = connect()
    detail = client.movie(find_movie(client, " ".join(movie))["id"])
    if detail["stale"]:
        _say_stale(detail)
    if as_json:
        print_json(detail)
        return
    if detail.get("my_rating") or detail.get("predicted_rating"):
        detail = _on_scale(detail, choose_scale(client, scale))
    if not sys.stdout.isatty():
        print_record(detail, detail, as_json=False)
    else:
        from movierec.cli.movie_page import print_movie_page  # rich: 70 ms

        alike = list_items(client.similar(detail["id"], limit=similar)) if similar else []
        print_movie_page(detail, alike, client if image else None)


def _on_scale(movie: Any, scale: RatingScale) -> Any:
    own, expected = movie["my_rating"], movie["predicted_rating"]
    return {
        **movie,
        "my_rating": own and scale.value(own),
        "my_stars": own,
        "predicted_rating": expected and scale.predicted(expected),
    }


def _print_page(found: Any, *, as_json: bool, ids: bool) -> None:
    """The movies of one page, whichever envelope they come in."""
    print_list(found["results"], COLUMNS, as_json=as_json, ids=ids, nothing="No movies found.")
    if found.get("stale"):
        _say_stale(found)
    if sys.stdout.isatty() and not (as_json or ids):
        total = found.get("total_results", found.get("count", 0))
        if total > len(found["results"]) > 0:
            print_message(f"{escape_controls(total)} in all; --page shows more.")


def _say_stale(found: Any) -> None:
    print_message(f"From the cache of {escape_controls(found['as_of'][:10])}; TMDb does not answer.")
