"""Review queue of imports: references with uncertain matches, the rows that wait for them, and users' decisions."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from movierec import db, library, movies
from movierec.errors import Conflict, NotFound
from movierec.exchange.importing.conflicts import ConflictResolver, ImportRow
from movierec.exchange.importing.movie_matcher import (
    MatchCandidate,
    MovieMatch,
    ReviewDecision,
    reference_key,
)
from movierec.exchange.importing.options import ConflictPolicy
from movierec.exchange.importing.row_index import MAXIMUM_GROUP_ROWS, GroupLimit
from movierec.exchange.importing.spool import (
    content_json,
    record_from_json,
    reference_from_json,
    reference_json,
)
from movierec.exchange.readers.records import ImportRecord, MovieReference
from movierec.library import RowValues

OPEN_STATES = ("ambiguous", "unmatched")


class ReviewItem(NamedTuple):
    """A reference to review; `rows` wait for the decision, the first of them at `file` and `line`."""

    id: int
    state: str
    title: str
    year: int | None
    why: str
    film: dict[str, Any]
    candidates: list[MatchCandidate]
    rows: int
    file: str
    line: int
    says: list[dict[str, Any]]


def load_decisions(user_id: int) -> dict[str, list[ReviewDecision]]:
    """Return the user's earlier decisions by reference key."""
    found: defaultdict[str, list[ReviewDecision]] = defaultdict(list)
    for told, uri, movie_id in db.rows(
        "SELECT identity, uri, movie_id FROM film_questions "
        "WHERE user_id = ? AND state IN ('answered', 'left_out')",
        user_id,
    ):
        found[told].append(ReviewDecision(uri, movie_id))
    return found


def queue_for_review(
    user_id: int, job_id: int, asked: Sequence[tuple[ImportRecord, MovieMatch]], now: int
) -> None:
    """Store rows with uncertain matches, in one transaction. Rows that wait already are not stored twice.

    The rows of one review are applied in one step, so over all imports no more than one step may hold are stored.
    """
    names = {(reference_key(record.film), record.film.uri): (record, match) for record, match in asked}
    with db.write():
        # In sorted order, or two imports of one user could deadlock.
        ids = {key: _question(user_id, *key, *names[key], now) for key in sorted(names)}
        together = _waiting_together(list(ids.values()))
        for record, _ in asked:
            question_id = ids[reference_key(record.film), record.film.uri]
            content = json.dumps(content_json(record), ensure_ascii=False, sort_keys=True)
            if together.has_room(question_id, len(content)) and _wait(question_id, job_id, record, content):
                together.add(question_id, 1, len(content))


def _waiting_together(question_ids: Sequence[int]) -> GroupLimit:
    """Count the rows that wait already."""
    together = GroupLimit()
    for counted in db.rows(
        "SELECT question_id, COUNT(*), SUM(LENGTH(content)) FROM waiting_rows "
        f"WHERE act_id IS NULL AND question_id IN ({db.placeholders(question_ids)}) GROUP BY question_id",
        *question_ids,
    ):
        together.add(*counted)
    return together


def _wait(question_id: int, job_id: int, record: ImportRecord, content: str) -> bool:
    """Store a waiting row; returns False if the same row waits already."""
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


