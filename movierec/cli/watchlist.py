"""`watchlist`: the movies you mean to see."""

from __future__ import annotations

from typing import Annotated

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
from movierec.client import iterate_pages

commands = new_group("")
watchlist = new_group("The movies you mean to see. `movierec recommend --from-watchlist` chooses among them.")
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
    """List them. With --ids: the movies' ids."""
    query = filter_query(search, genre, year, year_min, year_max, order)
    found = iterate_pages(connect().watchlist, limit, **query)
    print_movie_list(found, COLUMNS, as_json=as_json, ids=ids, nothing="Nothing on your watchlist yet.")


@watchlist.command()
def add(
    movie: MovieArgument,
    note: Annotated[str | None, typer.Option(help='Who told you of it, say; "" deletes it.')] = None,
    as_json: AsJson = False,
) -> None:
    """Put a movie on it; adding it again changes nothing but the note."""
    client = connect()
    found = find_movie(client, movie)
    entry = client.add_to_watchlist(found["id"], note)
    print_outcome(f"{movie_label(found)} is on your watchlist.", entry, as_json=as_json)


@watchlist.command()
def remove(movie: MovieWordsArgument, as_json: AsJson = False) -> None:
    """Take a movie off. Rating it, or entering it in the history, does that too."""
    client = connect()
    found = find_movie(client, " ".join(movie))
    entry = find_entry(client.watchlist, found, missing="is not on your watchlist")
    client.remove_from_watchlist(entry["id"])
    print_outcome(f"{movie_label(found)} is off your watchlist.", {"movie": found["id"]}, as_json=as_json)
