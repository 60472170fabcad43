"""Review queue of imports: references with uncertain matches, the rows that wait for them, and users' decisions."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

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
    JsonObject,
    content_json,
    record_from_json,
    reference_from_json,
    reference_json,
)
from movierec.exchange.readers.records import ImportRecord, MovieReference
from movierec.library import RowValues

OPEN_STATES = ("ambiguous", "unmatched")


class ReviewItem(NamedTuple):
    """A reference to review; `rows` wait for the decision, the first of them at `file` and `line`.

    The field names are those of the JSON form; `film` is the reference, `says` the content of the first rows.
    """

    id: int
    state: str
    title: str
    year: int | None
    why: str
    film: JsonObject
    candidates: list[MatchCandidate]
    rows: int
    file: str
    line: int
    says: list[JsonObject]


def load_decisions(user_id: int) -> dict[str, list[ReviewDecision]]:
    """Return the user's earlier decisions by reference key."""
    decisions: defaultdict[str, list[ReviewDecision]] = defaultdict(list)
    for key, uri, movie_id in db.rows(
        "SELECT identity, uri, movie_id FROM film_questions "
        "WHERE user_id = ? AND state IN ('answered', 'left_out')",
        user_id,
    ):
        decisions[key].append(ReviewDecision(uri, movie_id))
    return decisions


def queue_for_review(
    user_id: int, job_id: int, rows: Sequence[tuple[ImportRecord, MovieMatch]], now: int
) -> None:
    """Store rows with uncertain matches, in one transaction. Rows that wait already are not stored twice.

    The rows of one review are applied in one step, so over all imports no more than one step may hold are stored.
    """
    references = {(reference_key(record.movie), record.movie.uri): (record, match) for record, match in rows}
    with db.write():
        # In sorted order, or two imports of one user could deadlock.
        ids = {key: _upsert_review(user_id, *key, *references[key], now) for key in sorted(references)}
        limit = _count_waiting(list(ids.values()))
        for record, _ in rows:
            review_id = ids[reference_key(record.movie), record.movie.uri]
            content = json.dumps(content_json(record), ensure_ascii=False, sort_keys=True)
            if limit.has_room(review_id, len(content)) and _insert_waiting(
                review_id, job_id, record, content
            ):
                limit.add(review_id, 1, len(content))


def _count_waiting(review_ids: Sequence[int]) -> GroupLimit:
    """Count the rows that wait already."""
    limit = GroupLimit()
    for review_id, count, size in db.rows(
        "SELECT question_id, COUNT(*), SUM(LENGTH(content)) FROM waiting_rows "
        f"WHERE act_id IS NULL AND question_id IN ({db.placeholders(review_ids)}) GROUP BY question_id",
        *review_ids,
    ):
        limit.add(review_id, count, size)
    return limit


def _insert_waiting(review_id: int, job_id: int, record: ImportRecord, content: str) -> bool:
    """Store a waiting row; returns False if the same row waits already."""
    cursor = db.execute(
        "INSERT INTO waiting_rows (question_id, job_id, file, line, content, digest) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (question_id, digest) DO NOTHING",
        review_id,
        job_id,
        record.file,
        record.line,
        content,
        hashlib.sha256(content.encode()).hexdigest()[:32],
    )
    return bool(cursor.rowcount)


def _upsert_review(
    user_id: int, key: str, uri: str, record: ImportRecord, match: MovieMatch, now: int
) -> int:
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
            key,
            uri,
            record.movie.title,
            record.movie.year,
            json.dumps(reference_json(record.movie), ensure_ascii=False),
            state,
            match.why,
            candidates,
            now,
        )
    )


_REVIEW = (
    "SELECT film_questions.id, state, title, year, why, film, candidates, "
    "(SELECT COUNT(*) FROM waiting_rows WHERE question_id = film_questions.id AND act_id IS NULL) "
    "FROM film_questions"
)


def review_queue(
    user_id: int, states: Sequence[str] = OPEN_STATES, *, limit: int, offset: int
) -> tuple[int, list[ReviewItem]]:
    """Return the number of reviews and a page of them: those with candidates first, then the oldest."""
    where = f"user_id = ? AND state IN ({db.placeholders(states)})"
    rows = db.rows(
        f"{_REVIEW} WHERE {where} ORDER BY state, film_questions.id LIMIT ? OFFSET ?",
        user_id,
        *states,
        limit,
        offset,
    )
    count = db.value(f"SELECT COUNT(*) FROM film_questions WHERE {where}", user_id, *states)
    return count, _review_items(rows)


def review_item(user_id: int, review_id: int) -> ReviewItem:
    """Return one review of the user. Raises NotFound."""
    rows = db.rows(f"{_REVIEW} WHERE user_id = ? AND film_questions.id = ?", user_id, review_id)
    if not rows:
        raise NotFound()
    return _review_items(rows)[0]


# Maximum number of waiting rows listed with a review.
LISTED_ROWS = 5


def _review_items(rows: Sequence[db.Row]) -> list[ReviewItem]:
    """Add the waiting rows to rows of `_REVIEW`."""
    items = []
    for review_id, state, title, year, why, movie, candidates, count in rows:
        waiting = _waiting_rows(review_id, limit=LISTED_ROWS)
        items.append(
            ReviewItem(
                review_id,
                state,
                title,
                year,
                why,
                json.loads(movie),
                [MatchCandidate(*candidate) for candidate in json.loads(candidates)],
                count,
                waiting[0].file if waiting else "",
                waiting[0].line if waiting else 0,
                [json.loads(row.content) for row in waiting],
            )
        )
    return items


