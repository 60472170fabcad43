"""OpenAPI document and Swagger UI: valid, complete, and served without any other host."""

from __future__ import annotations

import re

import yaml
from openapi_spec_validator import validate

from movierec.api.app import ENDPOINTS
from movierec.api.openapi import openapi_document, operation_id
from tests.running import RunningDaemon


def test_document_is_valid() -> None:
    validate(openapi_document(ENDPOINTS))


def test_every_endpoint_is_described() -> None:
    for endpoint in ENDPOINTS:
        assert endpoint.summary.endswith("."), f"{endpoint.method} {endpoint.path} has no docstring"
    names = [operation_id(endpoint) for endpoint in ENDPOINTS]
    assert len(set(names)) == len(names)


def test_router_and_document_agree(daemon: RunningDaemon) -> None:
    served = daemon.request("GET", "/api/schema/?format=json").json()
    described = {(m.upper(), path) for path, methods in served["paths"].items() for m in methods}
    assert described == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    assert yaml.safe_load(daemon.request("GET", "/api/schema/").body) == served
    daemon.get("/api/schema/?format=xml", status=422)


def test_page_needs_no_other_host(daemon: RunningDaemon) -> None:
    page = daemon.request("GET", "/api/docs/")
    assert page.status == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assert links
    for link in links:
        assert link.startswith("/api/docs/")
        asset = daemon.request("GET", link)
        assert asset.status == 200, link
        assert len(asset.body) > 50
    assert daemon.request("GET", "/api/docs/../../setup.cfg").status == 404
    assert daemon.request("GET", "/").headers["Location"] == "/api/docs/"
