"""Source files of an import: single files, folders, archives; hidden files and hostile archives."""

from __future__ import annotations

import gc
import io
import os
import random
import stat
import struct
import warnings
import weakref
import zipfile
from pathlib import Path
from typing import Any

import pytest

from movierec.errors import UnreadableImport
from movierec.exchange.readers import source_files
from tests.exchange.reading import LIMIT, zip_archive

TABLE = "title,rating\nHeat,4\n"


def names(source: Path, limit: int = LIMIT) -> list[str]:
    with source_files.open_source_files(source, limit, name="sent.csv") as opened:
        return [file.name for file in opened]


def sent(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(content)
    return path


def archive(*entries: tuple[zipfile.ZipInfo | str, str | bytes]) -> bytes:
    archive_file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(archive_file, "w", zipfile.ZIP_DEFLATED) as file:
        warnings.simplefilter("ignore")  # of names that come twice
        for entry, content in entries:
            file.writestr(entry, content)
    return archive_file.getvalue()


def test_single_file_has_the_name_it_was_sent_with(tmp_path: Path) -> None:
    assert names(sent(tmp_path, TABLE.encode())) == ["sent.csv"]


def test_hidden_files_and_links_are_ignored(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "likes").mkdir(parents=True)
    for name in ("ratings.csv", "likes/films.csv", ".DS_Store", "likes/._films.csv"):
        (folder / name).write_text(TABLE)
    (folder / "link.csv").symlink_to(folder / "ratings.csv")
    (folder / "away").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.csv")
    assert names(folder) == ["likes/films.csv", "ratings.csv"]
    content = zip_archive(
        {"a/ratings.csv": TABLE, "__MACOSX/a/._ratings.csv": b"\0", "a/.hidden": "", "a/b/": ""}
    )
    assert names(sent(tmp_path, content)) == ["a/ratings.csv"]


def _link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("ratings.csv")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


MANY = archive(*((f"{number}.csv", TABLE) for number in range(1_001)))
END_BYTES = 22
# What does not pack.
NOISE = random.Random(1)


def claiming(content: bytes, entries: int) -> bytes:
    """Return an archive whose end record claims another number of entries."""
    end = len(content) - END_BYTES
    return content[: end + 8] + struct.pack("<2H", entries, entries) + content[end + 12 :]


def with_zip64(content: bytes, entries: int, *, astray: bool = False) -> bytes:
    """Add a ZIP64 end record; with `astray` its locator points at a decoy that claims a small archive."""
    end = len(content) - END_BYTES
    size, offset = struct.unpack_from("<2L", content, end + 12)
    members, directory = content[:offset], content[offset:end]
    decoy = b"\0" * 56 if astray else b""
    place = offset + len(decoy)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, place)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, offset if astray else place + size, 1)
    return members + decoy + directory + record + locator + content[end:]


def test_valid_zip64_record_is_accepted(tmp_path: Path) -> None:
    assert names(sent(tmp_path, with_zip64(archive(("ratings.csv", TABLE)), 1))) == ["ratings.csv"]


def test_members_are_closed_after_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = archive(*((f"{number}.csv", TABLE * 20_000) for number in range(3)))
    streams: list[weakref.ref[Any]] = []
    honest = zipfile.ZipFile.open

    def watched(self: zipfile.ZipFile, *given: Any, **named: Any) -> Any:
        stream = honest(self, *given, **named)
        streams.append(weakref.ref(stream))
        return stream

    monkeypatch.setattr(zipfile.ZipFile, "open", watched)
    with source_files.open_source_files(sent(tmp_path, content), LIMIT) as opened:
        assert [file.columns for file in opened] == [("title", "rating")] * 3  # not read to their end
        list(opened[0].chunks())
        gc.collect()
        assert [stream() for stream in streams] == [None] * 4


def test_heads_of_many_files_are_limited_in_total(tmp_path: Path) -> None:
    content = archive(*((f"{number}.csv", NOISE.randbytes(40_000).hex()) for number in range(300)))
    with source_files.open_source_files(sent(tmp_path, content), LIMIT) as opened:
        assert sum(len(file.head) for file in opened) <= source_files.ALL_HEADS_BYTES


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (archive(("../ratings.csv", TABLE)), "outside its own folder"),
        (archive(("/etc/ratings.csv", TABLE)), "outside its own folder"),
        (archive(("a\\..\\..\\ratings.csv", TABLE)), "outside its own folder"),
        (archive(("C:ratings.csv", TABLE)), "outside its own folder"),
        (archive((_link(), "/etc/passwd")), "symbolic link"),
        (archive(("ratings.csv", TABLE), ("ratings.csv", TABLE)), "two files named 'ratings.csv'"),
        (MANY, "too many entries"),
        (claiming(MANY, 5), "too many entries"),
        (with_zip64(MANY, 1_001), "too many entries"),
        (with_zip64(MANY, 5), "too many entries"),
        (with_zip64(MANY, 1_001, astray=True), "directory cannot be found"),
        (with_zip64(MANY, 1_001).replace(b"PK\6\6", b"PK\6\5"), "directory cannot be found"),
        (archive(("ratings.csv", b"0" * 20_000_000)), "over 100 times its size"),
        (archive(*((f"{number}.csv", b"0" * 2_000_000) for number in range(9))), "over 100 times its size"),
        (archive(*((f"{number}.csv", NOISE.randbytes(3_000)) for number in range(3))), "allows 8,192"),
        (archive(("ratings.csv", NOISE.randbytes(9_000))), "allows 8,192"),
        (archive(("ratings.csv", TABLE))[:-30], "not a zip archive"),
    ],
)
def test_hostile_and_damaged_archives_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    limit = 8_192 if "8,192" in words else LIMIT
    with pytest.raises(UnreadableImport, match=words):
        names(sent(tmp_path, content), limit)


def test_damaged_member_is_detected_on_reading(tmp_path: Path) -> None:
    content = bytearray(archive(("ratings.csv", TABLE * 5_000)))
    content[60:90] = b"\xff" * 30
    with (
        source_files.open_source_files(sent(tmp_path, bytes(content)), LIMIT) as [file],
        pytest.raises(UnreadableImport, match="damaged"),
    ):
        list(file.chunks())
