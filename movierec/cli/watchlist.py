"""Group `watchlist`: the movies you want to see."""

from __future__ import annotations

from typing import Annotated

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
from movierec.client import iterate_pages

commands = new_group("")
watchlist = new_group("The movies you want to see. `movierec recommend --from-watchlist` ranks them.")
commands.add_typer(watchlist, name="watchlist")

COLUMNS = (
    Column("movie", lambda entry: entry["movie"], right=True),
    *title_columns(lambda entry: entry["movie_detail"]),
    Column("genres", lambda entry: entry["movie_detail"]["genres"][:3], wraps=True),
    Column("min", lambda entry: entry["movie_detail"]["runtime"], right=True),
    field_column("note", wraps=True),
    date_column("created_at"),
)


@watchlist.command("list", epilog=columns_help(COLUMNS))
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
    """List your watchlist. --ids prints movie ids."""
    query = filter_query(search, genre, year, year_min, year_max, order)
    entries = iterate_pages(connect().watchlist, limit, **query)
    print_movie_list(entries, COLUMNS, as_json=as_json, ids=ids, nothing="Nothing on your watchlist yet.")


@watchlist.command()
def add(
    name: MovieArgument,
    note: Annotated[str | None, typer.Option(help='Note on the movie; "" deletes it.')] = None,
    as_json: AsJson = False,
) -> None:
    """Add a movie. Adding it again changes only the note."""
    client = connect()
    movie = find_movie(client, name)
    entry = client.add_to_watchlist(movie["id"], note)
    print_outcome(f"{movie_label(movie)} is on your watchlist.", entry, as_json=as_json)


@watchlist.command()
def remove(name: MovieWordsArgument, as_json: AsJson = False) -> None:
    """Remove a movie. Rating it or adding it to the history also removes it."""
    client = connect()
    movie = find_movie(client, " ".join(name))
    entry = find_entry(
        client.watchlist, movie, missing="is not on your watchlist. See: movierec watchlist list"
    )
    client.remove_from_watchlist(entry["id"])
    print_outcome(f"{movie_label(movie)} is off your watchlist.", {"movie": movie["id"]}, as_json=as_json)
