"""The response cache: JSON and nothing else, even in a manipulated or damaged file."""

from __future__ import annotations

import pickle
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from movierec.durations import DAY_SECONDS
from movierec.tmdb.cache import CacheEntry, JsonDisk, ResponseCache

NOW = 1_790_000_000


def opened(folder: Path, **options: Any) -> ResponseCache:
    cache = ResponseCache(folder, **{"megabytes": 16, "keep_days": 180, **options})
    cache.open()
    return cache


@pytest.fixture
def cache(tmp_path: Path) -> ResponseCache:
    return opened(tmp_path / "tmdb")


def test_entry_survives_a_restart(tmp_path: Path, cache: ResponseCache) -> None:
    entry = CacheEntry({"title": "Amélie", "year": 2001}, NOW)
    cache.store("movie/194", entry)
    cache.store("movie/0", CacheEntry(None, NOW))
    cache.close()
    again = opened(tmp_path / "tmdb")
    assert again.load("movie/194", NOW + 5) == entry
    assert again.load("movie/0", NOW) == CacheEntry(None, NOW)
    assert again.load("movie/1", NOW) is None


def test_folder_is_readable_by_its_owner_only(tmp_path: Path, cache: ResponseCache) -> None:
    assert stat.S_IMODE((tmp_path / "tmdb").stat().st_mode) == 0o700


def test_entry_is_not_returned_after_its_retention(cache: ResponseCache) -> None:
    cache.store("a", CacheEntry({}, NOW))
    assert cache.load("a", NOW + 179 * DAY_SECONDS) is not None
    assert cache.load("a", NOW + 180 * DAY_SECONDS) is None


def test_expired_entry_is_deleted_from_disk(tmp_path: Path) -> None:
    cache = opened(tmp_path / "tmdb", keep_days=0)
    cache.store("a", CacheEntry({}, NOW))
    cache.delete_expired()
    assert _execute(tmp_path, "SELECT COUNT(*) FROM Cache") == [(0,)]


def test_cache_stays_within_its_size(tmp_path: Path) -> None:
    cache = opened(tmp_path / "tmdb", megabytes=1)
    for number in range(200):
        cache.store(f"movie/{number}", CacheEntry("x" * 50_000, NOW))
    size = sum(path.stat().st_size for path in (tmp_path / "tmdb").glob("cache.db"))
    assert size < 2 * 1024 * 1024
    assert cache.load("movie/199", NOW) is not None  # the newest entries stay
    assert cache.load("movie/0", NOW) is None


class Bomb:
    """Does something when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


# Rows that an attacker who can write the file might store: (raw, mode, filename, value).
POISON: dict[str, tuple[Any, ...]] = {
    "a pickle": (1, 4, None, "pickle"),
    "a pickle in a file": (1, 4, "bomb.val", None),
    "a pickle said to be raw": (1, 1, None, "pickle"),
    "a file of binary": (1, 2, "../../secret", None),
    "a file of text": (1, 3, "/etc/passwd", None),
    "a number": (1, 1, None, 42),
    "no JSON": (1, 1, None, b"\xff\xfe"),
    "another JSON": (1, 1, None, b"[1, 2]"),
    "no time": (1, 1, None, b'{"document": {}, "fetched_at": "yesterday"}'),
    "deep": (1, 1, None, b"[" * 100_000),
    "of the future": (1, 1, None, b'{"document": {}, "fetched_at": 99999999999}'),
}


@pytest.mark.parametrize("name", POISON)
def test_poisoned_row_is_a_miss_and_runs_no_code(tmp_path: Path, name: str) -> None:
    cache = opened(tmp_path / "tmdb")
    cache.store("a", CacheEntry({}, NOW))
    bomb = pickle.dumps(Bomb(tmp_path / "boom"))
    (tmp_path / "tmdb" / "bomb.val").write_bytes(bomb)
    (tmp_path / "secret").write_text("{}")
    raw, mode, filename, value = POISON[name]
    value = bomb if value == "pickle" else value
    sql = "UPDATE Cache SET raw = ?, mode = ?, filename = ?, value = ?"
    _execute(tmp_path, sql, raw, mode, filename, value)
    assert cache.load("a", NOW) is None
    cache.store("a", CacheEntry({"new": True}, NOW))  # diskcache would remove the file that the old row names
    assert cache.load("a", NOW) == CacheEntry({"new": True}, NOW)
    assert not (tmp_path / "boom").exists()
    assert (tmp_path / "secret").exists()


def test_pickled_keys_and_settings_are_not_read(tmp_path: Path) -> None:
    cache = opened(tmp_path / "tmdb")
    bomb = pickle.dumps(Bomb(tmp_path / "boom"))
    _execute(tmp_path, "INSERT INTO Cache (key, raw, mode, value) VALUES (?, 0, 4, ?)", bomb, bomb)
    _execute(tmp_path, "INSERT OR REPLACE INTO Settings VALUES ('disk_pickle_protocol', ?)", bomb)
    cache.close()
    again = opened(tmp_path / "tmdb")
    again.store("a", CacheEntry({}, NOW))
    again.delete_expired()
    assert again.load("a", NOW) == CacheEntry({}, NOW)
    assert not (tmp_path / "boom").exists()


def test_disk_accepts_texts_and_bytes_only() -> None:
    disk = JsonDisk("unused")
    for refused in (lambda: disk.put(("a",)), lambda: disk.store({}, False), lambda: disk.store(b"", True)):
        with pytest.raises(TypeError):
            refused()


@pytest.mark.parametrize(
    "content", [b"", b"no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_file_that_is_not_a_cache_is_replaced(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "tmdb"
    folder.mkdir()
    (folder / "cache.db").write_bytes(content)
    cache = opened(folder)
    cache.store("a", CacheEntry({}, NOW))
    assert cache.load("a", NOW) == CacheEntry({}, NOW)


def test_unusable_folder_behaves_like_an_empty_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = opened(tmp_path / "file" / "tmdb")
    cache.store("a", CacheEntry({}, NOW))
    assert cache.load("a", NOW) is None
    cache.delete_expired()
    cache.close()


def test_file_damaged_while_in_use_behaves_like_an_empty_cache(tmp_path: Path, cache: ResponseCache) -> None:
    cache.store("a", CacheEntry({}, NOW))
    _execute(tmp_path, "DROP TABLE Cache")
    assert cache.load("a", NOW) is None
    cache.store("a", CacheEntry({}, NOW))


def _execute(folder: Path, sql: str, *values: Any) -> list[Any]:
    connection = sqlite3.connect(folder / "tmdb" / "cache.db")
    try:
        with connection:
            return connection.execute(sql, values).fetchall()
    finally:
        connection.close()
