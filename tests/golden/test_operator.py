"""Files and reports of the operator's commands, held against a golden file: see `test_golden.py`."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from movierec import db
from tests import datasets
from tests.golden import golden
from tests.golden.golden import shape
from tests.golden.world import run_server_command


def test_reports_for_operators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOVIEREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOVIEREC_SERVER__PUBLIC_URL", "https://films.example.org")

    def printed(*arguments: str) -> Any:
        return json.loads(run_server_command(*arguments))

    run_server_command("restore", str(Path(__file__).parent / "samples" / "0.1.0" / "server.backup"))
    target = tmp_path / "server.backup"
    run_server_command("backup", str(target))
    with zipfile.ZipFile(target) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        columns = {
            name: json.loads(archive.open(name).readline())["columns"]
            for name in sorted(archive.namelist())
            if name.startswith("tables/")
        }
        keys = shape(json.loads(archive.read("keys.json")))
    movielens = datasets.write_folder(
        tmp_path / "movielens",
        {
            "movies.csv": datasets.movies_csv(30).encode(),
            "ratings.csv": datasets.ratings_csv(60, list(range(500_001, 500_031)), 0.5).encode(),
        },
    )
    golden.check(
        "operator",
        {
            "backup manifest": shape(manifest, free=("tables", "files")),
            "backup members": sorted(name for name in manifest["files"] if not name.startswith("models/")),
            "tables": columns,
            "keys.json": keys,
            "audit": shape(printed("audit", "--json")),
            "outbox": shape(printed("outbox", "--json")),
            "mail": shape(printed("outbox", "show", "1", "--json")),
            "evaluate": shape(
                printed(
                    "evaluate", "--movielens", str(movielens), "--known", "5,all", "--seeds", "1", "--json"
                )
            ),
            "train": shape(printed("train", "--measure", "--json"), free=("metrics",)),
        },
    )
    db.close()
