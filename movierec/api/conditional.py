"""Conditional and partial requests: entity tags, `If-None-Match`, `If-Match`, `Range` (RFC 9110, 13 and 14)."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping

from aiohttp import web

from movierec.errors import PreconditionFailed, RangeNotSatisfiable

_TAG = re.compile(r'(?:W/)?"[^"]*"')


def entity_tag(content: bytes) -> str:
    """Return the strong entity tag of a body."""
    return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


# Of content that does not change while the daemon runs: a hash of a megabyte takes milliseconds.
_tag_of_fixed = functools.lru_cache(maxsize=32)(entity_tag)


def is_cached_by_client(request: web.Request, tag: str) -> bool:
    """Return True if `If-None-Match` names the entity tag, or any with `*`: the answer is 304."""
    return _names(request, "If-None-Match", tag, weak=True)


def content_response(
    request: web.Request, content: bytes, content_type: str, headers: Mapping[str, str]
) -> web.Response:
    """Answer a GET of fixed content with an entity tag: 200, 206 for one range, 304.

    Raises PreconditionFailed if `If-Match` names another tag, RangeNotSatisfiable for a range beyond the end.
    """
    tag = _tag_of_fixed(content)
    headers = {**headers, "ETag": tag, "Accept-Ranges": "bytes"}
    charset = None if content_type.startswith("image/") or content_type.endswith("/json") else "utf-8"
    if "If-Match" in request.headers and not _names(request, "If-Match", tag, weak=False):
        raise PreconditionFailed()
    if is_cached_by_client(request, tag):
        return web.Response(status=304, headers=headers)
    part = _range(request, tag, len(content))
    if part is None:
        return web.Response(body=content, content_type=content_type, charset=charset, headers=headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(content)}"
    return web.Response(
        status=206,
        body=content[part.start : part.stop],
        content_type=content_type,
        charset=charset,
        headers=headers,
    )


def _names(request: web.Request, header: str, tag: str, *, weak: bool) -> bool:
    """Return True if a header with entity tags contains `tag` or is `*`."""
    value = ",".join(request.headers.getall(header, ())).strip()
    if value == "*":
        return True
    tags = _TAG.findall(value)
    return tag in ([each.removeprefix("W/") for each in tags] if weak else tags)


def _range(request: web.Request, tag: str, length: int) -> range | None:
    """Return the bytes that `Range` asks for. None for all: no range, several, or one of another content."""
    if request.method != "GET" or request.headers.get("If-Range", tag) != tag:
        return None
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", request.headers.get("Range", ""), re.ASCII)
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        part = range(max(0, length - int(match[2])), length)
    else:
        part = range(int(match[1]), min(length, int(match[2]) + 1 if match[2] else length))
        if match[2] and int(match[2]) < int(match[1]):
            return None
    if not part:
        raise RangeNotSatisfiable.of(length)
    return part
