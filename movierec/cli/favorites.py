"""`favorites`: the movies you love, each with a note if you like."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from movierec.cli.connection import connect
from movierec.cli.list_options import filter_query, find_entry, print_movie_list
from movierec.cli.movie_lookup import find_movie, movie_label, title_columns
from movierec.cli.options import (
    AsJson,
    GenreOption,
    IdsOnly,
    Limit,
    MovieArgument,
    MovieWordsArgument,
    Order,
    Search,
    Year,
    YearMax,
    YearMin,
    new_group,
)
from movierec.cli.output import Column, columns_help, date_column, field_column, print_outcome
from movierec.client import ApiClient, iterate_pages

commands = new_group("")
favorites = new_group("Your favorite movies.")
commands.add_typer(favorites, name="favorites")

COLUMNS = (
    Column("movie", lambda favorite: favorite["movie"], right=True),
    *title_columns(lambda favorite: favorite["movie_detail"]),
    field_column("note", wraps=True),
    date_column("created_at"),
)


@favorites.command("list", epilog=columns_help(COLUMNS))
def list_(
    search: Search = None,
    genre: GenreOption = None,
    year: Year = None,
    year_min: YearMin = None,
    year_max: YearMax = None,
    order: Order = None,
    limit: Limit = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """List them. With --ids: the movies' ids."""
    query = filter_query(search, genre, year, year_min, year_max, order)
    found = iterate_pages(connect().favorites, limit, **query)
    print_movie_list(found, COLUMNS, as_json=as_json, ids=ids, nothing="No favorites yet.")


@favorites.command()
def add(
    movie: MovieArgument,
    note: Annotated[str | None, typer.Option(help="Why.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a movie; adding it again changes nothing but the note."""
    client = connect()
    found = find_movie(client, movie)
    favorite = client.add_favorite(found["id"], note)
    print_outcome(f"{movie_label(found)} is a favorite.", favorite, as_json=as_json)


@favorites.command()
def remove(movie: MovieWordsArgument, as_json: AsJson = False) -> None:
    """Take a movie off the list."""
    client = connect()
    found = find_movie(client, " ".join(movie))
    client.remove_favorite(_favorite_of(client, found)["id"])
    print_outcome(f"{movie_label(found)} is no favorite any more.", {"movie": found["id"]}, as_json=as_json)


@favorites.command()
def note(
    movie: MovieArgument,
    text: Annotated[str, typer.Argument(help='The note; "" deletes it.')],
    as_json: AsJson = False,
) -> None:
    """Write a note on a favorite."""
    client = connect()
    found = find_movie(client, movie)
    favorite = client.note_favorite(_favorite_of(client, found)["id"], text)
    print_outcome(f"Noted on {movie_label(found)}.", favorite, as_json=as_json)


def _favorite_of(client: ApiClient, movie: Any) -> Any:
    return find_entry(client.favorites, movie, missing="is not among your favorites")
