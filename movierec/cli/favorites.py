"""Group `favorites`: favorite movies, each with an optional note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli.columns import Column, columns_help, date_column, field_column
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
from movierec.cli.output import print_outcome
from movierec.client import ApiClient, iterate_pages

if TYPE_CHECKING:
    from movierec.client.json_types import FavoriteJson, ListedMovieJson

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
    """List your favorites. --ids prints movie ids."""
    query = filter_query(search, genre, year, year_min, year_max, order)
    entries = iterate_pages(connect().favorites, limit, **query)
    print_movie_list(entries, COLUMNS, as_json=as_json, ids=ids, nothing="No favorites yet.")


@favorites.command()
def add(
    name: MovieArgument,
    note: Annotated[str | None, typer.Option(help="Note on the favorite.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a movie. Adding it again changes only the note."""
    client = connect()
    movie = find_movie(client, name)
    favorite = client.add_favorite(movie["id"], note)
    print_outcome(f"{movie_label(movie)} is a favorite.", favorite, as_json=as_json)


@favorites.command()
def remove(name: MovieWordsArgument, as_json: AsJson = False) -> None:
    """Remove a movie from your favorites."""
    client = connect()
    movie = find_movie(client, " ".join(name))
    client.remove_favorite(_favorite_of(client, movie)["id"])
    print_outcome(f"{movie_label(movie)} is no longer a favorite.", {"movie": movie["id"]}, as_json=as_json)


@favorites.command()
def note(
    name: MovieArgument,
    text: Annotated[str, typer.Argument(help='Text of the note; "" deletes it.')],
    as_json: AsJson = False,
) -> None:
    """Set or delete the note on a favorite."""
    client = connect()
    movie = find_movie(client, name)
    favorite = client.note_favorite(_favorite_of(client, movie)["id"], text)
    print_outcome(f"Saved the note on {movie_label(movie)}.", favorite, as_json=as_json)


def _favorite_of(client: ApiClient, movie: ListedMovieJson) -> FavoriteJson:
    return find_entry(
        client.favorites, movie, missing="is not among your favorites. See: movierec favorites list"
    )
