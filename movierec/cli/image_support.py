"""Detection of the image protocol of a terminal, from its environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum

from rich.console import Console


class ImageProtocol(StrEnum):
    """Protocols by which a terminal shows images."""

    KITTY = "kitty"
    ITERM = "iterm"
    SIXEL = "sixel"
    BLOCKS = "blocks"


def detect_image_protocol(
    console: Console, environment: Mapping[str, str] = os.environ
) -> ImageProtocol | None:
    """Return the image protocol of this terminal; None if it is not a terminal or has no colours.

    MOVIEREC_IMAGES names a protocol, or none, for terminals that are not recognised.
    """
    if not console.is_terminal or console.is_dumb_terminal or console.no_color:
        return None
    if name := environment.get("MOVIEREC_IMAGES", "").lower():
        return ImageProtocol(name) if name in {*ImageProtocol} else None
    blocks = ImageProtocol.BLOCKS if console.color_system in ("256", "truecolor") else None
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    # Multiplexers print escape sequences that they do not understand as text.
    if "TMUX" in environment or "STY" in environment or term.startswith(("screen", "tmux")):
        return blocks
    if "KITTY_WINDOW_ID" in environment or term in ("xterm-kitty", "xterm-ghostty"):
        return ImageProtocol.KITTY
    if program in ("iTerm.app", "WezTerm"):
        return ImageProtocol.ITERM
    if term.startswith(("foot", "mlterm", "contour")):
        return ImageProtocol.SIXEL
    return blocks
