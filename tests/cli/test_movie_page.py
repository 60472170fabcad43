"""The page of a movie on a terminal, with its poster from a daemon with TMDb."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from movierec import movies
from movierec.config import Settings
from movierec.movies import MovieRecord
from tests.cli.running import Shell, Terminal, unstyled
from tests.films import NOW
from tests.running import Daemon
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import StandIn

OVERVIEW = "Somebody finds out what the world is made of, and it is not what it seems to be. " * 8
EVIL = "Evil \x1b[31mRed\x07 \x1b]0;owned\x07 \u202e [bold]x \x9b2J\n"


class WithPosters(StandIn):
    def _good(self, request: web.Request) -> web.Response:
        if not request.path.startswith("/w"):
            return super()._good(request)
        buffer = io.BytesIO()
        Image.new("RGB", (342, 513), (200, 100, 50)).save(buffer, "JPEG")
        return web.Response(body=buffer.getvalue(), content_type="image/jpeg")


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with WithPosters() as running:
        yield running


@pytest.fixture
def shell(shell_at: Callable[[str], Shell], settings: Settings, stand_in: StandIn) -> Iterator[Shell]:
    facts = {
        "overview": OVERVIEW,
        "poster_path": "/matrix.jpg",
        "budget": 63_000_000,
        "keywords": ("hacker",),
    }
    with Daemon(dataclasses.replace(settings, tmdb=quick(stand_in))) as daemon:
        movies.upsert([MovieRecord("The Matrix", "staff", imdb_id="tt0133093", **facts)], NOW)  # type: ignore[arg-type]
        yield shell_at(daemon.url)


def page(shell: Shell, *arguments: str, width: int = 80, **environment: str) -> str:
    """Return the output of `show` on a terminal with colours."""
    out = Terminal()
    with shell._monkeypatch.context() as patch:
        patch.delenv("TMUX", raising=False)
        patch.delenv("NO_COLOR", raising=False)
        patch.setattr("sys.stdout", out)
        terminal = {"COLUMNS": str(width), "LINES": "60", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        result = shell.run("show", *arguments, **{**terminal, **environment})
    assert (result.code, result.err) == (0, "")
    return out.getvalue()


def posters(stand_in: StandIn) -> list[str]:
    return [path for path in stand_in.asked if path.startswith("/w")]


@pytest.mark.parametrize("width", [60, 80, 140])
def test_poster_is_printed_beside_the_text(shell: Shell, stand_in: StandIn, width: int) -> None:
    lines = unstyled(page(shell, "The Matrix", width=width)).splitlines()
    assert max(map(len, lines)) <= width
    with_picture = [line for line in lines if "▀" in line]
    assert len(with_picture) >= 14
    assert "The Matrix (1999)" in with_picture[0]
    # The overview flows around it, without a word lost.
    text = " ".join(re.sub("▀+", "", "\n".join(lines)).split())
    assert OVERVIEW.strip() in text
    assert "cost $63.0 million" in text
    assert posters(stand_in) == ["/w342/matrix.jpg"]


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--no-image"], {}),
        ([], {"NO_COLOR": "1"}),
        ([], {"TERM": "dumb", "COLORTERM": ""}),
        ([], {"MOVIEREC_IMAGES": "none"}),
        ([], {"COLUMNS": "50"}),
        (["--json"], {}),
    ],
)
def test_poster_is_not_requested_if_it_is_not_shown(
    shell: Shell, stand_in: StandIn, arguments: list[str], environment: dict[str, str]
) -> None:
    output = page(shell, "The Matrix", *arguments, **environment)
    assert "The Matrix" in output
    assert "▀" not in output
    assert not posters(stand_in)


def test_pipe_receives_no_picture(shell: Shell, stand_in: StandIn) -> None:
    output = shell.run("show", "The Matrix", TERM="xterm-kitty", MOVIEREC_IMAGES="kitty").ok()
    assert "\x1b" not in output
    assert not posters(stand_in)


@pytest.mark.parametrize("mode", ["500", "html", "cut body"])
def test_page_is_printed_without_an_unavailable_poster(shell: Shell, stand_in: StandIn, mode: str) -> None:
    stand_in.mode = mode
    output = page(shell, "The Matrix")
    assert "▀" not in output
    assert OVERVIEW.split()[0] in output


@pytest.mark.parametrize("way", ["blocks", "kitty", "iterm", "sixel"])
def test_untrusted_text_is_escaped(shell: Shell, way: str) -> None:
    texts: dict[str, Any] = dict.fromkeys(("overview", "tagline", "original_title", "certificate"), EVIL)
    lists = dict.fromkeys(("genres", "countries", "directors", "cast", "characters", "keywords"), (EVIL,))
    [movie_id] = movies.upsert([MovieRecord(EVIL, "staff", poster_path="/evil.jpg", **texts, **lists)], NOW)
    output = page(shell, str(movie_id), MOVIEREC_IMAGES=way)
    # Escapes of the command line: styles, cursor movements, and pictures in base64 or Sixel.
    own_escapes = (
        r"\x1b\[[0-9;]*[mCA]|\x1b[78]|\x1b_G[^\x1b]*\x1b\\|\x1b\]1337;[!-~]*\x07|\x1bP0;1q[!-~]*\x1b\\"
    )
    rest = re.sub(own_escapes, "", output)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", rest)
    assert "\x1b[31m" not in output.replace("\\x1b[31m", "")
    assert "[bold]x" in rest


def test_page_without_overview_and_in_other_scripts(shell: Shell) -> None:
    bare, japanese = movies.upsert(
        [
            MovieRecord("Nothing Known", "staff", poster_path="/a.jpg"),
            MovieRecord(
                "千と千尋の神隠し", "staff", poster_path="/b.jpg", overview="少女は迷い込んでしまう。" * 40
            ),
        ],
        NOW,
    )
    assert "Nothing Known" in unstyled(page(shell, str(bare)))
    lines = unstyled(page(shell, str(japanese), width=60)).splitlines()
    assert "少女は迷い込んでしまう。" * 40 in re.sub(r"[▀\s]", "", "".join(lines))
