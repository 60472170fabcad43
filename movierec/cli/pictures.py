"""Pictures on a terminal: by the protocols of Kitty and iTerm2, as Sixel, or as coloured half blocks.

Imported only to draw one: Pillow takes 30 ms to load. The output is encoded from the decoded pixels; no
byte of the file reaches the terminal.
"""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image, UnidentifiedImageError
from rich.console import Console
from rich.control import Control
from rich.segment import ControlType, Segment
from rich.style import Style

from movierec.cli.image_support import ImageProtocol

# A poster has half a million pixels; an image that claims more than this is rejected.
MAX_PIXELS = 30_000_000
# Assumed pixels of a cell; most cells are twice as high as wide.
CELL_WIDTH, CELL_HEIGHT = 10, 20
SIXEL_COLORS = 200
# Maximum length of a base64 chunk in Kitty's protocol.
KITTY_CHUNK_BYTES = 4096


@dataclass(frozen=True)
class Picture:
    """An image fitted into `columns` × `rows` cells."""

    image: Image.Image
    way: ImageProtocol
    columns: int
    rows: int

    @classmethod
    def from_bytes(cls, content: bytes, way: ImageProtocol, columns: int) -> Picture | None:
        """Decode an image and fit it into `columns`. None if it cannot be shown."""
        try:
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    return None
                image = opened.convert("RGB")
        # Pillow raises all of these for broken files.
        except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
            return None
        rows = round(columns * image.height / image.width * CELL_WIDTH / CELL_HEIGHT)
        return cls(image, way, columns, min(max(rows, 1), columns))

    def lines(self) -> list[list[Segment]]:
        """Return one line per row. A protocol draws the image with the first line; the others skip its width."""
        if self.way is ImageProtocol.BLOCKS:
            return [*self._blocks()]
        step = _control(f"\x1b[{self.columns}C")
        # Reserve the rows first: near the end of the screen the picture would scroll away from its text.
        room = "\n" * self.rows + f"\x1b[{self.rows}A"
        return [[_control(f"{room}\x1b7{self._escape_sequence()}\x1b8"), step], *[[step]] * (self.rows - 1)]

    def _escape_sequence(self) -> str:
        if self.way is ImageProtocol.SIXEL:
            return encode_sixel(self._fitted(self.columns * CELL_WIDTH, self.rows * CELL_HEIGHT))
        data = base64.b64encode(_png(self.image)).decode()
        if self.way is ImageProtocol.ITERM:
            size = f"width={self.columns};height={self.rows}"
            return f"\x1b]1337;File=inline=1;{size};preserveAspectRatio=0;doNotMoveCursor=1:{data}\x07"
        chunks = [data[at : at + KITTY_CHUNK_BYTES] for at in range(0, len(data), KITTY_CHUNK_BYTES)]
        # q=2: no response, which would be read as input; C=1: the cursor stays.
        first = f"a=T,f=100,q=2,C=1,c={self.columns},r={self.rows},"
        return "".join(
            f"\x1b_G{first if number == 1 else ''}m={int(number < len(chunks))};{chunk}\x1b\\"
            for number, chunk in enumerate(chunks, 1)
        )

    def _blocks(self) -> Iterator[list[Segment]]:
        """Yield lines with two pixels per cell: foreground colour above, background colour below."""
        pixels: Any = self._fitted(self.columns, self.rows * 2).load()
        for row in range(0, self.rows * 2, 2):
            yield [
                Segment("▀", Style(color=_hex(pixels[column, row]), bgcolor=_hex(pixels[column, row + 1])))
                for column in range(self.columns)
            ]

    def _fitted(self, width: int, height: int) -> Image.Image:
        return self.image.resize((width, height), Image.Resampling.LANCZOS)


def print_beside(console: Console, picture: Picture, lines: list[list[Segment]]) -> None:
    """Print a picture with lines of text to the right of it; further lines go below."""
    gap = [Segment("  ")] if picture.way is ImageProtocol.BLOCKS else [_control("\x1b[2C")]
    empty = [Segment(" " * (picture.columns + 2))]
    for drawn, text in itertools.zip_longest(picture.lines(), lines):
        left = [*drawn, *gap] if drawn is not None else empty
        console.print(_Line([*left, *(text or [])]), crop=False, soft_wrap=True)


class _Line:
    """Renderable of unmodified segments and a line end."""

    def __init__(self, segments: list[Segment]) -> None:
        self._segments = segments

    def __rich_console__(self, *_: object) -> Iterator[Segment]:
        yield from self._segments
        yield Segment.line()


def _control(text: str) -> Segment:
    """Wrap an escape sequence, which takes no width in a line."""
    return Segment(text, None, Control((ControlType.CURSOR_FORWARD, 1)).segment.control)


def _hex(pixel: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*pixel)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def encode_sixel(image: Image.Image) -> str:
    """Encode an image as Sixel: bands of six rows, each with one pass per colour.

    https://vt100.net/docs/vt3xx-gp/chapter14.html
    """
    reduced = image.quantize(SIXEL_COLORS)
    palette, pixels = reduced.getpalette() or [], reduced.tobytes()
    width, height = reduced.size
    colors = [
        f"#{number};2;{';'.join(str(part * 100 // 255) for part in palette[number * 3 : number * 3 + 3])}"
        for number in sorted(set(pixels))
    ]
    bands = [_band([pixels[y * width : (y + 1) * width] for y in range(top, min(top + 6, height))])
             for top in range(0, height, 6)]  # fmt: skip
    return f'\x1bP0;1q"1;1;{width};{height}{"".join(colors)}{"-".join(bands)}\x1b\\'


def _band(rows: list[bytes]) -> str:
    passes = []
    for color in sorted(set().union(*rows)):
        bits = [sum((row[x] == color) << y for y, row in enumerate(rows)) for x in range(len(rows[0]))]
        runs = ((chr(63 + value), len([*run])) for value, run in itertools.groupby(bits))
        passes.append(
            f"#{color}" + "".join(f"!{count}{sign}" if count > 3 else sign * count for sign, count in runs)
        )
    return "$".join(passes)
