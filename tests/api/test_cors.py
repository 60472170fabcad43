"""CORS: an exact allow-list of origins, preflights, exposed headers, and a page in a real browser."""

from __future__ import annotations

import dataclasses
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from movierec.api.app import ENDPOINTS
from movierec.config import Settings
from movierec.errors import ConfigurationError
from tests import browser
from tests.browser import Page, browser_program
from tests.conftest import make_settings
from tests.running import Daemon, Reply, RunningDaemon

LISTED = "https://films.example.org"
OTHERS = [
    "http://films.example.org",
    "https://films.example.org:8443",
    "https://films.example.org.evil.example",
    "https://evil.films.example.org",
    "https://FILMS.example.org",
    "https://films.example.org/",
    "null",
    "",
    "*",
]
ASKED = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}


def with_origins(settings: Settings, *origins: str) -> Settings:
    return dataclasses.replace(settings, server=dataclasses.replace(settings.server, cors_origins=origins))


@pytest.fixture
def daemon(settings: Settings) -> Iterator[RunningDaemon]:
    with Daemon(with_origins(settings, LISTED, "http://localhost:5173")) as running:
        yield running


def cors_headers(reply: Reply) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name.startswith("Access-Control-")}


def names(text: str | None) -> list[str]:
    return [] if text is None else [name.strip() for name in text.split(",")]


def _every_request() -> Iterator[tuple[str, str]]:
    """A request to each endpoint, and one that is refused in each of the ways before any endpoint."""
    for endpoint in ENDPOINTS:
        yield endpoint.method, re.sub(r"\{\w+\}", "999999999", endpoint.path)
    yield from [
        ("GET", "/no/such/path"),
        ("DELETE", "/api/v1/movies/"),
        ("HEAD", "/api/v1/movies/"),
        ("GET", "/api/schema/?format=json"),
        ("GET", "/api/docs/"),
        ("GET", "/"),
    ]


def test_every_answer_to_a_listed_origin_can_be_read(daemon: RunningDaemon) -> None:
    for method, path in _every_request():
        reply = daemon.request(method, path, headers={"Origin": LISTED})
        assert reply.headers["Access-Control-Allow-Origin"] == LISTED, f"{method} {path}: {reply.status}"
        assert "Access-Control-Allow-Credentials" not in reply.headers
        assert "Origin" in names(reply.headers["Vary"])
        assert {"ETag", "Location", "Retry-After", "X-Request-ID", "RateLimit"} <= set(
            names(reply.headers["Access-Control-Expose-Headers"])
        )


def test_other_origins_get_no_header_of_cors(daemon: RunningDaemon) -> None:
    for method, path in _every_request():
        for headers in ({}, {"Origin": OTHERS[0]}):
            reply = daemon.request(method, path, headers=headers)
            assert not cors_headers(reply), f"{method} {path}"
            assert "Origin" in names(reply.headers["Vary"]), f"{method} {path}: a cache would mix them up"
    for origin in OTHERS:
        assert not cors_headers(daemon.request("GET", "/api/v1/movies/", headers={"Origin": origin}))
        reply = daemon.request("OPTIONS", "/api/v1/movies/", headers={"Origin": origin, **ASKED})
        assert not cors_headers(reply), origin


def test_cached_answers_vary_by_token_and_origin(daemon: RunningDaemon) -> None:
    reply = daemon.request("GET", "/api/v1/movies/", headers={"Origin": LISTED})
    again = {"Origin": LISTED, "If-None-Match": reply.headers["ETag"]}
    same = daemon.request("GET", "/api/v1/movies/", headers=again)
    assert (reply.status, same.status) == (200, 304)
    for each in (reply, same):
        assert names(each.headers["Vary"]) == ["Authorization", "Origin"]
        assert each.headers["Access-Control-Allow-Origin"] == LISTED


@pytest.mark.parametrize("path", ["/api/v1/movies/", "/api/v1/favorites/ratings/movie/1/", "/no/such/path"])
def test_preflight_of_a_listed_origin(daemon: RunningDaemon, path: str) -> None:
    reply = daemon.request("OPTIONS", path, headers={"Origin": LISTED, **ASKED})
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["Access-Control-Allow-Origin"] == LISTED
    assert names(reply.headers["Access-Control-Allow-Headers"]) == [
        "Authorization",
        "Content-Type",
        "If-Match",
        "If-None-Match",
        "Idempotency-Key",
        "X-Request-ID",
    ]
    used = {endpoint.method for endpoint in ENDPOINTS} | {"HEAD"}
    assert set(names(reply.headers["Access-Control-Allow-Methods"])) == used
    assert int(reply.headers["Access-Control-Max-Age"]) == 7200
    assert "Access-Control-Allow-Credentials" not in reply.headers
    assert "Origin" in names(reply.headers["Vary"])
    assert reply.headers["X-Request-ID"]


