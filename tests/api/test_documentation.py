"""`docs/api.md` against the code: every endpoint, error code and rate limit, and the examples with curl."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from movierec import errors
from movierec.api.app import ENDPOINTS
from movierec.api.limits import DEFAULT_PAGE_SIZE, MAXIMUM_PAGE_SIZE
from movierec.api.openapi import openapi_document
from movierec.api.problems import HTTP_STATUS
from movierec.config import Settings, ThrottleSettings
from tests.running import RunningDaemon

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- curl -->\n```console\n(.*?)```", TEXT, re.DOTALL)


def test_every_endpoint_is_documented() -> None:
    paths = json.loads(json.dumps(openapi_document(ENDPOINTS)))["paths"]
    endpoints = {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}
    assert set(re.findall(r"^\| `([A-Z]+ /\S*)` \|", TEXT, re.MULTILINE)) == endpoints


def test_access_of_every_endpoint_is_documented() -> None:
    rows = re.findall(
        r"^\| `([A-Z]+ /\S*)` \| (everybody|user|staff)(, session only)? \|", TEXT, re.MULTILINE
    )
    names = {"public": "everybody", "user": "user", "staff": "staff"}
    assert {(name, access, bool(session)) for name, access, session in rows} == {
        (f"{endpoint.method} {endpoint.path}", names[endpoint.access.value], endpoint.session_only)
        for endpoint in ENDPOINTS
    }


def test_every_error_code_is_documented_with_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", TEXT, re.MULTILINE)
    assert [(int(status), code) for status, code in rows] == [
        (status, error.code) for error, status in HTTP_STATUS.items()
    ]
    others = errors.by_code().keys() - {error.code for error in HTTP_STATUS}
    assert all(f"`{code}`" in TEXT for code in others)


def test_every_rate_limit_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) in ", TEXT, re.MULTILINE))
    defaults = dataclasses.asdict(ThrottleSettings())
    assert rows == {name: str(limit) for name, limit in defaults.items()}


def test_page_sizes_and_settings_are_those_of_the_code() -> None:
    assert f"`page_size` is {DEFAULT_PAGE_SIZE} by default" in TEXT
    assert f"at most {MAXIMUM_PAGE_SIZE}." in TEXT
    sections = {field.name: field for field in dataclasses.fields(Settings)}
    for section, name in re.findall(r"`(server|auth|imports|tmdb)\.(\w+)`", TEXT):
        assert section in sections
        assert hasattr(getattr(Settings(), section), name), f"{section}.{name}"


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="the examples need curl and jq")
def test_examples_run(daemon: RunningDaemon, tmp_path: Path) -> None:
    assert len(EXAMPLES) >= 5
    commands = [line[2:] for block in EXAMPLES for line in block.splitlines() if line.startswith("$ ")]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SERVER": daemon.url}
    process = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", "\n".join(commands)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr[-3000:] + process.stdout[-3000:]
