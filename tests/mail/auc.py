"""Area under the ROC curve of two samples of times: 0.5 means indistinguishable."""

from __future__ import annotations

from collections.abc import Sequence


def auc(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the probability that one of `second` is larger than one of `first` (area under the ROC curve)."""
    larger = sum((b > a) + 0.5 * (b == a) for a in first for b in second)
    return larger / (len(first) * len(second))
