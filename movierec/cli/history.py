"""Group `history`: the movies you have seen, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli.columns import Column, columns_help, field_column
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
from movierec.cli.output import print_outcome
from movierec.client import ApiClient, iterate_pages
from movierec.errors import NotFound, ValidationFailed

if TYPE_CHECKING:
    from movierec.client.json_types import HistoryEntryJson, ListedMovieJson

commands = new_group("")
history = new_group("The movies you have seen, which are not recommended again.")
commands.add_typer(history, name="history")

UNKNOWN = "unknown"


def _day_of(entry: HistoryEntryJson) -> str:
    return (entry["watched_at"] or UNKNOWN)[:10]


COLUMNS = (
    Column("movie", lambda entry: entry["movie"], right=True),
    *title_columns(lambda entry: entry["movie_detail"]),
    Column("seen", lambda entry: entry["watched_at"], _day_of),
    Column("again", lambda entry: entry["rewatch"], lambda entry: "yes" if entry["rewatch"] else ""),
    field_column("tags", wraps=True),
)


@history.command("list", epilog=columns_help(COLUMNS))
def list_(
    search: Search = None,
    genre: GenreOption = None,
    year: Year = None,
    year_min: YearMin = None,
    year_max: YearMax = None,
    since: Since = None,
    until: Until = None,
    tag: Annotated[str | None, typer.Option(help="Only viewings with this tag.")] = None,
    rewatch: Annotated[
        bool | None, typer.Option("--again/--first", help="Only rewatches, or only first viewings.")
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(
            "--order", help="Field to order by: watched_at, created_at, title or year; -title for descending."
        ),
    ] = None,
    limit: Limit = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """List your viewings, the latest first. --ids prints movie ids."""
    viewings = iterate_pages(
        connect().history,
        limit,
        watched_min=since,
        watched_max=until,
        tag=tag,
        rewatch=rewatch,
        **filter_query(search, genre, year, year_min, year_max, order),
    )
    print_movie_list(viewings, COLUMNS, as_json=as_json, ids=ids, nothing="Nothing in your history yet.")


@history.command()
def add(
    name: MovieArgument,
    on: Annotated[
        str | None,
        typer.Option(
            help="Date of the viewing: 2024-05-01, 2024-05-01T20:15:00Z, yesterday or unknown. Default: today."
        ),
    ] = None,
    rewatch: Annotated[
        bool | None,
        typer.Option(
            "--again/--first",
            help="Mark it as a rewatch or as a first viewing. Default: derived from your history.",
        ),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Tag of the viewing. May be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a viewing. The movie is removed from the watchlist, unless your profile keeps it there."""
    client = connect()
    movie = find_movie(client, name)
    entry = client.add_to_history(movie["id"], watched_at=_when(on), rewatch=rewatch, tags=tag)
    date = f"on {_day_of(entry)}" if entry["watched_at"] else "on an unknown date"
    again = " again" if entry["rewatch"] else ""
    print_outcome(f"{movie_label(movie)}: seen{again} {date}.", entry, as_json=as_json)


@history.command()
def remove(
    name: MovieWordsArgument,
    on: Annotated[
        str | None, typer.Option(help="Date of the viewing, if there are several: 2024-05-01, or unknown.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remove a viewing from the history."""
    client = connect()
    movie = find_movie(client, " ".join(name))
    entry = _entry_of(client, movie, on)
    client.remove_from_history(entry["id"])
    print_outcome(f"{movie_label(movie)} is removed from your history.", entry, as_json=as_json)


def _when(on: str | None) -> str | None:
    """Return the date or time for the API. `today` and `yesterday` are days of the local time zone."""
    today = datetime.now(UTC).astimezone().date()
    days = {None: today, "today": today, "yesterday": today - timedelta(days=1)}
    return days[on].isoformat() if on in days else None if on == UNKNOWN else on


def _entry_of(client: ApiClient, movie: ListedMovieJson, on: str | None) -> HistoryEntryJson:
    entries = list(iterate_pages(client.history, movie=movie["id"]))
    if on is not None:
        entries = [entry for entry in entries if on in (_day_of(entry), entry["watched_at"] or UNKNOWN)]
    if not entries:
        date = f" on {on}" if on else ""
        raise NotFound(f"{movie_label(movie)} is not in your history{date}. See: movierec history list")
    if len(entries) > 1:
        raise ValidationFailed(f"You saw {movie_label(movie)} {_times(entries)}. Name the viewing with --on.")
    return entries[0]


def _times(entries: Sequence[HistoryEntryJson]) -> str:
    return ", ".join(entry["watched_at"] or UNKNOWN for entry in entries)
