"""How well times tell two groups apart: 0.5 is not at all."""

from __future__ import annotations

from collections.abc import Sequence


def auc(first: Sequence[float], second: Sequence[float]) -> float:
    """The probability that one of `second` is larger than one of `first` (area under the ROC curve)."""
    larger = sum((b > a) + 0.5 * (b == a) for a in first for b in second)
    return larger / (len(first) * len(second))
