"""Commands `recommend`, `similar`, `explain` and `dismiss`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli.columns import Column, columns_help, field_column
from movierec.cli.connection import connect
from movierec.cli.movie_lookup import find_movie, movie_label, title_columns
from movierec.cli.options import AsJson, IdsOnly, MovieWordsArgument, new_group
from movierec.cli.output import list_items, print_json, print_list, print_outcome
from movierec.cli.rating_scales import RatingScale, ScaleOption, choose_scale, convert_recommendation
from movierec.cli.terminal import escape_controls

if TYPE_CHECKING:
    from movierec.client.json_types import ExplanationJson, ListedMovieJson

commands = new_group("")

COLUMNS = (
    Column("rank", lambda item: item["rank"], right=True),
    Column("id", lambda item: item["movie"]["id"], right=True),
    *title_columns(lambda item: item["movie"]),
    field_column("score", shown=lambda item: f"{item['score']:.2f}", right=True),
    # Predicted rating, where the model has one.
    Column("your rating", lambda item: item["predicted_rating"], right=True),
    field_column("reason", wraps=True),
)
SIMILAR = (
    field_column("id", right=True),
    *title_columns(lambda movie: movie),
    field_column("similarity", shown=lambda item: f"{item['similarity']:.2f}", right=True),
    field_column("reason", wraps=True),
)
BECAUSE = (
    Column("id", lambda item: item["movie"], right=True),
    field_column("title", wraps=True),
    Column("your rating", lambda item: item["rating"], right=True),
    field_column("contribution", shown=lambda item: f"{item['contribution']:+.3f}", right=True),
)


@commands.command(epilog=columns_help(COLUMNS))
def recommend(
    genre: Annotated[
        list[str] | None, typer.Option(help="Only movies of this genre. May be repeated.")
    ] = None,
    exclude_genre: Annotated[
        list[str] | None, typer.Option(help="No movies of this genre. May be repeated.")
    ] = None,
    year_min: Annotated[int | None, typer.Option(help="Only movies released in this year or later.")] = None,
    year_max: Annotated[int | None, typer.Option(help="Only movies released in this year or before.")] = None,
    language: Annotated[
        str | None, typer.Option(help="ISO 639-1 code of the original language, for example fr.")
    ] = None,
    min_votes: Annotated[int | None, typer.Option(min=0, help="Minimum number of votes.")] = None,
    runtime_max: Annotated[int | None, typer.Option(min=1, help="Maximum runtime in minutes.")] = None,
    novelty: Annotated[
        float | None, typer.Option(min=0, max=1, help="0 favours well-known movies, 1 little-known ones.")
    ] = None,
    diversity: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="0 ranks by score alone, 1 makes the list as varied as possible."),
    ] = None,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Include movies you have rated or seen.")
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=100, help="Maximum number of movies.")
    ] = 20,
    watchlist: Annotated[
        bool, typer.Option("--from-watchlist", help="Only movies on your watchlist.")
    ] = False,
    pick: Annotated[
        bool, typer.Option("--pick", help="Pick one movie for tonight. It changes daily, or with --seed.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the selection: another number selects other movies.")
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Compute a new list first.")] = False,
    scale: ScaleOption = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """Recommend movies, with reasons. --ids prints movie ids."""
    client = connect()
    if refresh:
        client.refresh_recommendations()
    page = client.recommendations(
        genre=_join_list(genre),
        exclude_genre=_join_list(exclude_genre),
        year_min=year_min,
        year_max=year_max,
        language=language,
        min_votes=min_votes,
        runtime_max=runtime_max,
        novelty=novelty,
        diversity=diversity,
        include_seen=True if include_seen else None,
        pick=True if pick else None,
        seed=seed,
        limit=limit,
        **({"from": "watchlist"} if watchlist else {}),
    )
    items = list_items(page)
    if as_json:
        print_json(items)
        return
    rating_scale = RatingScale() if ids else choose_scale(client, scale)
    ranked = [
        {**convert_recommendation(item, rating_scale), "rank": rank} for rank, item in enumerate(items, 1)
    ]
    nothing = "Nothing to recommend. Rate a few movies first, or relax the filters."
    print_list(
        ranked, COLUMNS, as_json=False, ids=ids, id_of=lambda item: item["movie"]["id"], nothing=nothing
    )


@commands.command(epilog=columns_help(SIMILAR))
def similar(
    movie: MovieWordsArgument,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=100, help="Maximum number of movies.")
    ] = 10,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """List movies similar to this one."""
    client = connect()
    page = client.similar(find_movie(client, " ".join(movie))["id"], limit=limit)
    print_list(list_items(page), SIMILAR, as_json=as_json, ids=ids, nothing="No similar movies found.")


@commands.command(epilog=columns_help(BECAUSE))
def explain(name: MovieWordsArgument, scale: ScaleOption = None, as_json: AsJson = False) -> None:
    """Explain the score of a movie: the contribution of each of your ratings."""
    client = connect()
    movie = find_movie(client, " ".join(name))
    explanation = client.explain(movie["id"])
    if as_json:
        print_json(explanation)
    else:
        explanation = convert_recommendation(explanation, choose_scale(client, scale))
        if sys.stdout.isatty():
            _print_summary(movie, explanation)
        print_list(
            explanation["because"],
            BECAUSE,
            as_json=False,
            nothing="None of your ratings contributes to its score.",
        )


@commands.command()
def dismiss(
    name: MovieWordsArgument,
    comment: Annotated[str | None, typer.Option(help="Reason for the dismissal.")] = None,
    as_json: AsJson = False,
) -> None:
    """Never recommend this movie again. `movierec feedback remove` reverts it."""
    client = connect()
    movie = find_movie(client, " ".join(name))
    answer = client.give_feedback(movie["id"], "not_interested", comment)
    print_outcome(f"{movie_label(movie)} will not be recommended again.", answer, as_json=as_json)


def _print_summary(movie: ListedMovieJson, explanation: ExplanationJson) -> None:
    print(escape_controls(f"{movie_label(movie)}: score {explanation['score']:.3f}"))
    if explanation["predicted_rating"]:
        print(f"You would rate it {explanation['predicted_rating']}.")
    print(escape_controls(explanation["reason"]))
    print()


def _join_list(values: list[str] | None) -> str | None:
    return ",".join(values) if values else None
