"""`history`: the movies you have seen, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

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
from movierec.cli.output import Column, columns_help, field_column, print_outcome
from movierec.client import ApiClient, iterate_pages
from movierec.errors import NotFound, ValidationFailed

commands = new_group("")
history = new_group("The movies you have seen. They are not recommended again.")
commands.add_typer(history, name="history")

UNKNOWN = "unknown"


def _day_of(entry: Any) -> str:
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
    tag: Annotated[str | None, typer.Option(help="With this tag.")] = None,
    rewatch: Annotated[
        bool | None, typer.Option("--again/--first", help="Seen again, or for the first time.")
    ] = None,
    order: Annotated[
        str | None,
        typer.Option("--order", help="By watched_at, created_at, title or year; -title for descending."),
    ] = None,
    limit: Limit = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """List them, the latest first. With --ids: the movies' ids."""
    found = iterate_pages(
        connect().history,
        limit,
        watched_min=since,
        watched_max=until,
        tag=tag,
        rewatch=rewatch,
        **filter_query(search, genre, year, year_min, year_max, order),
    )
    print_movie_list(found, COLUMNS, as_json=as_json, ids=ids, nothing="Nothing in your history yet.")


@history.command()
def add(
    movie: MovieArgument,
    on: Annotated[
        str | None,
        typer.Option(
            help="When: 2024-05-01, 2024-05-01T20:15:00Z, yesterday or unknown. Today, if you do not say."
        ),
    ] = None,
    rewatch: Annotated[
        bool | None,
        typer.Option("--again/--first", help="Whether you had seen it before; else your history tells."),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; repeat it for several.")] = None,
    as_json: AsJson = False,
) -> None:
    """Enter a movie as seen. It leaves the watchlist, unless your profile says otherwise."""
    client = connect()
    found = find_movie(client, movie)
    entry = client.add_to_history(found["id"], watched_at=_when(on), rewatch=rewatch, tags=tag)
    seen = f"on {_day_of(entry)}" if entry["watched_at"] else "some day"
    again = " again" if entry["rewatch"] else ""
    print_outcome(f"{movie_label(found)}: seen{again} {seen}.", entry, as_json=as_json)


@history.command()
def remove(
    movie: MovieWordsArgument,
    on: Annotated[
        str | None, typer.Option(help="Which time, where you saw it more than once: 2024-05-01, or unknown.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take a movie out of the history."""
    client = connect()
    found = find_movie(client, " ".join(movie))
    entry = _entry_of(client, found, on)
    client.remove_from_history(entry["id"])
    print_outcome(f"{movie_label(found)} is out of your history.", entry, as_json=as_json)


def _when(on: str | None) -> str | None:
    """A date or time for the API; days begin where the user is."""
    today = datetime.now(UTC).astimezone().date()
    days = {None: today, "today": today, "yesterday": today - timedelta(days=1)}
    return days[on].isoformat() if on in days else None if on == UNKNOWN else on


def _entry_of(client: ApiClient, movie: Any, on: str | None) -> Any:
    entries = list(iterate_pages(client.history, movie=movie["id"]))
    if on is not None:
        entries = [entry for entry in entries if on in (_day_of(entry), entry["watched_at"] or UNKNOWN)]
    if not entries:
        raise NotFound(f"{movie_label(movie)} is not in your history{f' on {on}' if on else ''}.")
    if len(entries) > 1:
        raise ValidationFailed(f"You saw {movie_label(movie)} {_times(entries)}. Say which time with --on.")
    return entries[0]


def _times(entries: Sequence[Any]) -> str:
    return ", ".join(entry["watched_at"] or UNKNOWN for entry in entries)
