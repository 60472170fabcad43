"""The wheel: everything in it, and a daemon that runs from it alone."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources, with the build tools of this environment."""
    folder = tmp_path_factory.mktemp("build")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."]
    subprocess.run(build, cwd=folder, check=True, capture_output=True)
    return next((folder / "dist").glob("*.whl"))


def test_every_package_is_listed() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    listed = set(setup["options"]["packages"].split())
    found = {".".join(file.parent.relative_to(ROOT).parts) for file in (ROOT / "movierec").rglob("*.py")}
    assert listed == found | {"movierec.migrations"}


def test_the_wheel_holds_what_it_needs_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "movierec/py.typed",
        "movierec/movies/starter/films.xz",
        "movierec/migrations/0001_first_schema.py",
    } <= names
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"movierec"}
    assert wheel.stat().st_size < 3_000_000


def test_installed_alone_it_migrates_and_answers(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    site = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()
    )  # fmt: skip
    zipfile.ZipFile(wheel).extractall(site)
    # Its dependencies come from this environment, but not the checkout itself: that hangs on a .pth file or finder.
    dependencies = tmp_path / "dependencies"
    dependencies.mkdir()
    for item in Path(sysconfig.get_path("purelib")).iterdir():
        if "movierec" not in item.name and item.suffix != ".pth":
            (dependencies / item.name).symlink_to(item)
    run_environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(dependencies),
        "MOVIEREC_HOME": str(tmp_path / "home"),
        "MOVIEREC_AUTH__BCRYPT_COST": "4",
    }
    command = [python, "-c", "from movierec.daemon.app import main; main()"]
    where = subprocess.run(
        [python, "-c", "import movierec; print(movierec.__file__)"],
        env=run_environment, capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert where.stdout.startswith(str(site))
    migrated = subprocess.run(
        [*command, "migrate"], env=run_environment, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "applied 0001_first_schema" in migrated.stdout
    served = subprocess.Popen(
        [*command, "serve", "--port", "0"],
        env=run_environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tmp_path,
    )  # fmt: skip
    try:
        assert served.stdout is not None
        line = served.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line
        from urllib.request import urlopen

        with urlopen(line.split()[-1] + "/api/v1/movies/popular/", timeout=120) as answer:
            assert b"total_results" in answer.read()
        served.terminate()
        assert served.wait(120) == 0
    finally:
        served.kill()
        served.wait()
        assert served.stdout is not None
        served.stdout.close()
