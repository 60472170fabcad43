"""Group `admin movies`: add, edit, delete and merge movies of the catalogue (staff only)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli.account_access import Yes, confirm_erasure
from movierec.cli.columns import columns_help, field_column
from movierec.cli.connection import connect
from movierec.cli.movie_lookup import find_movie, movie_label, title_columns
from movierec.cli.options import AsJson, IdsOnly, MovieArgument, MovieWordsArgument, new_group
from movierec.cli.output import print_list, print_message, print_outcome
from movierec.cli.terminal import escape_controls
from movierec.client import iterate_pages
from movierec.errors import ValidationFailed

if TYPE_CHECKING:
    from movierec.client.json_types import ListedMovieJson

movies = new_group("Add, edit, delete and merge movies of the catalogue.")

COLUMNS = (
    field_column("id", right=True),
    *title_columns(lambda movie: movie),
    field_column("imdb_id"),
    field_column("tmdb_id", right=True),
    field_column("genres", shown=lambda movie: movie["genres"][:3], wraps=True),
)

Year = Annotated[int | None, typer.Option(help="Year of the first release.")]
ImdbId = Annotated[str | None, typer.Option("--imdb", help="IMDb id, for example tt0133093.")]
TmdbId = Annotated[int | None, typer.Option("--tmdb", help="TMDb id.")]
Overview = Annotated[str | None, typer.Option(help="Summary of the plot.")]
Runtime = Annotated[int | None, typer.Option(help="Runtime in minutes.")]
Genres = Annotated[list[str] | None, typer.Option("--genre", help="Genre. May be repeated.")]
Directors = Annotated[list[str] | None, typer.Option("--director", help="Director. May be repeated.")]
Actors = Annotated[
    list[str] | None, typer.Option("--actor", help="Actor. May be repeated, in order of billing.")
]
Facts = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        allow_dash=True,
        help="File with a JSON object of these and all other fields of the API; - reads standard input.",
    ),
]


@movies.command("list", epilog=columns_help(COLUMNS))
def list_movies(
    genre: Annotated[str | None, typer.Option(help="Only movies of this genre.")] = None,
    year: Annotated[int | None, typer.Option(help="Only movies released in this year.")] = None,
    order: Annotated[
        str, typer.Option(help="Fields to order by, for example -vote_average,title.")
    ] = "-popularity",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Maximum number of movies.")] = 100,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """List the catalogue with external ids."""
    query = {"genre": genre, "year": year, "ordering": order}
    print_list(iterate_pages(connect().movies, limit, **query), COLUMNS, as_json=as_json, ids=ids)


@movies.command()
def add(
    title: Annotated[str, typer.Argument(help="Title of the movie.")],
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
    """Add a movie. Fields set by staff take precedence over every other source."""
    fields = _given_fields(facts, year, imdb_id, tmdb_id, overview, runtime, genres, directors, actors)
    movie = connect().add_movie(**{**fields, "title": title})
    print_outcome(f"{movie_label(movie)} is movie {movie['id']}.", movie, as_json=as_json)


@movies.command()
def edit(
    movie: MovieArgument,
    title: Annotated[str | None, typer.Option(help="Title of the movie.")] = None,
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
    """Change the given fields of a movie. Lists are replaced as a whole."""
    fields = _given_fields(facts, year, imdb_id, tmdb_id, overview, runtime, genres, directors, actors)
    fields |= {"title": title} if title is not None else {}
    if not fields:
        raise ValidationFailed("No field to change is given. Name at least one, for example --year 1979.")
    client = connect()
    changed = client.change_movie(find_movie(client, movie)["id"], **fields)
    print_outcome(f"{movie_label(changed)} is changed.", changed, as_json=as_json)


@movies.command()
def delete(name: MovieWordsArgument, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a movie that is in nobody's library."""
    client = connect()
    movie = find_movie(client, " ".join(name))
    if not yes:
        confirm_erasure(str(movie["id"]), movie_label(movie))
    client.delete_movie(movie["id"])
    print_outcome(f"{movie_label(movie)} is deleted.", {"id": movie["id"]}, as_json=as_json)


@movies.command()
def merge(
    movie: MovieArgument,
    into: Annotated[
        str, typer.Argument(metavar="INTO", help="The movie that is kept, named in the same ways.")
    ],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Merge one movie into another. Ratings, lists and notes move along, and the old id redirects.

    If a user rated both, the newer rating is kept.
    """
    client = connect()
    source, target = find_movie(client, movie), find_movie(client, into)
    if not yes:
        _confirm_merge(source, target)
    merged = client.merge_movie(source["id"], target["id"])
    print_outcome(
        f"Merged {movie_label(source)}, {source['id']}, into {movie_label(merged)}, {merged['id']}.",
        merged,
        as_json=as_json,
    )


def _confirm_merge(source: ListedMovieJson, target: ListedMovieJson) -> None:
    """Continue only if the person confirms. Raises ValidationFailed."""
    if not sys.stdin.isatty():
        raise ValidationFailed("This needs a confirmation and there is no terminal to ask for it. Add --yes.")
    for movie, role in ((source, "goes"), (target, "stays")):
        external_ids = [
            str(external_id) for external_id in (movie["imdb_id"], movie["tmdb_id"]) if external_id
        ]
        print_message(f"{role:>5}  {movie['id']}  {movie_label(movie)}  {' '.join(external_ids)}")
    print("A merge cannot be undone. Merge them? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ValidationFailed("Not confirmed. Nothing was merged.")


def _given_fields(
    facts: Path | None,
    year: int | None,
    imdb_id: str | None,
    tmdb_id: int | None,
    overview: str | None,
    runtime: int | None,
    genres: list[str] | None,
    directors: list[str] | None,
    actors: list[str] | None,
) -> dict[str, object]:
    """Return the fields that were given. Options take precedence over the file."""
    values: dict[str, object] = {
        "year": year,
        "imdb_id": imdb_id,
        "tmdb_id": tmdb_id,
        "overview": overview,
        "runtime": runtime,
        "genres": genres,
        "directors": directors,
        "cast": [{"name": name} for name in actors] if actors else None,
    }
    fields = _read_json_object(facts) if facts else {}
    return fields | {name: value for name, value in values.items() if value is not None}


def _read_json_object(file: Path) -> dict[str, object]:
    try:
        fields = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValidationFailed(f"{escape_controls(file)} holds no JSON: {error}") from error
    if not isinstance(fields, dict):
        raise ValidationFailed(f"{escape_controls(file)} must hold one JSON object.")
    return fields
