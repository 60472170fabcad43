"""`import review` and `import resolve`: which films the names in imported files mean."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from movierec.cli.connection import connect
from movierec.cli.movie_lookup import AmbiguousTitle, find_movie, movie_label
from movierec.cli.options import AsJson, IdsOnly, Limit
from movierec.cli.output import Column, field_column, print_list, print_message, print_outcome
from movierec.cli.terminal import escape_controls
from movierec.client import ApiClient, iterate_pages
from movierec.errors import Conflict, MovierecError, NotFound, ValidationFailed


def question_name(question: Any) -> str:
    """The name as the file has it, or an id where it has no title."""
    film = question["film"]
    if not question["title"]:
        return " ".join(
            f"{name.removesuffix('_id')}:{told}" for name, told in film.items() if name.endswith("_id")
        )
    return movie_label(question)


def _best(question: Any) -> str:
    return movie_label(question["candidates"][0]["movie_detail"]) if question["candidates"] else ""


COLUMNS = (
    field_column("id", right=True),
    field_column("state"),
    Column("name", question_name, wraps=True),
    field_column("rows", right=True),
    Column("where", lambda question: f"{question['file']}:{question['line']}"),
    Column("best", _best, wraps=True),
    field_column("why", wraps=True),
)


def review(limit: Limit = None, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """Say which films your imported files mean. In a script: list the questions, then resolve them."""
    client = connect()
    if as_json or ids or not (sys.stdin.isatty() and sys.stdout.isatty()):
        found = iterate_pages(client.film_questions, limit)
        print_list(found, COLUMNS, as_json=as_json, ids=ids, nothing="There is nothing to ask.")
        return
    # All at once: each answer shortens the list.
    questions = list(iterate_pages(client.film_questions, limit))
    if not questions:
        print_message("There is nothing to ask.")
        return
    answered = 0
    for number, question in enumerate(questions, 1):
        print(f"\n[{number}/{len(questions)}] ", end="")
        outcome = _ask(client, question)
        if outcome == "stop":
            break
        answered += outcome == "answered"
    print_message(f"{answered} of {len(questions)} answered. `movierec undo` takes the last one back.")


def resolve(
    question: Annotated[int, typer.Argument(min=1, help="Number of a question, from: import review --ids.")],
    movie: Annotated[
        list[str] | None,
        typer.Argument(metavar="MOVIE...", help="Id, tmdb:603, imdb:tt0133093, or a title."),
    ] = None,
    leave_out: Annotated[bool, typer.Option("--leave-out", help="None: leave it out, also later.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Forget it, or your answer: the next import asks again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Answer one question: the film that is meant."""
    if sum([bool(movie), leave_out, forget]) != 1:
        raise ValidationFailed("Name the movie, or give --leave-out or --forget.")
    client = connect()
    if forget:
        client.forget_question(question)
        print_outcome(f"Question {question} is forgotten.", {"question": question}, as_json=as_json)
        return
    found = find_movie(client, " ".join(movie or ())) if movie else None
    resolved = client.resolve_question(question, found["id"] if found else None)
    name = question_name(resolved["question"])
    done = f"{name} is {movie_label(found)}: {_changes(resolved)}." if found else f"{name} is left out."
    print_outcome(done, resolved, as_json=as_json)


def _ask(client: ApiClient, question: Any) -> str:
    """`answered`, `later` or `stop`."""
    if not question["candidates"]:
        question = client.film_question(question["id"])  # with what a search finds
    _show(question)
    candidates = [candidate["movie_detail"] for candidate in question["candidates"]]
    while True:
        numbers = {0: "", 1: "1, "}.get(len(candidates), f"1-{len(candidates)}, ")
        print(f"{numbers}a title or id, s leaves it out, empty: later, q: stop> ", end="", flush=True)
        line = sys.stdin.readline()
        typed = line.strip()
        if not line or typed == "q":
            return "stop"
        if not typed:
            return "later"
        try:
            movie = None if typed == "s" else _chosen(client, typed, candidates)
            resolved = client.resolve_question(question["id"], movie["id"] if movie else None)
        except AmbiguousTitle as error:
            candidates = list(error.candidates)
            _list(candidates)
        except (NotFound, ValidationFailed, Conflict) as error:
            print(escape_controls(_told(error)))
        else:
            print(escape_controls(f"{movie_label(movie)}: {_changes(resolved)}." if movie else "Left out."))
            return "answered"


def _told(error: MovierecError) -> str:
    return " ".join([error.detail, *(f"{item.field}: {item.message}" for item in error.errors)])


def _chosen(client: ApiClient, typed: str, candidates: list[Any]) -> Any:
    if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(candidates):
        return candidates[int(typed) - 1]
    return find_movie(client, typed)


def _show(question: Any) -> None:
    says = "; ".join(_said(one) for one in question["says"])
    more = (
        f" and {question['rows'] - len(question['says'])} more"
        if question["rows"] > len(question["says"])
        else ""
    )
    print(escape_controls(f"{question_name(question)}  {question['file']}:{question['line']}  {says}{more}"))
    print(escape_controls(f"    {question['why']}"))
    _list([candidate["movie_detail"] for candidate in question["candidates"]])


def _list(movies: list[Any]) -> None:
    for number, movie in enumerate(movies, 1):
        genres = ", ".join(movie.get("genres") or ())
        print(escape_controls(f"{number:>4}  {movie_label(movie)}  {genres}".rstrip()))


def _said(content: Any) -> str:
    """`rated 4.5, on the watchlist`"""
    rated = content.get("rated", {})
    words = [
        f"rated {rated['steps'] / 2:g}" if "steps" in rated else "",
        "reviewed" if "review" in rated else "",
    ]
    words += ["favorite" if "favored" in content else "", "on the watchlist" if "wanted" in content else ""]
    words += [f"seen {viewing.get('watched_at', '')}".strip() for viewing in content.get("watched", ())]
    return ", ".join(word for word in words if word)


def _changes(resolved: Any) -> str:
    changes = resolved["added"] + resolved["changed"]
    return f"{changes} {'change' if changes == 1 else 'changes'}"
