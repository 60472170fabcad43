"""Options of an import: format, scale, conflict policy, dry run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

ConflictPolicy: TypeAlias = Literal["keep", "overwrite", "newest"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of an import. Stored as parameters of its job by these field names.

    `format` None: detect it. `name`: the original file name. `scale`: the best possible rating.
    `on_conflict`: the stored value is kept, is overwritten, or the newest wins; an imported value without a time
    counts as older than any stored one.
    """

    format: str | None = None
    name: str = ""
    scale: int | None = None
    on_conflict: ConflictPolicy = "newest"
    dry_run: bool = False
