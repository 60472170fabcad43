"""Commands `import review` and `import resolve`: choose the movies for ambiguous titles of imports."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from movierec.cli.columns import Column, field_column
from movierec.cli.connection import connect
from movierec.cli.movie_lookup import AmbiguousTitle, find_movie, movie_label
from movierec.cli.options import AsJson, IdsOnly, Limit
from movierec.cli.output import print_list, print_message, print_outcome
from movierec.cli.terminal import escape_controls
from movierec.client import ApiClient, iterate_pages
from movierec.errors import Conflict, MovierecError, NotFound, ValidationFailed


def question_name(question: Any) -> str:
    """Return the title of the file, or its ids if it has no title."""
    ids = question["film"]
    if not question["title"]:
        return " ".join(
            f"{name.removesuffix('_id')}:{value}" for name, value in ids.items() if name.endswith("_id")
        )
    return movie_label(question)


def _best_candidate(question: Any) -> str:
    return movie_label(question["candidates"][0]["movie_detail"]) if question["candidates"] else ""


COLUMNS = (
    field_column("id", right=True),
    field_column("state"),
    Column("name", question_name, wraps=True),
    field_column("rows", right=True),
    Column("where", lambda question: f"{question['file']}:{question['line']}"),
    Column("best", _best_candidate, wraps=True),
    field_column("why", wraps=True),
)


def review(limit: Limit = None, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """Choose the movies for ambiguous titles of your imports. In a script: list them, then use resolve."""
    client = connect()
    if as_json or ids or not (sys.stdin.isatty() and sys.stdout.isatty()):
        listed = iterate_pages(client.review_questions, limit)
        print_list(listed, COLUMNS, as_json=as_json, ids=ids, nothing="There is nothing to review.")
        return
    # Fetched completely before the first answer, because each answer shortens the list.
    questions = list(iterate_pages(client.review_questions, limit))
    if not questions:
        print_message("There is nothing to review.")
        return
    answered = 0
    for number, question in enumerate(questions, 1):
        print(f"\n[{number}/{len(questions)}] ", end="")
        outcome = _ask_question(client, question)
        if outcome == "stop":
            break
        answered += outcome == "answered"
    print_message(f"{answered} of {len(questions)} answered. `movierec undo` undoes the last answer.")


def resolve(
    question: Annotated[
        int, typer.Argument(min=1, help="Id of the question, as printed by `import review --ids`.")
    ],
    name: Annotated[
        list[str] | None,
        typer.Argument(metavar="MOVIE...", help="Id, tmdb:603, imdb:tt0133093, or a title."),
    ] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Skip the title, in later imports too.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete the question or your answer. The next import asks again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Answer one question with the movie that is meant."""
    if sum([bool(name), leave_out, forget]) != 1:
        raise ValidationFailed("Name the movie, or give either --leave-out or --forget.")
    client = connect()
    if forget:
        client.delete_question(question)
        print_outcome(f"Question {question} is deleted.", {"question": question}, as_json=as_json)
        return
    movie = find_movie(client, " ".join(name or ())) if name else None
    resolved = client.resolve_question(question, movie["id"] if movie else None)
    title = question_name(resolved["question"])
    done = f"{title} is {movie_label(movie)}: {_changes_text(resolved)}." if movie else f"{title} is skipped."
    print_outcome(done, resolved, as_json=as_json)


def _ask_question(client: ApiClient, question: Any) -> str:
    """Ask one question and return `answered`, `later` or `stop`."""
    if not question["candidates"]:
        question = client.review_question(question["id"])  # with candidates of a search
    _print_question(question)
    candidates = [candidate["movie_detail"] for candidate in question["candidates"]]
    while True:
        numbers = {0: "", 1: "1, "}.get(len(candidates), f"1-{len(candidates)}, ")
        print(f"{numbers}a title or id, s to skip it, empty for later, q to stop> ", end="", flush=True)
        line = sys.stdin.readline()
        typed = line.strip()
        if not line or typed == "q":
            return "stop"
        if not typed:
            return "later"
        try:
            movie = None if typed == "s" else _choose_candidate(client, typed, candidates)
            resolved = client.resolve_question(question["id"], movie["id"] if movie else None)
        except AmbiguousTitle as error:
            candidates = list(error.candidates)
            _print_candidates(candidates)
        except (NotFound, ValidationFailed, Conflict) as error:
            print(escape_controls(_error_text(error)))
        else:
            print(
                escape_controls(f"{movie_label(movie)}: {_changes_text(resolved)}." if movie else "Skipped.")
            )
            return "answered"


def _error_text(error: MovierecError) -> str:
    return " ".join([error.detail, *(f"{item.field}: {item.message}" for item in error.errors)])


def _choose_candidate(client: ApiClient, typed: str, candidates: list[Any]) -> Any:
    if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(candidates):
        return candidates[int(typed) - 1]
    return find_movie(client, typed)


def _print_question(question: Any) -> None:
    descriptions = "; ".join(_describe_content(content) for content in question["says"])
    more = (
        f" and {question['rows'] - len(question['says'])} more"
        if question["rows"] > len(question["says"])
        else ""
    )
    print(
        escape_controls(
            f"{question_name(question)}  {question['file']}:{question['line']}  {descriptions}{more}"
        )
    )
    print(escape_controls(f"    {question['why']}"))
    _print_candidates([candidate["movie_detail"] for candidate in question["candidates"]])


def _print_candidates(movies: list[Any]) -> None:
    for number, movie in enumerate(movies, 1):
        genres = ", ".join(movie.get("genres") or ())
        print(escape_controls(f"{number:>4}  {movie_label(movie)}  {genres}".rstrip()))


def _describe_content(content: Any) -> str:
    """Describe an imported row, for example `rated 4.5, on the watchlist`."""
    rated = content.get("rated", {})
    words = [
        f"rated {rated['steps'] / 2:g}" if "steps" in rated else "",
        "reviewed" if "review" in rated else "",
    ]
    words += ["favorite" if "favored" in content else "", "on the watchlist" if "wanted" in content else ""]
    words += [f"seen {viewing.get('watched_at', '')}".strip() for viewing in content.get("watched", ())]
    return ", ".join(word for word in words if word)


def _changes_text(resolved: Any) -> str:
    changes = resolved["added"] + resolved["changed"]
    return f"{changes} {'change' if changes == 1 else 'changes'}"
