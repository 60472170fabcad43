"""What users are asked about films: the questions of imports, the rows that wait, and the answers."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from movierec import db, library, movies
from movierec.errors import Conflict, NotFound
from movierec.exchange.importing.conflicts import Combining, Told
from movierec.exchange.importing.movie_matcher import Candidate, Choice, Match, identity
from movierec.exchange.importing.options import Policy
from movierec.exchange.importing.row_index import MOST_ROWS_TOGETHER, Together
from movierec.exchange.importing.spool import content_json, film_json, film_of, record_of
from movierec.exchange.readers.records import FilmName, Record
from movierec.library import RowValues

OPEN = ("ambiguous", "unmatched")


class Question(NamedTuple):
    """A name that is asked about; `rows` wait for the answer, the first of them at `file` and `line`."""

    id: int
    state: str
    title: str
    year: int | None
    why: str
    film: dict[str, Any]
    candidates: list[Candidate]
    rows: int
    file: str
    line: int
    says: list[dict[str, Any]]


def choices(user_id: int) -> dict[str, list[Choice]]:
    """What the user has answered, by identity."""
    found: defaultdict[str, list[Choice]] = defaultdict(list)
    for told, uri, movie_id in db.rows(
        "SELECT identity, uri, movie_id FROM film_questions "
        "WHERE user_id = ? AND state IN ('answered', 'left_out')",
        user_id,
    ):
        found[told].append(Choice(uri, movie_id))
    return found


def ask(user_id: int, job_id: int, asked: Sequence[tuple[Record, Match]], now: int) -> None:
    """Keep rows whose film is not certain, in one transaction. Rows that wait already do not wait twice.

    What waits for one answer is taken in at once: of any number of imports, no more than that has room.
    """
    names = {(identity(record.film), record.film.uri): (record, match) for record, match in asked}
    with db.write():
        # In one order, or two imports of one user would wait for each other.
        ids = {key: _question(user_id, *key, *names[key], now) for key in sorted(names)}
        together = _waiting_together(list(ids.values()))
        for record, _ in asked:
            question_id = ids[identity(record.film), record.film.uri]
            content = json.dumps(content_json(record), ensure_ascii=False, sort_keys=True)
            if together.has_room(question_id, len(content)) and _wait(question_id, job_id, record, content):
                together.add(question_id, 1, len(content))


def _waiting_together(question_ids: Sequence[int]) -> Together:
    """What waits already."""
    together = Together()
    for counted in db.rows(
        "SELECT question_id, COUNT(*), SUM(LENGTH(content)) FROM waiting_rows "
        f"WHERE act_id IS NULL AND question_id IN ({db.placeholders(question_ids)}) GROUP BY question_id",
        *question_ids,
    ):
        together.add(*counted)
    return together


def _wait(question_id: int, job_id: int, record: Record, content: str) -> bool:
    """False: the same waits already."""
    kept = db.execute(
        "INSERT INTO waiting_rows (question_id, job_id, file, line, content, digest) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (question_id, digest) DO NOTHING",
        question_id,
        job_id,
        record.file,
        record.line,
        content,
        hashlib.sha256(content.encode()).hexdigest()[:32],
    )
    return bool(kept.rowcount)


def _question(user_id: int, told: str, uri: str, record: Record, match: Match, now: int) -> int:
    """Its id; what is known of it is renewed."""
    state = "ambiguous" if match.candidates else "unmatched"
    candidates = json.dumps(match.candidates)
    return int(
        db.value(
            "INSERT INTO film_questions (user_id, identity, uri, title, year, film, state, why, candidates, "
            "asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, identity, uri) DO UPDATE "
            # Answered meanwhile, it stays so.
            "SET state = CASE WHEN film_questions.state IN ('answered', 'left_out') THEN film_questions.state "
            "ELSE excluded.state END, why = excluded.why, candidates = excluded.candidates RETURNING id",
            user_id,
            told,
            uri,
            record.film.title,
            record.film.year,
            json.dumps(film_json(record.film), ensure_ascii=False),
            state,
            match.why,
            candidates,
            now,
        )
    )


_QUESTION = (
    "SELECT film_questions.id, state, title, year, why, film, candidates, "
    "(SELECT COUNT(*) FROM waiting_rows WHERE question_id = film_questions.id AND act_id IS NULL) "
    "FROM film_questions"
)


def questions(
    user_id: int, states: Sequence[str] = OPEN, *, limit: int, offset: int
) -> tuple[int, list[Question]]:
    """How many questions are open, and a page of them: those with candidates first, then as they were asked."""
    where = f"user_id = ? AND state IN ({db.placeholders(states)})"
    found = db.rows(
        f"{_QUESTION} WHERE {where} ORDER BY state, film_questions.id LIMIT ? OFFSET ?",
        user_id,
        *states,
        limit,
        offset,
    )
    count = db.value(f"SELECT COUNT(*) FROM film_questions WHERE {where}", user_id, *states)
    return count, _with_rows(found)


def question(user_id: int, question_id: int) -> Question:
    """Raises NotFound."""
    found = db.rows(f"{_QUESTION} WHERE user_id = ? AND film_questions.id = ?", user_id, question_id)
    if not found:
        raise NotFound()
    return _with_rows(found)[0]


# So many of the rows that wait are shown with a question.
ROWS_SHOWN = 5


def _with_rows(found: Sequence[db.Row]) -> list[Question]:
    made = []
    for number, state, title, year, why, film, candidates, count in found:
        rows = _waiting(number, limit=ROWS_SHOWN)
        file, line = (rows[0][1], rows[0][2]) if rows else ("", 0)
        told = [Candidate(*candidate) for candidate in json.loads(candidates)]
        says = [json.loads(content) for *_, content in rows]
        made.append(
            Question(number, state, title, year, why, json.loads(film), told, count, file, line, says)
        )
    return made


def _waiting(question_id: int, limit: int = MOST_ROWS_TOGETHER) -> list[db.Row]:
    return db.rows(
        "SELECT id, file, line, content FROM waiting_rows WHERE question_id = ? AND act_id IS NULL "
        "ORDER BY id LIMIT ?",
        question_id,
        limit,
    )


def answer(
    user_id: int, question_id: int, movie_id: int | None, *, policy: Policy = "newest", now: int
) -> library.ApplyResult:
    """Say which film is meant, None to leave it out, and take in what waits for it, as an act of its own.

    The answer counts for later imports too. Raises NotFound, or Conflict where it is answered already.
    """
    with db.write():
        asked = question(user_id, question_id)
        if asked.state not in OPEN:
            raise Conflict("This was answered already.")
        if movie_id is not None and not movies.summaries([movie_id]):
            raise NotFound("There is no such movie.")
        db.execute(
            "UPDATE film_questions SET state = ?, movie_id = ?, answered_at = ? WHERE id = ?",
            "left_out" if movie_id is None else "answered",
            movie_id,
            now,
            question_id,
        )
        rows = _waiting(question_id)
        if movie_id is None:
            db.execute("DELETE FROM waiting_rows WHERE question_id = ?", question_id)
            return library.ApplyResult(None, 0, 0, 0, 0)
        applied = library.apply(
            user_id,
            _wishes(user_id, movie_id, asked.film, rows, policy),
            what=f"Imported {asked.title}" if asked.title else "Imported a film",
            now=now,
        )
        # Acts begin at 1: 0 is of rows that changed nothing.
        sql = "UPDATE waiting_rows SET act_id = ? WHERE question_id = ? AND act_id IS NULL"
        db.execute(sql, applied.act_id or 0, question_id)
        return applied


def _wishes(
    user_id: int, movie_id: int, film: dict[str, Any], rows: Iterable[db.Row], policy: Policy
) -> Iterable[library.RowChange]:
    told = [
        Told(number, record_of(file, line, film, json.loads(content))) for number, file, line, content in rows
    ]
    return Combining(policy, library.seen_movie_ids(user_id), _nobody).wishes(movie_id, told)


def _nobody(_wish: object, _result: str, _before: RowValues | None, _after: RowValues | None) -> None:
    """Nobody wants to know."""


def open_names(user_id: int, above: int, *, contested: str, limit: int) -> list[tuple[int, FilmName]]:
    """Open questions numbered above `above`, with the names they ask about; not those asked as `contested`."""
    found = db.rows(
        f"SELECT id, film FROM film_questions WHERE user_id = ? AND state IN ({db.placeholders(OPEN)}) "
        "AND id > ? AND why <> ? ORDER BY id LIMIT ?",
        user_id,
        *OPEN,
        above,
        contested,
        limit,
    )
    return [(number, film_of(json.loads(film))) for number, film in found]


def searched(title: str, *, limit: int) -> list[Candidate]:
    """Films that a search for the title finds, the likeliest first."""
    words = title.split()[: movies.MAXIMUM_SEARCH_TERMS]
    found = movies.find_matches(" ".join(words)[: movies.MAXIMUM_SEARCH_LENGTH], movies.MovieFilters())
    return [Candidate(match.film.id, round(match.score)) for match in found[:limit]]


def ask_again(user_id: int, question_id: int) -> None:
    """Take an answer back for later imports. What was taken in by it stays. Raises NotFound."""
    question(user_id, question_id)
    db.execute("DELETE FROM film_questions WHERE id = ? AND user_id = ?", question_id, user_id)


def answered(user_id: int, job_id: int) -> list[int]:
    """The acts that came of answers about an import, newest first."""
    acts = db.rows(
        "SELECT DISTINCT act_id FROM waiting_rows WHERE question_id IN "
        "(SELECT id FROM film_questions WHERE user_id = ?) AND job_id = ? AND act_id > 0 ORDER BY act_id DESC",
        user_id,
        job_id,
    )
    return [act_id for (act_id,) in acts]


def withdraw(user_id: int, job_id: int) -> None:
    """Forget what an import asks, and which acts came of answers."""
    own = "question_id IN (SELECT id FROM film_questions WHERE user_id = ?)"
    with db.write():
        db.execute(f"DELETE FROM waiting_rows WHERE {own} AND job_id = ?", user_id, job_id)
        db.execute(
            "DELETE FROM film_questions WHERE user_id = ? AND state IN ('ambiguous', 'unmatched') "
            "AND NOT EXISTS (SELECT 1 FROM waiting_rows WHERE question_id = film_questions.id)",
            user_id,
        )


def take_back(user_id: int, job_id: int, act_id: int | None) -> None:
    """All that an import applied and asked, answers included. Where its job goes on, it begins anew.

    The import's own act is the last to go: as long as it is there, this can be taken up again.
    """
    for answer_id in answered(user_id, job_id):
        library.undo_entry(user_id, answer_id)
    withdraw(user_id, job_id)
    if act_id is not None:
        library.undo_entry(user_id, act_id)
