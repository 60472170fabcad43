"""Streaming writer of members of a zip archive."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable

from movierec.files import rechunk


def write_member(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> None:
    """Add a file from pieces. The archive is reproducible: its entries have no real times."""
    entry = zipfile.ZipInfo(name)  # with the default time of 1980
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    # ZIP64, because the size is not known beforehand.
    with archive.open(entry, "w", force_zip64=True) as member:
        for piece in rechunk(pieces):
            member.write(piece)
