"""Posters on terminals: detection of the protocol, encoding, and rejected images."""

from __future__ import annotations

import base64
import io
import re
import zlib

import pytest
from PIL import Image
from rich.console import Console

from movierec.cli.image_support import ImageProtocol, detect_image_protocol
from movierec.cli.pictures import Picture, encode_sixel, print_beside
from tests.cli.running import Terminal

RED, BLUE = (250, 20, 20), (20, 20, 250)


def poster(kind: str = "JPEG", size: tuple[int, int] = (200, 300)) -> bytes:
    """Return an image, red above and blue below."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (0, size[1] // 2, *size))
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def at(**environment: str) -> Console:
    variables = {"TERM": "xterm-256color", "COLORTERM": "truecolor", **environment}
    return Console(file=Terminal(), width=80, height=40, highlight=False, _environ=variables)


def drawn_text(way: ImageProtocol, text: str = "", content: bytes | None = None) -> str:
    console = at()
    picture = Picture.from_bytes(poster() if content is None else content, way, 20)
    assert picture is not None
    lines = console.render_lines(text, console.options.update(width=40), pad=False) if text else []
    print_beside(console, picture, lines)
    assert isinstance(console.file, Terminal)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("environment", "way"),
    [
        ({}, ImageProtocol.BLOCKS),
        ({"COLORTERM": ""}, ImageProtocol.BLOCKS),  # 256 colours
        ({"TERM": "xterm", "COLORTERM": ""}, None),  # sixteen
        ({"TERM": "dumb"}, None),
        ({"NO_COLOR": "1"}, None),
        ({"NO_COLOR": "1", "MOVIEREC_IMAGES": "kitty"}, None),
        ({"TERM": "xterm-kitty"}, ImageProtocol.KITTY),
        ({"KITTY_WINDOW_ID": "1"}, ImageProtocol.KITTY),
        ({"TERM": "xterm-ghostty"}, ImageProtocol.KITTY),
        ({"TERM_PROGRAM": "iTerm.app"}, ImageProtocol.ITERM),
        ({"TERM_PROGRAM": "WezTerm"}, ImageProtocol.ITERM),
        ({"TERM": "foot"}, ImageProtocol.SIXEL),
        # A multiplexer within any of them shows text only.
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, ImageProtocol.BLOCKS),
        ({"TMUX": "/tmp/tmux", "TERM_PROGRAM": "iTerm.app"}, ImageProtocol.BLOCKS),
        ({"TMUX": "/tmp/tmux", "MOVIEREC_IMAGES": "sixel"}, ImageProtocol.SIXEL),
        ({"MOVIEREC_IMAGES": "none"}, None),
        ({"MOVIEREC_IMAGES": "nonsense"}, None),
    ],
)
def test_image_protocol_of_a_terminal_is_detected(
    environment: dict[str, str], way: ImageProtocol | None
) -> None:
    console = at(**environment)
    assert detect_image_protocol(console, {"TERM": "xterm-256color", **environment}) == way


def test_pipe_has_no_image_protocol() -> None:
    console = Console(file=io.StringIO(), _environ={"TERM": "xterm-kitty", "COLORTERM": "truecolor"})
    assert detect_image_protocol(console, {"TERM": "xterm-kitty", "MOVIEREC_IMAGES": "kitty"}) is None


def test_blocks_hold_two_pixels_each() -> None:
    lines = drawn_text(ImageProtocol.BLOCKS).splitlines()
    assert len(lines) == 15
    assert {line.count("▀") for line in lines} == {20}
    red, blue = (
        re.findall(r"38;2;(\d+);(\d+);(\d+)", lines[0]),
        re.findall(r"48;2;(\d+);(\d+);(\d+)", lines[-1]),
    )
    assert all(abs(int(part) - wanted) < 12 for part, wanted in zip(red[3], RED, strict=True))
    assert all(abs(int(part) - wanted) < 12 for part, wanted in zip(blue[3], BLUE, strict=True))


def _decoded(data: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(data, validate=True)))


def test_kitty_receives_a_png_in_chunks() -> None:
    noise = Image.effect_noise((200, 300), 90).convert("RGB")
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    chunks = re.findall(
        r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", drawn_text(ImageProtocol.KITTY, content=buffer.getvalue())
    )
    assert len(chunks) > 2
    assert "a=T,f=100,q=2,C=1,c=20,r=15" in chunks[0][0]
    assert [re.search(r"m=(\d)", keys)[1] for keys, _ in chunks] == ["1"] * (len(chunks) - 1) + ["0"]  # type: ignore[index]
    assert all(len(chunk) <= 4096 for _, chunk in chunks)
    assert _decoded("".join(chunk for _, chunk in chunks)).size == (200, 300)


def test_iterm_receives_a_png() -> None:
    [(keys, data)] = re.findall(r"\x1b\]1337;File=([^:]*):([^\x07]*)\x07", drawn_text(ImageProtocol.ITERM))
    assert "inline=1;width=20;height=15" in keys
    assert _decoded(data).format == "PNG"


def _drawn(text: str) -> dict[tuple[int, int], tuple[int, ...]]:
    """Decode a Sixel text to pixels, as a terminal does."""
    palette, pixels = {}, {}
    body = re.fullmatch(r'\x1bP0;1q"1;1;\d+;\d+(.*)\x1b\\', text, re.DOTALL)
    assert body
    x = y = 0
    color = -1
    for token in re.findall(r"#\d+;2;\d+;\d+;\d+|#\d+|!\d+[?-~]|[?-~]|\$|-", body[1]):
        if token.startswith("#"):
            number, *parts = token[1:].split(";")
            if parts:
                palette[int(number)] = tuple(round(int(part) * 2.55) for part in parts[1:])
            color = int(number)
        elif token == "$":
            x = 0
        elif token == "-":
            x, y = 0, y + 6
        else:
            count = int(token[1:-1]) if token.startswith("!") else 1
            bits = ord(token[-1]) - 63
            for column in range(x, x + count):
                pixels.update({(column, y + row): palette[color] for row in range(6) if bits >> row & 1})
            x += count
    return pixels


def test_sixel_paints_every_pixel_in_its_colour() -> None:
    image = Image.effect_noise((23, 20), 60).convert("RGB")
    image.paste(RED, (0, 0, 10, 10))
    painted = _drawn(encode_sixel(image))
    assert painted.keys() == {(x, y) for x in range(23) for y in range(20)}
    far = [
        max(abs(a - b) for a, b in zip(painted[x, y], image.getpixel((x, y)), strict=True))  # type: ignore[arg-type]
        for x in range(23)
        for y in range(20)
    ]
    assert max(far) < 12
    assert drawn_text(ImageProtocol.SIXEL).count("\x1bP0;1q") == 1


@pytest.mark.parametrize("way", [ImageProtocol.KITTY, ImageProtocol.ITERM, ImageProtocol.SIXEL])
def test_text_beside_a_picture_does_not_overwrite_it(way: ImageProtocol) -> None:
    """The cursor skips the picture row by row; spaces would erase it on some terminals."""
    lines = drawn_text(way, "\n".join(f"line {number}" for number in range(20))).splitlines()
    beside_it = [line for line in lines if line.endswith(tuple(f"line {number}" for number in range(1, 15)))]
    assert len(beside_it) == 14
    assert all(line.startswith("\x1b[20C\x1b[2C") for line in beside_it)
    assert lines[-1] == " " * 22 + "line 19"


def _huge() -> bytes:
    """Return a PNG that claims ten thousand million pixels."""
    small = poster("PNG", (2, 3))
    header = b"IHDR" + (100_000).to_bytes(4, "big") * 2 + small[24:29]
    return small[:12] + header + zlib.crc32(header).to_bytes(4, "big") + small[33:]


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", poster()[:200], b"\xff\xd8\xff image", poster("GIF"), poster("PNG")[:60], _huge()],
    ids=["nothing", "html", "cut jpeg", "no jpeg", "another format", "cut png", "decompression bomb"],
)
def test_invalid_image_is_not_drawn(content: bytes) -> None:
    assert Picture.from_bytes(content, ImageProtocol.BLOCKS, 20) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (3000, 1), (1, 3000), (500, 750)])
def test_any_shape_fits(kind: str, size: tuple[int, int]) -> None:
    picture = Picture.from_bytes(poster(kind, size), ImageProtocol.BLOCKS, 20)
    assert picture is not None
    assert 1 <= picture.rows == len(picture.lines()) <= 20


def test_no_byte_of_the_file_reaches_the_terminal() -> None:
    comment = b"\xff\xfe\x00\x0d\x1b[2J\x07owned"
    evil = poster()[:2] + comment + poster()[2:]
    for way in ImageProtocol:
        assert "owned" not in drawn_text(way, content=evil)
        assert "\x1b[2J" not in drawn_text(way, content=evil)