class _WaitingRow(NamedTuple):
    """A row that waits for a decision; `content` is JSON."""

    id: int
    file: str
    line: int
    content: str


def _waiting_rows(review_id: int, limit: int = MAXIMUM_GROUP_ROWS) -> list[_WaitingRow]:
    rows = db.rows(
        "SELECT id, file, line, content FROM waiting_rows WHERE question_id = ? AND act_id IS NULL "
        "ORDER BY id LIMIT ?",
        review_id,
        limit,
    )
    return list(map(_WaitingRow._make, rows))


def resolve_review(
    user_id: int, review_id: int, movie_id: int | None, *, policy: ConflictPolicy = "newest", now: int
) -> library.ApplyResult:
    """Resolve a review to a movie, or None to leave it out, and apply the waiting rows as one journal entry.

    The decision counts for later imports too. Raises NotFound, or Conflict if it is resolved already.
    """
    with db.write():
        review = review_item(user_id, review_id)
        if review.state not in OPEN_STATES:
            raise Conflict("This was resolved already.")
        if movie_id is not None and not movies.summaries([movie_id]):
            raise NotFound("There is no such movie.")
        db.execute(
            "UPDATE film_questions SET state = ?, movie_id = ?, answered_at = ? WHERE id = ?",
            "left_out" if movie_id is None else "answered",
            movie_id,
            now,
            review_id,
        )
        waiting = _waiting_rows(review_id)
        if movie_id is None:
            db.execute("DELETE FROM waiting_rows WHERE question_id = ?", review_id)
            return library.ApplyResult(None, 0, 0, 0, 0)
        result = library.apply(
            user_id,
            _changes(user_id, movie_id, review.film, waiting, policy),
            what=f"Imported {review.title}" if review.title else "Imported a movie",
            now=now,
        )
        # Journal entries start at 1: 0 marks rows that changed nothing.
        sql = "UPDATE waiting_rows SET act_id = ? WHERE question_id = ? AND act_id IS NULL"
        db.execute(sql, result.entry_id or 0, review_id)
        return result


def _changes(
    user_id: int, movie_id: int, movie: JsonObject, waiting: Iterable[_WaitingRow], policy: ConflictPolicy
) -> Iterable[library.RowChange]:
    rows = [
        ImportRow(row.id, record_from_json(row.file, row.line, movie, json.loads(row.content)))
        for row in waiting
    ]
    resolver = ConflictResolver(policy, library.seen_movie_ids(user_id), _ignore_outcome)
    return resolver.changes(movie_id, rows)


def _ignore_outcome(
    _change: object, _outcome: str, _before: RowValues | None, _after: RowValues | None
) -> None:
    """Ignore the outcome of a change."""


def open_references(
    user_id: int, above: int, *, contested: str, limit: int
) -> list[tuple[int, MovieReference]]:
    """Return open reviews above an id with their references, except those with the reason `contested`."""
    rows = db.rows(
        f"SELECT id, film FROM film_questions WHERE user_id = ? AND state IN ({db.placeholders(OPEN_STATES)}) "
        "AND id > ? AND why <> ? ORDER BY id LIMIT ?",
        user_id,
        *OPEN_STATES,
        above,
        contested,
        limit,
    )
    return [(review_id, reference_from_json(json.loads(movie))) for review_id, movie in rows]


def search_candidates(title: str, *, limit: int) -> list[MatchCandidate]:
    """Search for a title; the best candidates first."""
    words = title.split()[: movies.MAXIMUM_SEARCH_TERMS]
    text = movies.validate_search_text(" ".join(words)[: movies.MAXIMUM_SEARCH_LENGTH])
    matches = movies.find_matches(text, movies.MovieFilters())
    return [MatchCandidate(match.movie.id, round(match.score)) for match in matches[:limit]]


def forget_decision(user_id: int, review_id: int) -> None:
    """Delete a review or decision, so that later imports ask again. Imported rows stay. Raises NotFound."""
    review_item(user_id, review_id)
    db.execute("DELETE FROM film_questions WHERE id = ? AND user_id = ?", review_id, user_id)


def entries_of_reviews(user_id: int, job_id: int) -> list[int]:
    """Return the journal entries of resolved reviews of an import, newest first."""
    rows = db.rows(
        "SELECT DISTINCT act_id FROM waiting_rows WHERE question_id IN "
        "(SELECT id FROM film_questions WHERE user_id = ?) AND job_id = ? AND act_id > 0 ORDER BY act_id DESC",
        user_id,
        job_id,
    )
    return [entry_id for (entry_id,) in rows]


def delete_reviews(user_id: int, job_id: int) -> None:
    """Delete the open reviews of an import and the record of its resolved ones."""
    with db.write():
        db.execute(
            "DELETE FROM waiting_rows WHERE question_id IN (SELECT id FROM film_questions WHERE user_id = ?) "
            "AND job_id = ?",
            user_id,
            job_id,
        )
        db.execute(
            "DELETE FROM film_questions WHERE user_id = ? AND state IN ('ambiguous', 'unmatched') "
            "AND NOT EXISTS (SELECT 1 FROM waiting_rows WHERE question_id = film_questions.id)",
            user_id,
        )


def undo_import(user_id: int, job_id: int, entry_id: int | None) -> None:
    """Undo all changes and reviews of an import, resolved reviews included. If its job continues, it starts over.

    The journal entry of the import is undone last: while it exists, an interrupted undo can be repeated.
    """
    for review_entry_id in entries_of_reviews(user_id, job_id):
        library.undo_entry(user_id, review_entry_id)
    delete_reviews(user_id, job_id)
    if entry_id is not None:
        library.undo_entry(user_id, entry_id)
