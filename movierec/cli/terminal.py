"""Escaping of untrusted text: control characters and bidirectional controls become visible."""

from __future__ import annotations

import re

# C0, DEL and C1 controls; marks, embeddings, overrides and isolates of the bidirectional algorithm; line
# and paragraph separators; invisible operators; the byte order mark; interlinear anchors; tags; lone
# surrogates. Joiners (U+200C, U+200D) stay: Persian and emoji need them.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def escape_controls(text: object) -> str:
    """Return `text` as one harmless line: ESC becomes the four characters `\\x1b`, a newline `\\n`."""
    return _HARMFUL.sub(lambda match: ascii(match[0])[1:-1], str(text))


def escape_single_spaced(text: object) -> str:
    """Escape text after collapsing white space to single spaces: for text that is wrapped again."""
    return escape_controls(" ".join(str(text).split()))


def escape_json(document: str) -> str:
    """Escape harmful characters in JSON text as JSON does: another spelling of the same value."""
    return _HARMFUL.sub(lambda match: match[0] if match[0] == "\n" else _json_escape(match[0]), document)


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
