"""Completeness of the documents: commands, options, exit codes, environment variables, settings, metrics."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from typer.main import get_command

from movierec import config
from movierec.api.metrics import DaemonMetrics
from movierec.cli.app import EXIT_CODES, INTERRUPTED
from movierec.cli.commands import app as cli
from movierec.daemon.app import EXIT_CONFIGURATION
from movierec.daemon.app import app as server

ROOT = Path(__file__).parents[2]
COMMAND_LINE, OPERATIONS = (
    (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("command-line.md", "operations.md")
)

# Options of click itself, described once.
GENERAL_OPTIONS = {"--help"}


class Command(NamedTuple):
    """A command with its parameters, as Typer builds it."""

    path: str
    options: set[str]
    arguments: set[str]


def commands(app: typer.Typer, program: str) -> list[Command]:
    """Return all commands of an application, without its groups."""
    return list(_walk(get_command(app), program))


def _walk(command: object, path: str) -> Iterator[Command]:
    children = getattr(command, "commands", None)
    if children is not None:
        for name, child in children.items():
            yield from _walk(child, f"{path} {name}")
        return
    options, arguments = set(), set()
    for parameter in getattr(command, "params"):  # noqa: B009 (Typer's own copy of click has no types)
        if parameter.param_type_name == "option":
            options |= {
                name for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("--")
            }
        else:
            arguments.add((parameter.metavar or parameter.name.upper()).strip("[]"))
    yield Command(path, options - GENERAL_OPTIONS, arguments)


def section(document: str, heading: str) -> str:
    """Return the text below a heading, up to the next heading of any level; "" if there is no such heading."""
    match = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", document, re.MULTILINE | re.DOTALL)
    return match[1] if match else ""


def missing_parts(document: str, command: Command) -> set[str]:
    """Return the options and arguments that the section of a command does not name; its path without a section."""
    text = section(document, command.path)
    if not text:
        return {command.path}
    # Backquoted, alone or before its value: `--year N`.
    named = set(re.findall(r"`(--[a-z-]+)[ `]", text))
    usage = re.search(rf"^`{re.escape(command.path)}(.*)`$", text, re.MULTILINE)
    arguments = set(usage[1].replace("[", " ").replace("]", " ").split()) if usage else set()
    return (command.options - named) | (command.arguments - arguments)


PAIRS = [
    *((COMMAND_LINE, command) for command in commands(cli, "movierec")),
    *((OPERATIONS, command) for command in commands(server, "movierec-server")),
]


@pytest.mark.parametrize(("document", "command"), PAIRS, ids=[command.path for _, command in PAIRS])
def test_every_command_is_documented_with_all_options(document: str, command: Command) -> None:
    assert not missing_parts(document, command)


@pytest.mark.parametrize("document", [COMMAND_LINE, OPERATIONS], ids=["movierec", "movierec-server"])
def test_documented_commands_exist(document: str) -> None:
    documented = set(re.findall(r"^### (movierec(?:-server)? .+)$", document, re.MULTILINE))
    assert documented == {command.path for text, command in PAIRS if text is document}


def test_undocumented_command_and_option_are_detected() -> None:
    command = Command("movierec hum", {"--loud", "--long"}, {"TUNE"})
    assert missing_parts("## movierec sing\n", command) == {"movierec hum"}
    text = (
        "### movierec hum\n\n`movierec hum [TUNE]`\n\n| `--loud` | Sing --long. |\n\n### next\n\n`--long`\n"
    )
    assert missing_parts(text, command) == {"--long"}


def test_every_exit_code_is_documented() -> None:
    rows = re.findall(r"^\| (\d+) \|", section(COMMAND_LINE, "Exit codes"), re.MULTILINE)
    assert set(map(int, rows)) == {0, 1, *EXIT_CODES.values(), INTERRUPTED}
    rows = re.findall(r"^\| (\d+) \|", section(OPERATIONS, "Exit codes"), re.MULTILINE)
    assert set(map(int, rows)) == {0, 1, 2, EXIT_CONFIGURATION}


def environment_variables(*folders: str) -> set[str]:
    """Return the variables that files of the package read, named whole in the source."""
    pattern = re.compile(r"\b(?:MOVIEREC|XDG)_[A-Z]+(?:_[A-Z]+)*\b(?!_)")
    files = [file for folder in folders for file in (ROOT / "movierec").glob(folder)]
    return {name for file in files for name in pattern.findall(file.read_text(encoding="utf-8"))}


def test_every_environment_variable_is_documented() -> None:
    variables = environment_variables("cli/*.py", "client/*.py") | {"MOVIEREC_HOME", "XDG_STATE_HOME"}
    assert variables <= set(re.findall(r"`([A-Z_]+)`", section(COMMAND_LINE, "Environment variables")))
    variables = environment_variables("config.py", "paths.py", "daemon/*.py") - {"MOVIEREC_SERVER"}
    assert {"MOVIEREC_CONFIG", "MOVIEREC_HOME"} <= variables
    assert variables <= set(re.findall(r"`([A-Z_]+)`", section(OPERATIONS, "Environment variables")))


@pytest.mark.parametrize("name", config.SECTIONS)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    text = section(OPERATIONS, f"[{name}]")
    rows = dict(re.findall(r"^\| `(\w+)` \| `(.*?)` \|", text, re.MULTILINE))
    example = config.example().partition(f"\n[{name}]\n")[2].partition("\n[")[0]
    assert rows == dict(re.findall(r"^# (\w+) = (.*)$", example, re.MULTILINE))
    assert rows.keys() == {field.name for field in dataclasses.fields(config.SECTIONS[name])}


def test_every_metric_is_documented() -> None:
    metrics = {
        metric.name + ("_total" if metric.type == "counter" else "")
        for metric in DaemonMetrics().registry.collect()
    }
    assert metrics == set(
        re.findall(r"^\| `([a-z_]+)` \|", section(OPERATIONS, "Health, metrics, logs"), re.MULTILINE)
    )
