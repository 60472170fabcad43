"""`/metrics`: metrics of the daemon for Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from movierec import mail
from movierec.api.call import Call
from movierec.api.endpoint import Access, Group
from movierec.api.services import SERVICES
from movierec.errors import MovierecError

LAG_INTERVAL_SECONDS = 0.5

group = Group("/metrics", tag="health")


@group.get("/", access=Access.PUBLIC, answers={200: None})
async def metrics(call: Call) -> web.Response:
    """Return the metrics in the text format of Prometheus."""
    services = call.services
    services.metrics.pool_in_use.set(services.threads.in_use)
    services.metrics.model.clear()
    if version := services.recommender.version:
        services.metrics.model.labels(version).set(1)
    # The other metrics are served even if the database is unavailable.
    with contextlib.suppress(MovierecError):
        services.metrics.outbox_pending.set(await call.read(mail.pending_count))
    text = generate_latest(services.metrics.registry)
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


async def measure_event_loop_lag(lag: Gauge) -> None:
    """Measure repeatedly how much later than scheduled the event loop resumes."""
    loop = asyncio.get_running_loop()
    while True:
        expected = loop.time() + LAG_INTERVAL_SECONDS
        await asyncio.sleep(LAG_INTERVAL_SECONDS)
        lag.set(max(0.0, loop.time() - expected))


async def event_loop_monitor(app: web.Application) -> AsyncIterator[None]:
    """Measure the event loop lag while the application runs."""
    watching = asyncio.create_task(measure_event_loop_lag(app[SERVICES].metrics.event_loop_lag))
    yield
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
