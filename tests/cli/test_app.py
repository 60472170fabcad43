"""Running of commands: exit codes, errors on one line, start-up."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from movierec import __version__, errors
from movierec.cli.app import exit_code
from movierec.cli.movie_lookup import AmbiguousTitle
from tests.cli.running import Shell
from tests.cli.scripted import ScriptedServer, http_response, problem_response

NOWHERE = "http://127.0.0.1:9"
# The command in a separate process.
MOVIEREC = [sys.executable, "-c", "import sys; from movierec.cli.app import main; sys.exit(main())"]

EXPECTED = {
    "malformed_request": 2,
    "validation_failed": 2,
    "unreadable_import": 2,
    "body_too_large": 2,
    "not_found": 3,
    "not_authenticated": 4,
    "invalid_credentials": 4,
    "token_invalid": 4,
    "token_expired": 4,
    "permission_denied": 4,
    "server_unreachable": 5,
    "misdirected_request": 5,
    "upstream_unavailable": 5,
    "database_unavailable": 5,
    "busy": 5,
}


@pytest.mark.parametrize("code", sorted(errors.by_code()))
def test_every_error_has_its_exit_code(code: str) -> None:
    assert exit_code(errors.by_code()[code]()) == EXPECTED.get(code, 1)


def test_ambiguous_title_exits_with_2() -> None:
    assert exit_code(AmbiguousTitle("x", [])) == 2


@pytest.fixture
def nowhere(shell_at: Callable[[str], Shell]) -> Shell:
    return shell_at(NOWHERE)


def test_unreachable_daemon_exits_with_5(nowhere: Shell) -> None:
    error = nowhere.run("status").failed(5)
    assert NOWHERE in error
    assert "movierec-server serve" in error
    assert len(error.splitlines()) == 1


def test_missing_sign_in_exits_with_4(nowhere: Shell) -> None:
    assert "movierec login" in nowhere.run("whoami").failed(4)


USAGE = [
    ("no-such-command",),
    ("show",),
    ("rate", "Alien"),
    ("rate", "Alien", "many"),
    ("top", "--page", "0"),
    ("recommend", "--novelty", "2"),
    ("import", "movielens", "/no/such/file"),
    ("search", "alien", "--min-votes", "3"),
    ("login",),  # a script that forgot the name
    ("login", "ada"),  # and here the password
    ("login", "ada", "--password", "secret"),  # never as an argument
]


@pytest.mark.parametrize("arguments", USAGE)
def test_wrong_usage_exits_with_2(nowhere: Shell, arguments: tuple[str, ...]) -> None:
    nowhere.run(*arguments).failed(2)


@pytest.mark.parametrize("rating", ["nan", "inf", "1e999", "-1", "", "٣", "5_0", "4.5.", "4/7", "4 5"])
def test_invalid_rating_is_refused_without_a_request(shell_at: Callable[[str], Shell], rating: str) -> None:
    with ScriptedServer() as server:
        shell_at(server.url).run("rate", "Alien", rating, MOVIEREC_TOKEN="t").failed(2)
    assert server.requests == []


@pytest.mark.parametrize(
    ("top", "rating", "nearest"),
    [
        (5, "0", "0.5"),
        (5, "3.3", "3 and 3.5"),
        (5, "5.5", "5"),
        (5, "90", "5"),
        (5, "9.5/10", "9 and 10"),
        (10, "4.5", "4 and 5"),
        (10, "11", "10"),
        (100, "85", "80 and 90"),
        (100, "4", "10"),
        (100, "3.3/5", "3 and 3.5"),
    ],
)
def test_rating_between_two_steps_names_both_and_is_not_sent(
    shell_at: Callable[[str], Shell], top: int, rating: str, nearest: str
) -> None:
    with ScriptedServer(http_response(200, {"rating_scale": top})) as server:
        complaint = shell_at(server.url).run("rate", "Alien", rating, MOVIEREC_TOKEN="t").failed(2)
    assert complaint.endswith(f"Nearest: {nearest}.\n")
    assert ["profile" in request for request in server.requests] == [True]


@pytest.mark.parametrize(
    "address", ["ftp://x", "localhost:8000", "http://", "http://a b", "http://u:p@h", "http://x:y"]
)
def test_invalid_server_address_exits_with_2(shell_at: Callable[[str], Shell], address: str) -> None:
    assert "MOVIEREC_SERVER" in shell_at(address).run("status").failed(2)


def test_fields_of_an_invalid_request_are_printed_escaped(shell_at: Callable[[str], Shell]) -> None:
    fields = [{"field": "year", "message": "Too \x1b[31mlate."}, {"field": "genre", "message": "Unknown."}]
    with ScriptedServer(
        problem_response(422, "validation_failed", "Bad\r\n\x1b]0;x\x07", errors=fields)
    ) as server:
        error = shell_at(server.url).run("search", "x").failed(2)
    assert error == ("movierec: Bad\\r\\n\\x1b]0;x\\x07\n  year: Too \\x1b[31mlate.\n  genre: Unknown.\n")


def test_internal_error_is_reported_with_its_request_id(shell_at: Callable[[str], Shell]) -> None:
    with ScriptedServer(problem_response(500, "internal_error", request_id="abc123")) as server:
        assert "abc123" in shell_at(server.url).run("top").failed(1)


def test_throttling_prints_how_long_to_wait(shell_at: Callable[[str], Shell]) -> None:
    reply = http_response(
        429, {"code": "throttled", "detail": "Slow down. Try again shortly."}, Retry_After="30"
    )
    with ScriptedServer(reply) as server:
        assert "30 s" in shell_at(server.url).run("login", "ada", "--password-stdin", stdin="x\n").failed(1)


def test_candidates_of_an_ambiguous_title_are_tab_separated(shell_at: Callable[[str], Shell]) -> None:
    movies = [
        {"id": 3, "title": "Heat", "year": 1972, "original_title": "Heat", "vote_count": 3},
        {"id": 4, "title": "Heat", "year": 1995, "original_title": "Heat\t", "vote_count": 9},
    ]
    with ScriptedServer(http_response(200, {"results": movies})) as server:
        error = shell_at(server.url).run("show", "heat").failed(2)
    assert error.splitlines()[1:] == ["3\tHeat (1972)", "4\tHeat (1995)"]


def test_ctrl_c_exits_with_130(nowhere: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("movierec.client.ApiClient.health", interrupted)
    result = nowhere.run("status")
    assert (result.code, result.out, result.err) == (130, "", "")


def test_config_needs_no_daemon_and_prints_no_secret(nowhere: Shell) -> None:
    config = nowhere.run("config", "--json", MOVIEREC_TOKEN="topsecret").json()
    assert config["server"] == NOWHERE
    assert config["token"] == "MOVIEREC_TOKEN"
    assert config["credentials"] == str(nowhere.credentials)
    assert "topsecret" not in str(config)
    assert not nowhere.home.exists()


# Start-up


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_version_is_printed_before_typer_is_loaded() -> None:
    loaded = run_python(
        "import sys; from movierec.cli.app import main; main(['--version']);"
        "print(sorted({'typer', 'rich', 'http.client', 'json'} & set(sys.modules)))"
    )
    assert loaded == f"movierec {__version__}\n[]\n"


def test_command_imports_no_slow_module() -> None:
    loaded = run_python(
        f"import os, sys; os.environ['MOVIEREC_SERVER'] = '{NOWHERE}';"
        "from movierec.cli.app import main; main(['status']); main(['--help']);"
        "heavy = {'rich', 'aiohttp', 'asyncio', 'peewee', 'numpy', 'pydantic', 'importlib.metadata'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert loaded.splitlines()[-1] == "[]"


def test_command_in_a_checkout_is_the_same() -> None:
    shim = Path(__file__).parents[2] / "cli.py"
    result = subprocess.run([sys.executable, shim, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"movierec {__version__}\n"


def test_full_device_is_an_error() -> None:
    with open("/dev/full", "w") as full:
        # Buffered, as usual: what is left must not fail a second time.
        usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        result = subprocess.run(
            [*MOVIEREC, "config"], stdout=full, stderr=subprocess.PIPE, text=True, env=usual
        )
    assert result.returncode == 1
    assert "No space left" in result.stderr
    assert "Exception ignored" not in result.stderr


def test_reader_that_closes_the_pipe_is_not_an_error() -> None:
    script = f"set -o pipefail; {shlex.join([*MOVIEREC, 'config'])} | true"
    for _ in range(3):
        result = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
        assert (result.returncode, result.stderr) == (0, "")
