"""`recommend`, `similar`, `explain`, `dismiss`: what to see next, and why."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from movierec.cli.connection import connect
from movierec.cli.movie_lookup import find_movie, movie_label, title_columns
from movierec.cli.options import AsJson, IdsOnly, MovieWordsArgument, new_group
from movierec.cli.output import (
    Column,
    columns_help,
    field_column,
    list_items,
    print_json,
    print_list,
    print_outcome,
)
from movierec.cli.scales import RatingScale, ScaleOption, choose_scale, convert_recommendation
from movierec.cli.terminal import escape_controls

commands = new_group("")

COLUMNS = (
    Column("rank", lambda item: item["rank"], right=True),
    Column("id", lambda item: item["movie"]["id"], right=True),
    *title_columns(lambda item: item["movie"]),
    field_column("score", shown=lambda item: f"{item['score']:.2f}", right=True),
    # What you would give it, where the model can say.
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
    genre: Annotated[list[str] | None, typer.Option(help="Of this genre; may be repeated.")] = None,
    exclude_genre: Annotated[
        list[str] | None, typer.Option(help="Not of this genre; may be repeated.")
    ] = None,
    year_min: Annotated[int | None, typer.Option(help="From this year on.")] = None,
    year_max: Annotated[int | None, typer.Option(help="Up to this year.")] = None,
    language: Annotated[str | None, typer.Option(help="Original language, like fr.")] = None,
    min_votes: Annotated[int | None, typer.Option(min=0, help="Voted on at least so often.")] = None,
    runtime_max: Annotated[int | None, typer.Option(min=1, help="At most so many minutes.")] = None,
    novelty: Annotated[
        float | None, typer.Option(min=0, max=1, help="0: what many know; 1: what few know.")
    ] = None,
    diversity: Annotated[
        float | None, typer.Option(min=0, max=1, help="0: the best ones; 1: as different as can be.")
    ] = None,
    include_seen: Annotated[bool, typer.Option("--include-seen", help="Also what you rated.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="So many.")] = 20,
    watchlist: Annotated[bool, typer.Option("--from-watchlist", help="Only what you mean to see.")] = False,
    pick: Annotated[
        bool, typer.Option("--pick", help="One film for tonight; another one tomorrow, or with --seed.")
    ] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Another number, other films.")] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Make a new list first.")] = False,
    scale: ScaleOption = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """What you might love, with the reason. With --ids: the movies' ids."""
    client = connect()
    if refresh:
        client.refresh_recommendations()
    found = client.recommendations(
        genre=_list(genre),
        exclude_genre=_list(exclude_genre),
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
    items = list_items(found)
    if as_json:
        print_json(items)
        return
    of = RatingScale() if ids else choose_scale(client, scale)
    ranked = [{**convert_recommendation(item, of), "rank": rank} for rank, item in enumerate(items, 1)]
    nothing = "Nothing to recommend: rate a few movies first, or loosen the filters."
    print_list(
        ranked, COLUMNS, as_json=False, ids=ids, id_of=lambda item: item["movie"]["id"], nothing=nothing
    )


@commands.command(epilog=columns_help(SIMILAR))
def similar(
    movie: MovieWordsArgument,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="So many.")] = 10,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """Movies like this one."""
    client = connect()
    found = client.similar(find_movie(client, " ".join(movie))["id"], limit=limit)
    print_list(list_items(found), SIMILAR, as_json=as_json, ids=ids, nothing="Nothing is similar to it.")


@commands.command(epilog=columns_help(BECAUSE))
def explain(movie: MovieWordsArgument, scale: ScaleOption = None, as_json: AsJson = False) -> None:
    """Why a movie would be recommended: what each of your ratings says for it or against it."""
    client = connect()
    found = find_movie(client, " ".join(movie))
    answer = client.explain(found["id"])
    if as_json:
        print_json(answer)
    else:
        answer = convert_recommendation(answer, choose_scale(client, scale))
        if sys.stdout.isatty():
            _print_summary(found, answer)
        print_list(answer["because"], BECAUSE, as_json=False, nothing="None of your ratings speaks for it.")


@commands.command()
def dismiss(
    movie: MovieWordsArgument,
    comment: Annotated[str | None, typer.Option(help="Why.")] = None,
    as_json: AsJson = False,
) -> None:
    """Never recommend this movie again. `movierec feedback remove` takes it back."""
    client = connect()
    found = find_movie(client, " ".join(movie))
    answer = client.give_feedback(found["id"], "not_interested", comment)
    print_outcome(f"{movie_label(found)} will not be recommended again.", answer, as_json=as_json)


def _print_summary(movie: Any, answer: Any) -> None:
    print(escape_controls(f"{movie_label(movie)}: score {answer['score']:.3f}"))
    if answer["predicted_rating"]:
        print(f"You would rate it {answer['predicted_rating']}.")
    print(escape_controls(answer["reason"]))
    print()


def _list(given: list[str] | None) -> str | None:
    return ",".join(given) if given else None
