"""`/api/schema/` and `/api/docs/`: the OpenAPI document, and Swagger UI from packaged files."""

from __future__ import annotations

import asyncio
import functools
from importlib.resources import files
from pathlib import Path

import yaml
from aiohttp import web

from movierec.api.conditional import content_response
from movierec.api.encoding import encode_json
from movierec.api.endpoint import Endpoint
from movierec.api.openapi import openapi_document
from movierec.errors import NotFound, ValidationFailed
from movierec.tmdb import ATTRIBUTION

ASSETS = Path(str(files("swagger_ui"))) / "static"

# Only the files that the page loads, one of them START; the package also contains an editor.
SERVED = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
    "start.js": "text/javascript",
}

# The C implementation, if PyYAML was built with it, is ten times faster.
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>movierec API</title>
<link rel="icon" type="image/png" href="/api/docs/favicon-32x32.png">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<p style="margin: 2em; text-align: center; font: 0.8em sans-serif">{attribution}</p>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
""".replace("{attribution}", ATTRIBUTION)

START = """SwaggerUIBundle({
  url: "/api/schema/?format=json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""

# Swagger UI sets style attributes and loads its icons from data: URLs; no request leaves the page's origin.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def add_routes(app: web.Application, endpoints: list[Endpoint]) -> None:
    """Serve the documentation of `endpoints`. It is built on the first request, which takes a second or two."""

    @functools.cache
    def as_json() -> bytes:
        return encode_json(openapi_document(endpoints))

    @functools.cache
    def as_yaml() -> bytes:
        document = openapi_document(endpoints)
        return yaml.dump(document, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, encoding="utf-8")

    async def schema(request: web.Request) -> web.Response:
        form = request.query.get("format", "yaml")
        if form not in ("json", "yaml"):
            raise ValidationFailed.of("format", "Use json or yaml.")
        content = await asyncio.to_thread(as_json if form == "json" else as_yaml)
        return content_response(request, content, f"application/{form}", _cached())

    async def page(request: web.Request) -> web.Response:
        return content_response(request, PAGE.encode(), "text/html", _cached(POLICY))

    async def asset(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in SERVED:
            raise NotFound()
        content = START.encode() if name == "start.js" else await asyncio.to_thread(_asset, name)
        return content_response(request, content, SERVED[name], _cached())

    async def home(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/api/docs/", **_cached()})

    for path in ("/api/schema/", "/api/schema"):
        app.router.add_get(path, schema)
    for path in ("/api/docs/", "/api/docs"):
        app.router.add_get(path, page)
    app.router.add_get("/api/docs/{name}", asset)
    app.router.add_get("/", home)


@functools.cache
def _asset(name: str) -> bytes:
    return (ASSETS / name).read_bytes()


def _cached(policy: str | None = None) -> dict[str, str]:
    headers = {"Cache-Control": "public, max-age=300"}
    return {**headers, "Content-Security-Policy": policy} if policy else headers
