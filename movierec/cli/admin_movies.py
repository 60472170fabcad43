"""`admin movies`: the catalogue, for staff: adding, editing, deleting, and making one movie of two."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from movierec.cli.account_access import Yes, confirm_erasure
from movierec.cli.connection import connect
from movierec.cli.movie_lookup import find_movie, movie_label, title_columns
from movierec.cli.options import AsJson, IdsOnly, MovieArgument, MovieWordsArgument, new_group
from movierec.cli.output import columns_help, field_column, print_list, print_message, print_outcome
from movierec.cli.terminal import escape_controls
from movierec.client import iterate_pages
from movierec.errors import ValidationFailed

movies = new_group("The catalogue: add, edit, delete, merge.")

COLUMNS = (
    field_column("id", right=True),
    *title_columns(lambda movie: movie),
    field_column("imdb_id"),
    field_column("tmdb_id", right=True),
    field_column("genres", shown=lambda movie: movie["genres"][:3], wraps=True),
)

Year = Annotated[int | None, typer.Option(help="Of its first release.")]
ImdbId = Annotated[str | None, typer.Option("--imdb", help="Its id on IMDb, like tt0133093.")]
TmdbId = Annotated[int | None, typer.Option("--tmdb", help="Its id on TMDb.")]
Overview = Annotated[str | None, typer.Option(help="What it is about.")]
Runtime = Annotated[int | None, typer.Option(help="In minutes.")]
Genres = Annotated[list[str] | None, typer.Option("--genre", help="Repeat it for several.")]
Directors = Annotated[list[str] | None, typer.Option("--director", help="Repeat it for several.")]
Actors = Annotated[list[str] | None, typer.Option("--actor", help="Repeat it for several, in their order.")]
Facts = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        allow_dash=True,
        help="A JSON object of these and all other fields of the API; - for standard input.",
    ),
]


@movies.command("list", epilog=columns_help(COLUMNS))
def list_movies(
    genre: Annotated[str | None, typer.Option(help="Of this genre.")] = None,
    year: Annotated[int | None, typer.Option(help="Released in this year.")] = None,
    order: Annotated[str, typer.Option(help="Order by, like -vote_average,title.")] = "-popularity",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 100,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """List the catalogue with the ids that movies have elsewhere."""
    query = {"genre": genre, "year": year, "ordering": order}
    print_list(iterate_pages(connect().movies, limit, **query), COLUMNS, as_json=as_json, ids=ids)


@movies.command()
def add(
    title: Annotated[str, typer.Argument(help="The title people know it by.")],
    year: Year = None,
    imdb_id: ImdbId = None,
    tmdb_id: TmdbId = None,
    overview: Overview = None,
    runtime: Runtime = None,
    genres: Genres = None,
    directors: Directors = None,
    actors: Actors = None,
    facts: Facts = None,
    as_json: AsJson = False,
) -> None:
    """Add a movie. What staff say of one wins over every other source."""
    told = _told(facts, year, imdb_id, tmdb_id, overview, runtime, genres, directors, actors)
    made = connect().add_movie(**{**told, "title": title})
    print_outcome(f"{movie_label(made)} is movie {made['id']}.", made, as_json=as_json)


@movies.command()
def edit(
    movie: MovieArgument,
    title: Annotated[str | None, typer.Option(help="The title people know it by.")] = None,
    year: Year = None,
    imdb_id: ImdbId = None,
    tmdb_id: TmdbId = None,
    overview: Overview = None,
    runtime: Runtime = None,
    genres: Genres = None,
    directors: Directors = None,
    actors: Actors = None,
    facts: Facts = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given of a movie; lists are replaced whole."""
    told = _told(facts, year, imdb_id, tmdb_id, overview, runtime, genres, directors, actors)
    told |= {"title": title} if title is not None else {}
    if not told:
        raise ValidationFailed("Say what to change, for example --year 1979.")
    client = connect()
    changed = client.change_movie(find_movie(client, movie)["id"], **told)
    print_outcome(f"{movie_label(changed)} is changed.", changed, as_json=as_json)


@movies.command()
def delete(movie: MovieWordsArgument, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a movie that nobody has rated or keeps in a list."""
    client = connect()
    found = find_movie(client, " ".join(movie))
    if not yes:
        confirm_erasure(str(found["id"]), movie_label(found))
    client.delete_movie(found["id"])
    print_outcome(f"{movie_label(found)} is deleted.", {"id": found["id"]}, as_json=as_json)


@movies.command()
def merge(
    movie: MovieArgument,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The movie that is kept; named likewise.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make one movie of two. Ratings, lists and notes go along, and the old id leads to what is kept.

    Of two ratings by one user the newer one stays.
    """
    client = connect()
    lost, kept = find_movie(client, movie), find_movie(client, into)
    if not yes:
        _confirm_merge(lost, kept)
    merged = client.merge_movie(lost["id"], kept["id"])
    print_outcome(
        f"{movie_label(lost)}, {lost['id']}, is {movie_label(merged)}, {merged['id']}, now.",
        merged,
        as_json=as_json,
    )


def _confirm_merge(lost: Any, kept: Any) -> None:
    """Go on only if somebody says so. Raises ValidationFailed."""
    if not sys.stdin.isatty():
        raise ValidationFailed("There is no terminal to ask whether you mean it. Use --yes.")
    for movie, what in ((lost, "goes"), (kept, "stays")):
        elsewhere = [str(movie[name]) for name in ("imdb_id", "tmdb_id") if movie[name]]
        print_message(f"{what:>5}  {movie['id']}  {movie_label(movie)}  {' '.join(elsewhere)}")
    print("There is no way back. Merge them? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ValidationFailed("Nothing was merged.")


def _told(
    facts: Path | None,
    year: int | None,
    imdb_id: str | None,
    tmdb_id: int | None,
    overview: str | None,
    runtime: int | None,
    genres: list[str] | None,
    directors: list[str] | None,
    actors: list[str] | None,
) -> dict[str, Any]:
    """The fields that were given; options win over what a file says."""
    given = {
        "year": year,
        "imdb_id": imdb_id,
        "tmdb_id": tmdb_id,
        "overview": overview,
        "runtime": runtime,
        "genres": genres,
        "directors": directors,
        "cast": [{"name": name} for name in actors] if actors else None,
    }
    told = _read(facts) if facts else {}
    return told | {name: value for name, value in given.items() if value is not None}


def _read(file: Path) -> dict[str, Any]:
    try:
        told = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValidationFailed(f"{escape_controls(file)} holds no JSON: {error}") from error
    if not isinstance(told, dict):
        raise ValidationFailed(f"{escape_controls(file)} must hold one JSON object.")
    return told
