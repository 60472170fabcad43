"""Promised names and forms, held against golden files: what code names by its fields cannot change unnoticed.

Each `<name>.json` beside this file holds keys and types (not data) of one thing that others rely on: the OpenAPI
document, stored rows, files, answers, settings, commands. A failing test shows the difference as a diff. Where the
change is wanted, rewrite the files and read the difference before committing it:

    MOVIEREC_TEST_REWRITE_GOLDEN=1 .venv/bin/pytest -n 0 tests/golden
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import typer

from movierec import config, db, errors
from movierec.cli.app import exit_code
from movierec.cli.commands import app as commands
from movierec.daemon.app import app as server_commands
from tests.golden import golden
from tests.golden.golden import shape
from tests.golden.world import World, made, tmdb_cache

pytestmark = pytest.mark.xdist_group("golden")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with made(tmp_path_factory.mktemp("golden")) as world:
        yield world


def test_openapi_document(world: World) -> None:
    document = world.daemon.request("GET", "/api/schema/?format=json").json()
    golden.check("openapi", _without_texts(document))


def _without_texts(document: Any, name: str = "") -> Any:
    """The document without summaries and descriptions; a property may be called so."""
    if isinstance(document, list):
        return [_without_texts(each) for each in document]
    if not isinstance(document, dict):
        return document
    texts = () if name == "properties" else ("summary", "description")
    return {
        key: _without_texts(value, key)
        for key, value in document.items()
        if not (key in texts and isinstance(value, str)) and (name, key) != ("info", "version")
    }


def test_query_parameters(world: World) -> None:
    document = world.daemon.request("GET", "/api/schema/?format=json").json()
    golden.check(
        "queries",
        {
            f"{method.upper()} {path}": sorted(
                p["name"] for p in operation["parameters"] if p["in"] == "query"
            )
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        },
    )


@pytest.mark.parametrize(
    "name", ["rating_min=4", "rating_max=1", "has_review=true", "watched_min=2020-05-31"]
)
def test_library_lists_are_narrowed_by_each_query_parameter(world: World, name: str) -> None:
    everything = world.daemon.get("/api/v1/favorites/ratings/?page_size=100", token=world.ada)["count"]
    assert 0 < world.daemon.get(f"/api/v1/favorites/ratings/?{name}", token=world.ada)["count"] < everything


@pytest.mark.parametrize(
    "name", ["rewatch=true", "tag=home", "watched_max=2020-05-15", "movie=8", "q=film+8"]
)
def test_history_is_narrowed_by_each_query_parameter(world: World, name: str) -> None:
    everything = world.daemon.get("/api/v1/history/?page_size=100", token=world.ada)["count"]
    assert 0 < world.daemon.get(f"/api/v1/history/?{name}", token=world.ada)["count"] < everything


def test_answers_made_of_fields(world: World) -> None:
    get, ada = world.daemon.get, world.ada
    import_id = world.jobs["import letterboxd"]["id"]
    golden.check(
        "answers",
        {
            "statistics": shape(get("/api/v1/stats/?foresight=true", token=ada)),
            "genres": shape(get("/api/v1/movies/genres/")),
            "problems": shape(get(f"/api/v1/imports/{import_id}/problems/", token=ada)),
            "review": shape(get("/api/v1/imports/review/", token=ada)),
            "question": shape(get("/api/v1/imports/review/2/", token=ada)),
            "changes": shape(get("/api/v1/changes/", token=ada)),
            "movie": shape(get("/api/v1/movies/8/", token=ada)),
            "movie of TMDb": shape(get("/api/v1/movies/tmdb/2000000/", token=ada)),
            "model": shape(get("/api/v1/model/", token=world.admin), free=("metrics",)),
            "recommendations": shape(get("/api/v1/recommendations/?limit=5", token=ada)),
            "problem": shape(world.daemon.post("/api/v1/auth/", {}, status=422)),
            "tokens": shape(get("/api/v1/auth/tokens/", token=ada)),
            "sessions": shape(get("/api/v1/auth/sessions/", token=ada)),
        },
    )


def test_jobs(world: World) -> None:
    parameters = {
        name: json.loads(db.value("SELECT parameters FROM jobs WHERE id = ?", job["id"]))
        for name, job in world.jobs.items()
    }
    reports = {name: shape(job["report"], free=("files", "metrics")) for name, job in world.jobs.items()}
    golden.check(
        "jobs",
        {
            name: {
                "kind": job["kind"],
                "last stage": job["progress"]["stage"],
                "parameters": shape(parameters[name]),
                "report": reports[name],
            }
            for name, job in world.jobs.items()
        },
    )
    assert all(job["state"] == "succeeded" for job in world.jobs.values()), world.jobs


def test_rows_that_hold_json(world: World) -> None:
    def documents(statement: str) -> Any:
        found = [shape(json.loads(text)) for (text,) in db.rows(statement) if text]
        return sorted({json.dumps(each, sort_keys=True) for each in found})

    golden.check(
        "rows",
        {
            "film_questions.film": documents("SELECT film FROM film_questions"),
            "film_questions.candidates": documents("SELECT candidates FROM film_questions"),
            "film_questions.state": sorted(db.rows("SELECT DISTINCT state FROM film_questions")),
            "recommendations.because": documents("SELECT because FROM recommendations"),
            "waiting_rows.content": documents("SELECT content FROM waiting_rows"),
            "changes": {
                shelf: documents(
                    f"SELECT before FROM changes WHERE shelf = '{shelf}' "
                    f"UNION ALL SELECT after FROM changes WHERE shelf = '{shelf}'"
                )
                for (shelf,) in db.rows("SELECT DISTINCT shelf FROM changes ORDER BY shelf")
            },
            "movies.source": sorted(source for (source,) in db.rows("SELECT DISTINCT source FROM movies")),
            "revisions": sorted(
                name.rstrip("0123456789") for (name,) in db.rows("SELECT name FROM revisions")
            ),
        },
    )


def test_tables(world: World) -> None:
    names = [name for (name,) in db.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    indexes = db.rows("SELECT tbl_name, name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    golden.check(
        "tables",
        {
            name: {
                "columns": {
                    column[1]: f"{column[2]}{' NOT NULL' * column[3]}{' PRIMARY KEY' * bool(column[5])}"
                    for column in db.rows(f"PRAGMA table_info('{name}')")
                },
                "indexes": sorted(index for table, index in indexes if table == name),
            }
            for name in names
        },
    )


def test_tmdb_cache(world: World) -> None:
    entries = tmdb_cache(world.settings)
    golden.check(
        "tmdb_cache",
        {
            key: shape(json.loads(value))
            for key, value in sorted(entries.items())
            if "2000000" in key or "genre" in key
        },
    )
    assert all(value.startswith(b'{"document":') for value in entries.values())


def test_model_artifact(world: World) -> None:
    folder = world.settings.paths.state / "models"
    current = (folder / "current").read_text().strip()
    manifest = json.loads((folder / current / "manifest.json").read_text())
    arrays = {path.name: np.load(path) for path in sorted((folder / current).glob("*.npy"))}
    golden.check(
        "model_artifact",
        {
            "files": sorted(path.name for path in (folder / current).iterdir()),
            "beside it": sorted(path.name for path in folder.iterdir() if path.name != current),
            "manifest": shape(manifest, free=("files",)),
            "arrays": {name: f"{array.dtype} in {array.ndim} dimensions" for name, array in arrays.items()},
        },
    )


def _export(world: World, format: str) -> bytes:
    return world.daemon.request("GET", f"/api/v1/exports/?format={format}", token=world.ada.access).body


def test_exports(world: World) -> None:
    lines = [json.loads(line) for line in _export(world, "json").splitlines()]
    kinds = sorted({line.get("kind", "first line") for line in lines})
    headers: dict[str, dict[str, list[str]]] = {}
    for format in ("csv", "letterboxd", "zip"):
        with zipfile.ZipFile(io.BytesIO(_export(world, format))) as archive:
            headers[format] = {
                name: next(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
                if name.endswith(".csv")
                else []
                for name in sorted(archive.namelist())
            }
    golden.check(
        "exports",
        {
            "json": {
                kind: golden.shape([line for line in lines if line.get("kind", "first line") == kind])
                for kind in kinds
            },
            "tables": headers,
        },
    )


def test_metric_names(world: World) -> None:
    lines = world.daemon.request("GET", "/metrics").body.decode().splitlines()
    types = dict(line.split()[2:4] for line in lines if line.startswith("# TYPE"))
    labels = {
        name: sorted(
            {
                part.partition("=")[0]
                for line in lines
                if line.startswith(f"{name}{{") or line.startswith(f"{name}_bucket{{")
                for part in line.partition("{")[2].partition("}")[0].split(",")
            }
        )
        for name in types
    }
    golden.check("metrics", {name: {"type": types[name], "labels": labels[name]} for name in types})


def test_error_codes() -> None:
    from movierec.api.problems import HTTP_STATUS

    golden.check(
        "errors",
        {
            code: {"status": HTTP_STATUS.get(error), "exit code": exit_code(error())}
            for code, error in errors.by_code().items()
        },
    )


def test_configuration_keys() -> None:
    loaded = config.load(environ={"HOME": "/nowhere"})
    golden.check(
        "configuration",
        {
            section.name: {
                key.name: getattr(getattr(loaded, section.name), key.name)
                for key in dataclasses.fields(getattr(loaded, section.name))
            }
            for section in dataclasses.fields(loaded)
            if section.name != "paths"
        },
    )
    assert [str(getattr(loaded.paths, name)) for name in ("config", "state", "cache")] == [
        "/nowhere/.config/movierec", "/nowhere/.local/state/movierec", "/nowhere/.cache/movierec",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "app"), [("movierec", commands), ("movierec-server", server_commands)])
def test_commands(name: str, app: typer.Typer) -> None:
    golden.check(f"commands-{name}", _command(typer.main.get_command(app)))


def _command(command: Any) -> Any:
    if hasattr(command, "commands"):
        return {
            "": [_parameter(each) for each in command.params],
            **{name: _command(each) for name, each in sorted(command.commands.items())},
        }
    return [_parameter(each) for each in command.params]


def _parameter(parameter: Any) -> str:
    """What a user types. An argument has a place, and its name is shown only."""
    option = parameter.param_type_name == "option"
    said = [*parameter.opts, *parameter.secondary_opts] if option else ["argument"]
    choices = getattr(parameter.type, "choices", ())
    said.append("flag" if getattr(parameter, "is_flag", False) else _type(parameter.type))
    said += ["of " + "|".join(sorted(map(str, choices)))] if choices else []
    said += [word for word in ("required", "multiple", "hidden") if getattr(parameter, word, False)]
    said += ["any number"] if parameter.nargs == -1 else []
    said += [f"from ${parameter.envvar}"] if parameter.envvar else []
    return " ".join(said)


def _type(kind: Any) -> str:
    """What kind of value is typed; one that a function of ours parses is called after that function."""
    return "parsed" if hasattr(kind, "func") else str(kind.name)
