"""Import of MovieLens datasets, waiting for jobs, training."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from movierec import db
from movierec.cli import progress
from movierec.cli.progress import ProgressLines, wait_for_job
from movierec.errors import MovierecError, ServerUnreachable
from tests.cli.running import Shell
from tests.running import PASSWORD, RunningDaemon

MOVIES = """movieId,title,genres
1,Toy Story (1995),Adventure|Animation
2,"Godfather, The (1972)",Crime
3,Unheard Of (1950),Drama
"""
LINKS = "movieId,imdbId,tmdbId\n1,0114709,862\n2,0068646,238\n3,9900001,\n"
RATINGS = "userId,movieId,rating,timestamp\n" + "".join(
    f"{user},{movie},{4.5 - movie},{1_000_000_000 + user}\n" for user in range(1, 40) for movie in (1, 2, 3)
)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "ml-tiny"
    folder.mkdir()
    (folder / "movies.csv").write_text(MOVIES)
    (folder / "links.csv").write_text(LINKS)
    (folder / "ratings.csv").write_text(RATINGS)
    (folder / "README.txt").write_text("not sent")
    return folder


@pytest.fixture
def staff(shell: Shell, daemon: RunningDaemon) -> Shell:
    """Return a command line, signed in as an administrator."""
    account = daemon.admin()
    shell.run("login", account.username, "--password-stdin", stdin=PASSWORD).ok()
    return shell


def test_folder_is_zipped_uploaded_and_imported(staff: Shell, dataset: Path) -> None:
    result = staff.run("import", "movielens", str(dataset))
    assert result.code == 0, result
    assert "uploading: 100 %" in result.err.splitlines()
    assert ["state", "succeeded"] in [line.split("\t") for line in result.out.splitlines()]
    assert staff.run("show", "Unheard Of", "--json").json()["year"] == 1950
    assert db.value("SELECT sum(ratings) FROM datasets") == 117
    [job] = staff.run("jobs", "list", "--json").json()
    assert staff.run("jobs", "show", str(job["id"]), "--wait", "--json").json() == job
    assert staff.run("jobs", "list", "--ids").ok() == f"{job['id']}\n"
    staff.run("jobs", "cancel", str(job["id"])).failed(1)


def test_rejected_rows_are_printed_with_their_lines(staff: Shell, dataset: Path) -> None:
    with (dataset / "ratings.csv").open("a") as ratings:
        ratings.write("1,1,7.5,1000000000\n" * 12)
    result = staff.run("import", "movielens", str(dataset))
    assert result.code == 0, result
    assert ["ratings.csv", "129 rows, 117 accepted, 12 rejected"] in [
        line.split("\t") for line in result.out.splitlines()
    ]
    lines = [line for line in result.err.splitlines() if line.startswith("ratings.csv:")]
    assert [line.split(":")[1] for line in lines] == [str(number) for number in range(119, 129)]
    assert "... and more: movierec jobs show" in result.err


def test_importing_a_zip_archive_twice_changes_nothing(staff: Shell, dataset: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "ml"), "zip", dataset.parent, dataset.name)
    first = staff.run("import", "movielens", archive, "--json").json()
    assert first["state"] == "succeeded"
    movies = db.value("SELECT count(*) FROM movies")
    assert staff.run("import", "movielens", archive, "--json").json()["state"] == "succeeded"
    assert db.value("SELECT count(*) FROM movies") == movies
    assert db.value("SELECT sum(ratings) FROM datasets") == 117


def test_no_wait_returns_the_job(staff: Shell, dataset: Path) -> None:
    job = staff.run("import", "movielens", str(dataset), "--no-wait", "--json").json()
    assert staff.run("jobs", "show", str(job["id"]), "--wait", "--json").json()["state"] == "succeeded"


def test_unreadable_dataset_exits_with_2(staff: Shell, tmp_path: Path) -> None:
    assert "not a MovieLens folder" in staff.run("import", "movielens", str(tmp_path)).failed(2)
    no_archive = tmp_path / "no.zip"
    no_archive.write_text("nonsense")
    assert staff.run("import", "movielens", str(no_archive)).code == 2
    with zipfile.ZipFile(no_archive, "w") as other:
        other.writestr("readme.txt", "nothing here")
    assert staff.run("import", "movielens", str(no_archive)).code == 2


def test_import_and_training_need_the_staff_role(ada: Shell, dataset: Path) -> None:
    refused = ada.run("import", "movielens", str(dataset)).failed(4)
    assert "Only staff" in refused
    assert "uploading" not in refused  # refused before the upload
    for command in ("train", "model", "rollback"):
        ada.run("admin", command).failed(4)


def test_progress_bar_is_shown_at_a_terminal(staff: Shell, dataset: Path) -> None:
    result = staff.run_at_terminal("import", "movielens", str(dataset))
    assert result.code == 0, result
    assert "uploading" in result.err
    assert "succeeded" in result.out


def test_model_is_trained_shown_and_rolled_back(staff: Shell, dataset: Path) -> None:
    assert staff.run("admin", "model").code == 1
    assert staff.run("admin", "train").code == 1  # nothing to train on
    assert staff.run("import", "movielens", str(dataset)).code == 0
    result = staff.run("admin", "train", "--json")
    assert result.json()["state"] == "succeeded", result
    first = staff.run("admin", "model", "--json").json()["version"]
    assert staff.run("admin", "rollback").code == 1  # there is no other
    assert staff.run("admin", "train").code == 0
    assert staff.run("admin", "model", "--json").json()["version"] != first
    assert staff.run("admin", "rollback", "--json").json()["version"] == first


# Waiting for a job, without a daemon


def job(state: str, done: int = 0, total: int = 0, **more: Any) -> dict[str, Any]:
    progress = {"done": done, "total": total, "stage": more.pop("stage", "")}
    return {"id": 7, "kind": "train", "state": state, "progress": progress, "error": None, **more}


class Jobs:
    """Fake client that returns or raises the given results one after another."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)

    def job(self, _: int) -> Any:
        answer = self._answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_FIRST_POLL_SECONDS", 0.05)
    monkeypatch.setattr(progress, "_LONGEST_POLL_SECONDS", 0.05)


