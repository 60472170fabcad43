"""Datasets of community ratings in the database, used to train models. Their raters have no accounts here."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from movierec import db, movies
from movierec.community.blocks import Ratings, concatenate, pack, replace_values, unpack

# Prefix of the name of a dataset that is not complete yet, or replaced.
_HIDDEN = "~"

# Movies with fewer raters get no average of them: it would reveal single ratings.
MINIMUM_RATERS = 5


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """A complete dataset. `fingerprint` is the digest of its source; `imported_at` in UTC epoch seconds."""

    name: str
    fingerprint: str
    ratings: int
    raters: int
    movies: int
    imported_at: int


def datasets() -> list[StoredDataset]:
    """Return all datasets, by name."""
    rows = db.rows(
        "SELECT name, fingerprint, ratings, raters, films, imported_at FROM datasets ORDER BY name"
    )
    return [StoredDataset(*row) for row in rows if not row[0].startswith(_HIDDEN)]


def find_dataset(name: str) -> StoredDataset | None:
    """Return the dataset of a name, None if there is none."""
    return next((stored for stored in datasets() if stored.name == name), None)


def count_ratings() -> int:
    """Return the number of community ratings."""
    return sum(stored.ratings for stored in datasets())


def revision() -> int:
    """Return a number that rises with every change of the community's ratings."""
    return db.revision("community")


def all_ratings() -> Ratings:
    """Return all community ratings; raters of different datasets have different numbers.

    A merged movie is replaced by its merge target: a rater of both then has two ratings of one movie.
    """
    return concatenate(list(_parts()))


def histories(size: int) -> Iterator[Ratings]:
    """Yield all community ratings in blocks of about `size`; the ratings of one rater stay together."""
    parts: list[Ratings] = []
    held = 0
    for part in _parts():
        parts.append(part)
        held += len(part)
        if held >= size:
            block = concatenate(parts)
            # The next block may hold more ratings of the last rater.
            others = np.flatnonzero(block.raters != block.raters[-1])
            end = int(others[-1]) + 1 if len(others) else 0
            parts, held = [block.part(end, held)], held - end
            if end:
                yield block.part(0, end)
    if held:
        yield concatenate(parts)


def _parts() -> Iterator[Ratings]:
    aliases = movies.alias_targets()
    first_rater = 0
    for (dataset_id,) in db.rows(f"SELECT id FROM datasets WHERE name NOT LIKE '{_HIDDEN}%' ORDER BY name"):
        highest = -1
        for (position,) in db.rows(
            "SELECT position FROM dataset_blocks WHERE dataset_id = ? ORDER BY position", dataset_id
        ):
            part = _block(dataset_id, position)
            highest = max(highest, int(part.raters.max(initial=-1)))
            yield Ratings(
                part.raters + first_rater, replace_values(part.movie_ids, aliases), part.steps, part.rated_at
            )
        first_rater += highest + 1


def _block(dataset_id: int, position: int) -> Ratings:
    """Return one block; an empty one if the dataset was replaced meanwhile."""
    payload = db.value(
        "SELECT payload FROM dataset_blocks WHERE dataset_id = ? AND position = ?", dataset_id, position
    )
    return unpack(bytes(payload)) if payload is not None else concatenate(())


def replace_dataset(name: str, fingerprint: str, blocks: Iterable[Ratings], now: int) -> StoredDataset:
    """Replace the dataset of that name, atomically.

    `blocks` hold up to some 100,000 ratings each; the ratings of one rater are in one block or in consecutive
    ones. They are written under a hidden name in one short transaction each, so that nobody waits for an import;
    the last transaction only changes names. Leftovers of a killed import are deleted first, the replaced dataset
    at the end.
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
    total, raters, movie_ids = 0, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    for position, block in enumerate(blocks):
        payload = pack(block)
        db.execute(
            "INSERT INTO dataset_blocks (dataset_id, position, payload) VALUES (?, ?, ?)",
            dataset_id,
            position,
            payload,
        )
        db.yield_to_writers()
        total += len(block)
        raters, movie_ids = np.union1d(raters, block.raters), np.union1d(movie_ids, block.movie_ids)
    with db.write():
        db.execute("UPDATE datasets SET name = ? WHERE name = ?", _hide(name), name)
        renamed = db.execute(
            "UPDATE datasets SET name = ?, ratings = ?, raters = ?, films = ? WHERE id = ?",
            name,
            total,
            len(raters),
            len(movie_ids),
            dataset_id,
        )
        # Another import of this dataset deleted this one as a leftover; the transaction is rolled back.
        if renamed.rowcount != 1:
            raise RuntimeError(f"two imports of {name} ran at once")
        db.increment_revision("community")
    delete_leftovers(name)
    return StoredDataset(name, fingerprint, total, len(raters), len(movie_ids), now)


def _hide(name: str) -> str:
    return f"{_HIDDEN}{name}~{secrets.token_hex(4)}"


def delete_dataset(name: str) -> None:
    """Delete the dataset of a name, if there is one."""
    with db.write():
        if db.execute("UPDATE datasets SET name = ? WHERE name = ?", _hide(name), name).rowcount:
            db.increment_revision("community")
    delete_leftovers(name)


def delete_leftovers(name: str) -> None:
    """Delete the hidden datasets of a name, a block at a time: one transaction would take seconds."""
    for dataset_id, hidden in db.rows("SELECT id, name FROM datasets ORDER BY id"):
        if not hidden.startswith(f"{_HIDDEN}{name}~"):
            continue
        for (position,) in db.rows("SELECT position FROM dataset_blocks WHERE dataset_id = ?", dataset_id):
            db.execute(
                "DELETE FROM dataset_blocks WHERE dataset_id = ? AND position = ?", dataset_id, position
            )
            db.yield_to_writers()
        db.execute("DELETE FROM datasets WHERE id = ?", dataset_id)
