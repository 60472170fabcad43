"""Image formats, recognised by their first bytes whatever content type the server sends. Pure."""

from __future__ import annotations

from movierec.tmdb.parse import BadResponse

IMAGE_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"RIFF": "image/webp"}


def image_kind(content: bytes) -> str:
    """Return the content type of an image. Raises BadResponse for anything else."""
    for start, kind in IMAGE_KINDS.items():
        if content.startswith(start):
            return kind
    raise BadResponse("no image")