def test_progress_prints_one_line_per_tenth(capsys: Any) -> None:
    states = [job("running", done, 1000, stage="solving") for done in range(0, 1000, 7)]
    monkey_jobs = Jobs(*states[::20], job("succeeded", 1000, 1000, stage="solving"))
    assert wait_for_job(monkey_jobs, job("queued"), ProgressLines())["state"] == "succeeded"  # type: ignore[arg-type]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "solving: 0 %"
    assert lines[-1] == "solving: 100 %"
    assert len(lines) <= 11


def test_restarting_daemon_is_retried() -> None:
    ended = wait_for_job(Jobs(ServerUnreachable(), job("succeeded")), job("running"), ProgressLines())  # type: ignore[arg-type]
    assert ended["state"] == "succeeded"


def test_daemon_that_stays_unreachable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_RETRY_SECONDS", 0.0)
    with pytest.raises(ServerUnreachable):
        wait_for_job(Jobs(ServerUnreachable()), job("running"), ProgressLines())  # type: ignore[arg-type]


@pytest.mark.parametrize(("state", "error"), [("failed", "disk full"), ("cancelled", None)])
def test_job_without_success_raises_its_error(state: str, error: str | None) -> None:
    with pytest.raises(MovierecError, match=error or "it was cancelled"):
        wait_for_job(Jobs(job(state, error=error)), job("running"), ProgressLines())  # type: ignore[arg-type]


def test_interrupted_wait_prints_how_to_find_the_job(capsys: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        wait_for_job(Jobs(KeyboardInterrupt()), job("running"), ProgressLines())  # type: ignore[arg-type]
    assert (
        "To wait for it: movierec jobs show 7 --wait. To cancel it: movierec jobs cancel 7"
        in capsys.readouterr().err
    )
