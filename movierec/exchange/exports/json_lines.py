"""Export of an account as lossless JSON Lines, which another server restores exactly.

The first line names format and version, the last one counts the records, so that a truncated file is detected.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from movierec.exchange.exports import account
from movierec.exchange.exports.layout import FORMAT_NAME, FORMAT_VERSION, KINDS


def lines(user_id: int) -> Iterator[bytes]:
    yield _line({"format": FORMAT_NAME, "version": FORMAT_VERSION})
    yield _line({"kind": "profile", **account.read_profile(user_id)})
    count = 1
    for kind in KINDS:
        for record in account.read_records(kind, user_id):
            yield _line({"kind": kind.name, **record})
            count += 1
    yield _line({"kind": "end", "records": count})


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _line(document: dict[str, object]) -> bytes:
    return _encode(document).encode() + b"\n"
