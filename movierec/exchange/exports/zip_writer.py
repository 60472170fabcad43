"""Files written into a zip archive one after the other, each as it is made."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable

from movierec.files import rechunk


def write_member(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> None:
    """Add a file. The same content gives the same archive, whenever it is made."""
    entry = zipfile.ZipInfo(name)  # of 1980, as all of them
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    # How large it will become is not known beforehand.
    with archive.open(entry, "w", force_zip64=True) as member:
        for piece in rechunk(pieces):
            member.write(piece)
