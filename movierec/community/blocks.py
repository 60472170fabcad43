"""Ratings as compact bytes, the payload of a row of `dataset_blocks`. Plain numbers, never pickled objects."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]

# Version of the format, number of ratings.
_HEAD = struct.Struct("<BI")
_VERSION = 1
_COLUMNS = (("raters", "<i4"), ("movie_ids", "<i8"), ("steps", "u1"), ("rated_at", "<i8"))
_FASTEST = 1  # of zlib's levels; the better ones take five times as long for a tenth


@dataclass(frozen=True, slots=True)
class Ratings:
    """Parallel arrays of raters, movie ids, half stars and times.

    `rated_at` is in UTC epoch seconds, 0 where unknown.
    """

    raters: Ints
    movie_ids: Ints
    steps: npt.NDArray[np.uint8]
    rated_at: Ints

    def __len__(self) -> int:
        return len(self.raters)

    def part(self, start: int, stop: int) -> Ratings:
        """Return the ratings from `start` to before `stop`."""
        span = slice(start, stop)
        return Ratings(self.raters[span], self.movie_ids[span], self.steps[span], self.rated_at[span])

    @property
    def stars(self) -> npt.NDArray[np.float32]:
        """Return the ratings in stars, 0.5 to 5.0."""
        return self.steps.astype(np.float32) / np.float32(2)


def pack(ratings: Ratings) -> bytes:
    """Return ratings as compressed bytes.

    Bytes of equal significance are adjacent: they compress to half the size that rows would.
    """
    columns = []
    for name, kind in _COLUMNS:
        column = np.ascontiguousarray(getattr(ratings, name), dtype=kind)
        columns.append(column.view(np.uint8).reshape(len(ratings), column.itemsize).T.tobytes())
    return _HEAD.pack(_VERSION, len(ratings)) + zlib.compress(b"".join(columns), _FASTEST)


def unpack(payload: bytes) -> Ratings:
    """Return packed ratings. Raises ValueError for bytes that `pack` did not write."""
    version, count = _HEAD.unpack_from(payload)
    if version != _VERSION:
        raise ValueError(f"ratings of version {version} were stored by another movierec")
    content = np.frombuffer(zlib.decompress(payload[_HEAD.size :]), dtype=np.uint8)
    widths = [np.dtype(kind).itemsize for _, kind in _COLUMNS]
    if len(content) != count * sum(widths):
        raise ValueError("a block of ratings is damaged")
    raters, films, steps, rated_at = (
        np.ascontiguousarray(part.reshape(width, count).T).view(kind).ravel()
        for part, width, (_, kind) in zip(
            np.split(content, count * np.cumsum(widths)[:-1]), widths, _COLUMNS, strict=True
        )
    )
    return Ratings(raters.astype(np.int64), films, steps, rated_at)


def concatenate(parts: Sequence[Ratings]) -> Ratings:
    """Return all parts as one."""
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Ratings(nothing, nothing, np.zeros(0, dtype=np.uint8), nothing)
    return Ratings(
        raters=np.concatenate([part.raters for part in parts]),
        movie_ids=np.concatenate([part.movie_ids for part in parts]),
        steps=np.concatenate([part.steps for part in parts]),
        rated_at=np.concatenate([part.rated_at for part in parts]),
    )


def replace_values(values: Ints, replacements: Mapping[int, int]) -> Ints:
    """Return `values` with every key of `replacements` replaced by its value."""
    if not replacements or not len(values):
        return values
    old = np.array(sorted(replacements), dtype=np.int64)
    new = np.array([replacements[key] for key in old.tolist()], dtype=np.int64)
    nearest = np.minimum(np.searchsorted(old, values), len(old) - 1)
    return np.where(old[nearest] == values, new[nearest], values)
