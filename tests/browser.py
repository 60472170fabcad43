"""A real browser without a window: Chromium, on a page whose script reports to the test."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import IN_CI
from tests.waiting import wait_until

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def browser_program() -> str:
    """Return the path of the browser. Without one the test is skipped, in CI it fails."""
    for name in PROGRAMS:
        if program := shutil.which(name):
            return program
    reason = f"no browser here: install one of {', '.join(PROGRAMS)}"
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


class Page:
    """A page with a script, on an origin of its own. The script is the body of an async function."""

    def __init__(self, script: str = "") -> None:
        self.script = script
        self._reports: list[Any] = []
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(page.html().encode() if self.path == "/" else b"")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(b"")
                page._reports.append(json.loads(body))

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Page:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def html(self) -> str:
        """Return the page: it posts to its own server what the script returns."""
        return f"""<!doctype html><meta charset="utf-8"><title>page</title><script>
            (async () => {{ {self.script} }})()
                .catch(error => ({{failure: String(error)}}))
                .then(report => fetch("/report", {{method: "POST", body: JSON.stringify(report)}}));
            </script>"""

    def report(self, program: str, folder: Path) -> Any:
        """Open the page in a browser that keeps its files in `folder`, and return what the script returned."""
        folder.mkdir(exist_ok=True)
        with (folder / "output.txt").open("wb") as output:
            browser = subprocess.Popen(
                [
                    program,
                    "--headless",
                    "--no-sandbox",  # root may run no sandbox, and the only page is the test's own
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                    "--remote-debugging-port=0",  # stays open after the page has loaded
                    f"--user-data-dir={folder / 'profile'}",
                    f"{self.origin}/",
                ],
                env={
                    **os.environ,
                    "HOME": str(folder),
                    "XDG_CONFIG_HOME": str(folder),
                    "XDG_CACHE_HOME": str(folder),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                wait_until(
                    lambda: self._reports or browser.poll() is not None, 180, what="report of the page"
                )
            finally:
                browser.terminate()
                browser.wait(60)
        assert self._reports, (folder / "output.txt").read_text(errors="replace")[-2000:]
        return self._reports[0]
