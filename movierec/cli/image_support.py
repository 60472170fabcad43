"""Whether and how a terminal shows pictures: by what it says of itself in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum

from rich.console import Console


class ImageProtocol(StrEnum):
    """How a terminal shows pictures."""

    KITTY = "kitty"
    ITERM = "iterm"
    SIXEL = "sixel"
    BLOCKS = "blocks"


def detect_image_protocol(
    console: Console, environment: Mapping[str, str] = os.environ
) -> ImageProtocol | None:
    """How to draw on this terminal; None where there is nobody to see it or no colour.

    MOVIEREC_IMAGES names a way, or none, for terminals that are not recognised.
    """
    if not console.is_terminal or console.is_dumb_terminal or console.no_color:
        return None
    if wanted := environment.get("MOVIEREC_IMAGES", "").lower():
        return ImageProtocol(wanted) if wanted in {*ImageProtocol} else None
    blocks = ImageProtocol.BLOCKS if console.color_system in ("256", "truecolor") else None
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    # These stand between: what they do not understand they would show as text.
    if "TMUX" in environment or "STY" in environment or term.startswith(("screen", "tmux")):
        return blocks
    if "KITTY_WINDOW_ID" in environment or term in ("xterm-kitty", "xterm-ghostty"):
        return ImageProtocol.KITTY
    if program in ("iTerm.app", "WezTerm"):
        return ImageProtocol.ITERM
    if term.startswith(("foot", "mlterm", "contour")):
        return ImageProtocol.SIXEL
    return blocks
