"""The documents: links that lead somewhere, blocks that run, a README of one page, no word of older layouts."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.daemon.test_serve import Served
from tests.running import PASSWORD

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
# A comment before a block says that a test runs it.
RUNNABLE = re.compile(r"<!-- runnable -->\n+```console\n(.*?)```", re.DOTALL)
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def anchors(text: str) -> set[str]:
    """Return the anchors of headings as forges and MkDocs make them."""
    headings = HEADING.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    plain = (re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower() for heading in headings)
    return {re.sub(r"\s", "-", heading) for heading in plain}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_relative_links_lead_to_a_file_and_a_heading(document: Path) -> None:
    wrong = []
    for link in LINK.findall(without_code(document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (
            anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8"))
        ):
            wrong.append(link)
    assert not wrong


def test_links_are_checked_also_for_their_anchors() -> None:
    assert anchors("# Size & speed: `all`\n\n## Bring it in\n```\n# no\n```") == {
        "size--speed-all",
        "bring-it-in",
    }


def test_the_readme_is_one_page() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_every_document_is_in_the_site_and_in_the_readme() -> None:
    readme, site = (ROOT / "README.md").read_text(), (ROOT / "mkdocs.yml").read_text()
    for document in (ROOT / "docs").glob("*.md"):
        if document.name != "package-index.md":
            assert f": {document.name}" in site
            assert document.name == "index.md" or f"docs/{document.name}" in readme


def test_the_package_index_gets_no_relative_link() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    description = ROOT / setup["metadata"]["long_description"].removeprefix("file:").strip()
    links = LINK.findall(without_code(description.read_text(encoding="utf-8")))
    assert not [link for link in links if not link.startswith("https://")]


def test_files_named_in_documents_exist() -> None:
    """Paths below the project's folders, as the documents write them in code."""
    pattern = re.compile(r"`((?:movierec|tests|migrations|benchmarks|scripts|docs)/[\w./-]*\w)/?`")
    missing = [
        f"{document.relative_to(ROOT)}: {path}"
        for document in DOCUMENTS
        if document.name != "CHANGELOG.md"
        for path in pattern.findall(document.read_text(encoding="utf-8"))
        if not (ROOT / path).exists() and "N" * 4 not in path and "NAME" not in path
    ]
    assert not missing


class Block(NamedTuple):
    """One runnable block of a document: its commands, in order."""

    document: Path
    commands: list[str]


def runnable_blocks() -> Iterator[Block]:
    for document in DOCUMENTS:
        for text in RUNNABLE.findall(document.read_text(encoding="utf-8")):
            lines = re.sub(r"\\\n\s*", "", text).splitlines()
            yield Block(document, [line[2:] for line in lines if line.startswith("$ ")])


BLOCKS = list(runnable_blocks())


def test_some_blocks_of_the_guides_are_run() -> None:
    assert {block.document.name for block in BLOCKS} >= {
        "getting-started.md",
        "command-line.md",
        "importing.md",
    }


@pytest.mark.parametrize("name", sorted({block.document.name for block in BLOCKS}))
def test_runnable_blocks_run(name: str, tmp_path: Path) -> None:
    """All blocks of a document one after the other, with the shipped catalogue, as somebody signed in."""
    served = Served(tmp_path / "home")
    try:
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "MOVIEREC_HOME": str(tmp_path / "home"),
            "MOVIEREC_SERVER": served.url,
            "HOME": str(tmp_path),
        }
        work = tmp_path / "work"
        work.mkdir()
        account = ["register", "reader", "--email", "reader@example.org", "--password-stdin"]
        run(["movierec", *account], environment, work, PASSWORD)
        for block in BLOCKS:
            if block.document.name == name:
                for command in block.commands:
                    run(["bash", "-euo", "pipefail", "-c", command], environment, work)
    finally:
        served.stop()


def run(command: list[str], environment: dict[str, str], folder: Path, text: str = "") -> None:
    done = subprocess.run(
        command, env=environment, cwd=folder, input=text, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{shlex.join(command)}: exit {done.returncode}\n{done.stderr}"
