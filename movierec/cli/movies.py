"""Commands `search`, `show`, `genres`, `trending`, `popular` and `top`: the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli.columns import Column, columns_help, field_column
from movierec.cli.connection import connect
from movierec.cli.movie_lookup import find_movie, title_columns
from movierec.cli.options import AsJson, IdsOnly, MovieWordsArgument, PageNumber, new_group
from movierec.cli.output import list_items, print_json, print_list, print_message, print_record
from movierec.cli.rating_scales import RatingScale, ScaleOption, choose_scale
from movierec.cli.terminal import escape_controls
from movierec.client import iterate_pages
from movierec.errors import ValidationFailed

if TYPE_CHECKING:
    from movierec.client.json_types import ListedMovieJson, MovieJson, MovieListJson

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
        list[str] | None, typer.Argument(metavar="[TEXT...]", help="Title, or a part of it.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="Only movies released in this year.")] = None,
    genre: Annotated[str | None, typer.Option(help="Only movies of this genre.")] = None,
    year_min: Annotated[
        int | None, typer.Option(help="Without TEXT: only movies released in this year or later.")
    ] = None,
    year_max: Annotated[
        int | None, typer.Option(help="Without TEXT: only movies released in this year or before.")
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(help="Without TEXT: ISO 639-1 code of the original language, for example fr."),
    ] = None,
    min_votes: Annotated[int | None, typer.Option(help="Without TEXT: minimum number of votes.")] = None,
    min_rating: Annotated[
        float | None, typer.Option(help="Without TEXT: minimum average rating (0-10).")
    ] = None,
    order: Annotated[
        str | None, typer.Option(help="Without TEXT: fields to order by, for example -vote_average,title.")
    ] = None,
    page: PageNumber = 1,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """Search movies by title, tolerating typing errors. Without TEXT, list the catalogue with filters."""
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
        catalogue_page = connect().movies(year=year, genre=genre, page=page, **filters)
        _print_movies(catalogue_page["results"], catalogue_page["count"], as_json=as_json, ids=ids)
    elif any(value is not None for value in filters.values()):
        raise ValidationFailed(
            "A search by TEXT accepts only the filters --year, --genre and --page. Drop TEXT or the other filters."
        )
    else:
        _print_page(connect().search(words, year=year, genre=genre, page=page), as_json=as_json, ids=ids)


@commands.command(epilog=columns_help(COLUMNS))
def trending(
    window: Annotated[TimeWindow, typer.Option(help="Time window: a day or a week.")] = TimeWindow.WEEK,
    page: PageNumber = 1,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """List the movies that are trending now."""
    _print_page(connect().trending(time_window=window.value, page=page), as_json=as_json, ids=ids)


@commands.command(epilog=columns_help(COLUMNS))
def popular(page: PageNumber = 1, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """List the most popular movies."""
    _print_page(connect().popular(page=page), as_json=as_json, ids=ids)


@commands.command(epilog=columns_help(COLUMNS))
def top(page: PageNumber = 1, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """List the top rated movies."""
    _print_page(connect().top_rated(page=page), as_json=as_json, ids=ids)


@commands.command(epilog=columns_help(GENRES))
def genres(
    sync: Annotated[
        bool, typer.Option("--sync", help="Update the genres from TMDb first (staff only).")
    ] = False,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """List all genres with their number of movies."""
    if sync:
        connect().sync_genres()
    print_list(iterate_pages(connect().genres), GENRES, as_json=as_json, ids=ids, nothing="No genres yet.")


@commands.command()
def show(
    name: MovieWordsArgument,
    similar: Annotated[
        int, typer.Option("--similar", min=0, max=50, help="Number of similar movies to show.")
    ] = 5,
    scale: ScaleOption = None,
    image: Annotated[
        bool, typer.Option("--image/--no-image", help="Show the poster, if the terminal can.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Show the details of a movie. In a pipe: one line per field: name, tab, value.

    MOVIEREC_IMAGES=kitty, iterm, sixel, blocks or none selects how posters are drawn.
    """
    client = connect()
    detail = client.movie(find_movie(client, " ".join(name))["id"])
    if detail["stale"] and detail["as_of"]:
        _print_stale_notice(detail["as_of"])
    if as_json:
        print_json(detail)
        return
    is_rated = detail.get("my_rating") or detail.get("predicted_rating")
    rating_scale = choose_scale(client, scale) if is_rated else RatingScale()
    if not sys.stdout.isatty():
        print_record(_convert_ratings(detail, rating_scale) if is_rated else detail, detail, as_json=False)
    else:
        from movierec.cli.movie_page import print_movie_page  # rich: 70 ms

        similar_movies = list_items(client.similar(detail["id"], limit=similar)) if similar else []
        print_movie_page(detail, similar_movies, rating_scale, client if image else None)


def _convert_ratings(movie: MovieJson, scale: RatingScale) -> dict[str, object]:
    rating, predicted = movie["my_rating"], movie["predicted_rating"]
    return {
        **movie,
        "my_rating": rating and scale.from_stars(rating),
        "my_stars": rating,
        "predicted_rating": predicted and scale.from_prediction(predicted),
    }


def _print_page(page: MovieListJson, *, as_json: bool, ids: bool) -> None:
    """Print a page of a list, with a notice if it is stale."""
    cached_at = page["as_of"] if page["stale"] else None
    _print_movies(page["results"], page["total_results"], cached_at=cached_at, as_json=as_json, ids=ids)


def _print_movies(
    movies: Sequence[ListedMovieJson], total: int, *, cached_at: str | None = None, as_json: bool, ids: bool
) -> None:
    print_list(movies, COLUMNS, as_json=as_json, ids=ids, nothing="No movies found.")
    if cached_at:
        _print_stale_notice(cached_at)
    if sys.stdout.isatty() and not (as_json or ids) and total > len(movies) > 0:
        print_message(f"{escape_controls(total)} in all; --page shows more.")


def _print_stale_notice(cached_at: str) -> None:
    print_message(f"From the cache of {escape_controls(cached_at[:10])}; TMDb does not answer.")
