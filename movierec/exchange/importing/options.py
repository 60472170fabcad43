"""How an import is to be done: what wins where file and library differ, and whether to do it at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

ConflictPolicy: TypeAlias = Literal["keep", "overwrite", "newest"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`format` None: recognised. `name` is what the file was called, `scale` what the best rating is.

    `on_conflict`: what is here stays, what comes replaces it, or the newer one wins; what comes without a
    time is older than anything.
    """

    format: str | None = None
    name: str = ""
    scale: int | None = None
    on_conflict: ConflictPolicy = "newest"
    dry_run: bool = False
