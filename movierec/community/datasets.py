"""Community ratings in the database: datasets that models are trained on. Their raters are no users here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from movierec import db, movies
from movierec.community.blocks import Ratings, concatenate, pack, replace_values, unpack

__all__ = [
    "MINIMUM_RATERS",
    "Ratings",
    "StoredDataset",
    "all_ratings",
    "count_ratings",
    "datasets",
    "delete_dataset",
    "find_dataset",
    "give_way",
    "histories",
    "replace_dataset",
    "revision",
]

# Before the name of a dataset that is not there yet, or not any more.
_HIDDEN = "~"

PAUSE_SECONDS = 0.02

# Movies with fewer raters get no average of them: it would reveal single ratings.
MINIMUM_RATERS = 5


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """`fingerprint` tells whether a source is what was imported; `imported_at` in UTC epoch seconds."""

    name: str
    fingerprint: str
    ratings: int
    raters: int
    movies: int
    imported_at: int


def datasets() -> list[StoredDataset]:
    """Every dataset, by name."""
    rows = db.rows(
        "SELECT name, fingerprint, ratings, raters, films, imported_at FROM datasets ORDER BY name"
    )
    return [StoredDataset(*row) for row in rows if not row[0].startswith(_HIDDEN)]


def find_dataset(name: str) -> StoredDataset | None:
    return next((stored for stored in datasets() if stored.name == name), None)


def count_ratings() -> int:
    """Number of community ratings."""
    return sum(stored.ratings for stored in datasets())


def revision() -> int:
    """Rises with every change of the community's ratings."""
    return db.revision("community")


def all_ratings() -> Ratings:
    """All community ratings; raters of different datasets have different numbers.

    Films that were merged since are the ones they became: whoever rated both then has two ratings of one.
    """
    return concatenate(list(_parts()))


def histories(size: int) -> Iterator[Ratings]:
    """The same, some `size` ratings at a time: all that a rater has given stands together."""
    parts: list[Ratings] = []
    held = 0
    for part in _parts():
        parts.append(part)
        held += len(part)
        if held >= size:
            found = concatenate(parts)
            # More of the last rater's may stand in the next block.
            others = np.flatnonzero(found.raters != found.raters[-1])
            end = int(others[-1]) + 1 if len(others) else 0
            parts, held = [found.part(end, held)], held - end
            if end:
                yield found.part(0, end)
    if held:
        yield concatenate(parts)


def _parts() -> Iterator[Ratings]:
    merged = movies.alias_targets()
    first_rater = 0
    for (dataset_id,) in db.rows(f"SELECT id FROM datasets WHERE name NOT LIKE '{_HIDDEN}%' ORDER BY name"):
        highest = -1
        for (position,) in db.rows(
            "SELECT position FROM dataset_blocks WHERE dataset_id = ? ORDER BY position", dataset_id
        ):
            part = _block(dataset_id, position)
            highest = max(highest, int(part.raters.max(initial=-1)))
            yield Ratings(
                part.raters + first_rater, replace_values(part.movie_ids, merged), part.steps, part.rated_at
            )
        first_rater += highest + 1


def _block(dataset_id: int, position: int) -> Ratings:
    """One block, empty if the dataset was replaced meanwhile."""
    payload = db.value(
        "SELECT payload FROM dataset_blocks WHERE dataset_id = ? AND position = ?", dataset_id, position
    )
    return unpack(bytes(payload)) if payload is not None else concatenate(())


def replace_dataset(name: str, fingerprint: str, blocks: Iterable[Ratings], now: int) -> StoredDataset:
    """Put a dataset in the place of the one of that name, all at once.

    `blocks` hold up to some 100,000 ratings each, those of one rater in one block or in blocks that follow each
    other. They are written under a hidden name, one short transaction
    each, so that nobody waits for an import; the last transaction only changes names. What a killed import
    left behind is removed first, what was replaced at the end.
    """
    delete_leftovers(name)
    hidden = _hide(name)
    dataset_id = db.value(
        "INSERT INTO datasets (name, fingerprint, ratings, raters, films, imported_at) "
        "VALUES (?, ?, 0, 0, 0, ?) RETURNING id",
        hidden,
        fingerprint,
        now,
    )
    total, raters, films = 0, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    for position, block in enumerate(blocks):
        payload = pack(block)
        db.execute(
            "INSERT INTO dataset_blocks (dataset_id, position, payload) VALUES (?, ?, ?)",
            dataset_id,
            position,
            payload,
        )
        give_way()
        total += len(block)
        raters, films = np.union1d(raters, block.raters), np.union1d(films, block.movie_ids)
    with db.write():
        db.execute("UPDATE datasets SET name = ? WHERE name = ?", _hide(name), name)
        shown = db.execute(
            "UPDATE datasets SET name = ?, ratings = ?, raters = ?, films = ? WHERE id = ?",
            name,
            total,
            len(raters),
            len(films),
            dataset_id,
        )
        # Another import of this dataset took ours for a leftover; this transaction is undone.
        if shown.rowcount != 1:
            raise RuntimeError(f"two imports of {name} ran at once")
        db.increment_revision("community")
    delete_leftovers(name)
    return StoredDataset(name, fingerprint, total, len(raters), len(films), now)


def give_way() -> None:
    """Let others write, between two transactions of long work.

    Whoever waits for SQLite's lock asks again every now and then, and would hardly ever meet the moment between
    two transactions that follow each other closely. PostgreSQL keeps a queue.
    """
    if not db.is_postgres():
        time.sleep(PAUSE_SECONDS)


def _hide(name: str) -> str:
    return f"{_HIDDEN}{name}~{secrets.token_hex(4)}"


def delete_dataset(name: str) -> None:
    """Forget a dataset, if there is one of that name."""
    with db.write():
        if db.execute("UPDATE datasets SET name = ? WHERE name = ?", _hide(name), name).rowcount:
            db.increment_revision("community")
    delete_leftovers(name)


def delete_leftovers(name: str) -> None:
    """Delete what is hidden of a dataset, a block at a time: one transaction would take seconds."""
    for dataset_id, hidden in db.rows("SELECT id, name FROM datasets ORDER BY id"):
        if not hidden.startswith(f"{_HIDDEN}{name}~"):
            continue
        for (position,) in db.rows("SELECT position FROM dataset_blocks WHERE dataset_id = ?", dataset_id):
            db.execute(
                "DELETE FROM dataset_blocks WHERE dataset_id = ? AND position = ?", dataset_id, position
            )
            give_way()
        db.execute("DELETE FROM datasets WHERE id = ?", dataset_id)