def test_preflight_for_another_host_name_is_refused(daemon: RunningDaemon) -> None:
    headers = {"Origin": LISTED, "Host": "evil.example", **ASKED}
    assert daemon.request("OPTIONS", "/api/v1/movies/", headers=headers).status == 421


def test_no_origin_is_listed_by_default(settings: Settings) -> None:
    with Daemon(settings) as running:
        for method, headers in (("GET", {}), ("OPTIONS", ASKED)):
            reply = running.request(method, "/api/v1/movies/", headers={"Origin": LISTED, **headers})
            assert not cors_headers(reply)
            assert "Origin" not in names(reply.headers["Vary"])


def test_origins_are_written_as_browsers_send_them(tmp_path: Path) -> None:
    def load(*origins: str) -> Settings:
        return make_settings(tmp_path, MOVIEREC_SERVER__CORS_ORIGINS=",".join(origins))

    right = (
        "https://films.example.org",
        "http://localhost:5173",
        "http://[::1]:8080",
        "http://a.example:443",
    )
    assert load(*right).server.cors_origins == right
    for wrong in (
        "*",
        "null",
        "films.example.org",
        "https://films.example.org/",
        "https://films.example.org/app",
        "https://films.example.org:443",
        "http://films.example.org:80",
        "https://Films.example.org",
        "https://*.example.org",
        "https://ann@films.example.org",
        "ftp://films.example.org",
    ):
        with pytest.raises(ConfigurationError, match=r"server\.cors_origins"):
            load(right[0], wrong)


SCRIPT = """
    const url = API + "/api/v1/favorites/ratings/movie/" + MOVIE + "/";
    const headers = {
        "Authorization": "Bearer " + TOKEN, "Content-Type": "application/json", "Idempotency-Key": "a",
        "X-Request-ID": "from-the-page",
    };
    const attempt = work => work().catch(error => error.name);
    const rate = (rating, more = {}) => attempt(async () => {
        const answer = await fetch(url, {method: "PUT", headers, body: JSON.stringify({rating}), ...more});
        return [answer.status, (await answer.json()).rating, answer.headers.get("X-Request-ID")];
    });
    const get = (path, more = {}) => attempt(async () => {
        const answer = await fetch(API + path, more);
        return [answer.status, answer.headers.get("ETag") !== null, typeof await answer.json()];
    });
    return {
        movies: await get("/api/v1/movies/"),
        unauthorised: await get("/api/v1/favorites/"),
        missing: await get("/no/such/path"),
        first: await rate(2.5),
        second: await rate(3.5),
        credentials: await get("/api/v1/movies/", {credentials: "include"}),
        header: await get("/api/v1/movies/", {headers: {"X-Other": "1"}}),
    };
"""


def test_page_in_a_browser_on_another_origin(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = browser_program()
    caplog.set_level(logging.INFO, "movierec.access")
    with Page() as listed, Page() as other, Daemon(with_origins(settings, listed.origin)) as running:
        ann = running.register()
        movie = running.get("/api/v1/movies/?page_size=1")["results"][0]["id"]
        constants = {"API": running.url, "MOVIE": movie, "TOKEN": ann.access}
        script = "".join(f"const {name} = {json.dumps(value)};" for name, value in constants.items()) + SCRIPT
        listed.script = other.script = script
        caplog.clear()
        report = listed.report(program, tmp_path / "listed")
        assert report == {
            "movies": [200, True, "object"],
            "unauthorised": [401, False, "object"],
            "missing": [404, False, "object"],
            "first": [201, 2.5, "from-the-page"],
            "second": [200, 3.5, "from-the-page"],
            "credentials": "TypeError",
            "header": "TypeError",
        }
        # One for both ratings, which is kept, and one for the header that is not allowed.
        assert _requests(caplog, "OPTIONS") == 2
        caplog.clear()
        report = other.report(program, tmp_path / "other")
        assert set(report.values()) == {"TypeError"}, report
        assert _requests(caplog, "PUT") == 0
        rating = running.get(f"/api/v1/favorites/ratings/movie/{movie}/", token=ann)
        assert rating["rating"] == 3.5


def test_missing_browser_is_a_failure_in_ci_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for in_ci, outcome in ((False, pytest.skip.Exception), (True, pytest.fail.Exception)):
        monkeypatch.setattr(browser, "IN_CI", in_ci)
        with pytest.raises(outcome, match="no browser here"):
            browser_program()


def _requests(caplog: pytest.LogCaptureFixture, method: str) -> int:
    """Number of logged requests with this method."""
    records: list[Any] = [record for record in caplog.records if record.name == "movierec.access"]
    return sum(record.method == method for record in records)
