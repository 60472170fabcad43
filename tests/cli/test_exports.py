"""Command `export`: to files and pipes, without overwriting and without partial files."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path

import pytest

from movierec.client import ApiClient
from movierec.errors import ServerUnreachable
from tests.cli.running import Shell
from tests.cli.scripted import ScriptedServer, http_response


def test_pipe_receives_json_lines(ada: Shell) -> None:
    ada.run("rate", "The Matrix", "4.5", "--review", "Ä\u202e!").ok()
    lines = [json.loads(line) for line in ada.run("export").ok().splitlines()]
    assert [line.get("kind") for line in lines] == [None, "profile", "rating", "end"]
    assert lines[2]["review"] == "Ä\u202e!"


def test_file_is_complete_and_private(ada: Shell, tmp_path: Path) -> None:
    target = tmp_path / "me.zip"
    result = ada.run("export", "--format", "zip", "-o", str(target))
    assert result.code == 0, result
    assert "downloading: 100 %" in result.err
    assert f"{target.stat().st_size:,} bytes to {target}" in result.out
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["me.zip"]


def test_existing_file_is_kept_without_force(ada: Shell, tmp_path: Path) -> None:
    target = tmp_path / "me.jsonl"
    target.write_text("mine")
    assert "--force" in ada.run("export", "-o", str(target)).failed(2)
    assert target.read_text() == "mine"
    summary = ada.run("export", "-o", str(target), "--force", "--json").json()
    assert summary == {"file": str(target), "format": "json", "bytes": target.stat().st_size}
    assert json.loads(target.read_text().splitlines()[0])["format"] == "movierec"
    assert "folder" in ada.run("export", "-o", str(tmp_path)).failed(2)


def test_terminal_receives_no_binary_data_and_no_control_characters(ada: Shell) -> None:
    ada.run("rate", "The Matrix", "4.5", "--review", "\u202eneddih").ok()
    refused = ada.run_at_terminal("export", "--format", "zip")
    assert refused.code == 2
    assert refused.out == ""
    output = ada.run_at_terminal("export").out
    assert "\u202e" not in output
    assert json.loads(output.splitlines()[2])["review"] == "\u202eneddih"


@pytest.mark.parametrize("arguments", [["--format", "xml"], ["--json"]])
def test_contradicting_options_are_refused(ada: Shell, arguments: list[str]) -> None:
    ada.run("export", *arguments).failed(2)


def test_interrupted_download_leaves_no_file(ada: Shell, tmp_path: Path) -> None:
    whole = http_response(200, b"x" * 1000, kind="application/x-ndjson")
    with ScriptedServer(whole[:-1]) as server:
        ada.server = server.url
        target = tmp_path / "me.jsonl"
        result = ada.run("export", "-o", str(target), MOVIEREC_TOKEN="mrp_x")
        assert result.code == 5
        assert "is incomplete" in result.err
        assert not target.exists()
        assert not list(tmp_path.glob(".me*"))


def test_error_is_raised_before_the_first_piece() -> None:
    with ScriptedServer(b"") as server, pytest.raises(ServerUnreachable):
        ApiClient(server.url, token="mrp_x").export("json")


def test_pieces_are_the_complete_content() -> None:
    body = bytes(range(256)) * 4000
    with ScriptedServer(http_response(200, body, kind="application/zip")) as server:
        download = ApiClient(server.url, token="mrp_x").export("zip")
        content = io.BytesIO()
        for piece in download.pieces:
            content.write(piece)
    assert (download.size, content.getvalue()) == (len(body), body)


def test_importing_an_export_changes_nothing(ada: Shell, tmp_path: Path) -> None:
    ada.run("rate", "The Matrix", "4.5").ok()
    ada.run("dismiss", "Alien").ok()
    target = str(tmp_path / "me.zip")
    assert ada.run("export", "--format", "zip", "-o", target).code == 0
    report = ada.run("import", target, "--json").json()["report"]
    assert (report["format"], report["rows"], report["unchanged"]) == ("movierec", 3, 3)