def _question(user_id: int, told: str, uri: str, record: ImportRecord, match: MovieMatch, now: int) -> int:
    """Upsert a reference to review and return its id."""
    state = "ambiguous" if match.candidates else "unmatched"
    candidates = json.dumps(match.candidates)
    return int(
        db.value(
            "INSERT INTO film_questions (user_id, identity, uri, title, year, film, state, why, candidates, "
            "asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, identity, uri) DO UPDATE "
            # A decision made in the meantime stays.
            "SET state = CASE WHEN film_questions.state IN ('answered', 'left_out') THEN film_questions.state "
            "ELSE excluded.state END, why = excluded.why, candidates = excluded.candidates RETURNING id",
            user_id,
            told,
            uri,
            record.film.title,
            record.film.year,
            json.dumps(reference_json(record.film), ensure_ascii=False),
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


def review_queue(
    user_id: int, states: Sequence[str] = OPEN_STATES, *, limit: int, offset: int
) -> tuple[int, list[ReviewItem]]:
    """Return the number of reviews and a page of them: those with candidates first, then the oldest."""
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


def review_item(user_id: int, question_id: int) -> ReviewItem:
    """Raises NotFound."""
    found = db.rows(f"{_QUESTION} WHERE user_id = ? AND film_questions.id = ?", user_id, question_id)
    if not found:
        raise NotFound()
    return _with_rows(found)[0]


# Maximum number of waiting rows listed with a review.
LISTED_ROWS = 5


def _with_rows(found: Sequence[db.Row]) -> list[ReviewItem]:
    made = []
    for number, state, title, year, why, film, candidates, count in found:
        rows = _waiting(number, limit=LISTED_ROWS)
        file, line = (rows[0][1], rows[0][2]) if rows else ("", 0)
        told = [MatchCandidate(*candidate) for candidate in json.loads(candidates)]
        says = [json.loads(content) for *_, content in rows]
        made.append(
            ReviewItem(number, state, title, year, why, json.loads(film), told, count, file, line, says)
        )
    return made


def _waiting(question_id: int, limit: int = MAXIMUM_GROUP_ROWS) -> list[db.Row]:
    return db.rows(
        "SELECT id, file, line, content FROM waiting_rows WHERE question_id = ? AND act_id IS NULL "
        "ORDER BY id LIMIT ?",
        question_id,
        limit,
    )


def resolve_review(
    user_id: int, question_id: int, movie_id: int | None, *, policy: ConflictPolicy = "newest", now: int
) -> library.ApplyResult:
    """Resolve a review to a movie, or None to leave it out, and apply the waiting rows as one journal entry.

    The decision counts for later imports too. Raises NotFound, or Conflict if it is resolved already.
    """
    with db.write():
        asked = review_item(user_id, question_id)
        if asked.state not in OPEN_STATES:
            raise Conflict("This was resolved already.")
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
        # Journal entries start at 1: 0 marks rows that changed nothing.
        sql = "UPDATE waiting_rows SET act_id = ? WHERE question_id = ? AND act_id IS NULL"
        db.execute(sql, applied.act_id or 0, question_id)
        return applied


def _wishes(
    user_id: int, movie_id: int, film: dict[str, Any], rows: Iterable[db.Row], policy: ConflictPolicy
) -> Iterable[library.RowChange]:
    told = [
        ImportRow(number, record_from_json(file, line, film, json.loads(content)))
        for number, file, line, content in rows
    ]
    return ConflictResolver(policy, library.seen_movie_ids(user_id), _nobody).wishes(movie_id, told)


def _nobody(_wish: object, _result: str, _before: RowValues | None, _after: RowValues | None) -> None:
    """Ignore progress."""


def open_references(
    user_id: int, above: int, *, contested: str, limit: int
) -> list[tuple[int, MovieReference]]:
    """Return open reviews with ids above `above` and their references, except those with the reason `contested`."""
    found = db.rows(
        f"SELECT id, film FROM film_questions WHERE user_id = ? AND state IN ({db.placeholders(OPEN_STATES)}) "
        "AND id > ? AND why <> ? ORDER BY id LIMIT ?",
        user_id,
        *OPEN_STATES,
        above,
        contested,
        limit,
    )
    return [(number, reference_from_json(json.loads(film))) for number, film in found]


def search_candidates(title: str, *, limit: int) -> list[MatchCandidate]:
    """Search for a title; the best candidates first."""
    words = title.split()[: movies.MAXIMUM_SEARCH_TERMS]
    found = movies.find_matches(" ".join(words)[: movies.MAXIMUM_SEARCH_LENGTH], movies.MovieFilters())
    return [MatchCandidate(match.film.id, round(match.score)) for match in found[:limit]]


def forget_decision(user_id: int, question_id: int) -> None:
    """Delete a review or decision, so that later imports ask again. Imported rows stay. Raises NotFound."""
    review_item(user_id, question_id)
    db.execute("DELETE FROM film_questions WHERE id = ? AND user_id = ?", question_id, user_id)


def entries_of_reviews(user_id: int, job_id: int) -> list[int]:
    """Return the journal entries of resolved reviews of an import, newest first."""
    acts = db.rows(
        "SELECT DISTINCT act_id FROM waiting_rows WHERE question_id IN "
        "(SELECT id FROM film_questions WHERE user_id = ?) AND job_id = ? AND act_id > 0 ORDER BY act_id DESC",
        user_id,
        job_id,
    )
    return [act_id for (act_id,) in acts]


def delete_reviews(user_id: int, job_id: int) -> None:
    """Delete the open reviews of an import and the record of its resolved ones."""
    own = "question_id IN (SELECT id FROM film_questions WHERE user_id = ?)"
    with db.write():
        db.execute(f"DELETE FROM waiting_rows WHERE {own} AND job_id = ?", user_id, job_id)
        db.execute(
            "DELETE FROM film_questions WHERE user_id = ? AND state IN ('ambiguous', 'unmatched') "
            "AND NOT EXISTS (SELECT 1 FROM waiting_rows WHERE question_id = film_questions.id)",
            user_id,
        )


def undo_import(user_id: int, job_id: int, act_id: int | None) -> None:
    """Undo all changes and reviews of an import, resolved reviews included. If its job continues, it starts over.

    The journal entry of the import is undone last: while it exists, an interrupted undo can be repeated.
    """
    for answer_id in entries_of_reviews(user_id, job_id):
        library.undo_entry(user_id, answer_id)
    delete_reviews(user_id, job_id)
    if act_id is not None:
        library.undo_entry(user_id, act_id)
