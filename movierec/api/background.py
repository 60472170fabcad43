"""The background task of a daemon: runs the retention steps and enqueues due jobs, see `movierec.jobs`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from movierec.api.services import SERVICES, Services
from movierec.jobs import retention, schedule

logger = logging.getLogger("movierec.api")


async def maintenance(app: web.Application) -> AsyncIterator[None]:
    """Run the maintenance task while the application runs."""
    task = asyncio.create_task(_maintain(app[SERVICES]))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _maintain(services: Services) -> None:
    while True:
        await asyncio.sleep(schedule.INTERVAL_SECONDS)
        try:
            await _maintain_once(services)
        except Exception:
            # No error may end the task; requests report a broken database.
            logger.exception("the maintenance task failed")


async def _maintain_once(services: Services) -> None:
    for step in retention.STEPS:
        # One step at a time: others may write in between.
        while await services.threads.write(step, services.settings, int(services.clock())):
            pass
    for enqueue_if_due in schedule.DUE_JOBS:
        if await services.threads.write(enqueue_if_due, services.settings, int(services.clock())) is not None:
            services.worker.wake()
    if services.tmdb is not None:
        await services.tmdb.delete_expired()
