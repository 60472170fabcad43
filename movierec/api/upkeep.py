"""Forgetting what has had its time: throttle windows, sessions, audit, journal, jobs; beginning what is due."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from movierec import auth, jobs, library
from movierec.api.services import SERVICES, Services

INTERVAL_SECONDS = 600

logger = logging.getLogger("movierec.api")


async def running(app: web.Application) -> AsyncIterator[None]:
    """Sweep while the application runs."""
    sweeping = asyncio.create_task(_sweep_for_ever(app[SERVICES]))
    yield
    sweeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sweeping


async def _sweep_for_ever(services: Services) -> None:
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        try:
            for sweep in (
                auth.delete_expired_windows,
                auth.delete_expired_sessions,
                auth.delete_expired_events,
            ):
                await services.threads.write(sweep, int(services.clock()))
            await services.threads.write(
                library.delete_expired_entries, services.settings.library, int(services.clock())
            )
            # Step by step: others may write in between.
            while await services.threads.write(jobs.delete_expired_jobs, int(services.clock())):
                pass
            for enqueue_when_due in (jobs.enqueue_training_if_due, jobs.enqueue_sync_if_due):
                now = int(services.clock())
                if await services.threads.write(enqueue_when_due, services.settings, now) is not None:
                    services.worker.wake()
            if services.tmdb is not None:
                await services.tmdb.delete_expired()
        except Exception:
            # Whatever it is, it must not end the sweeping; requests will tell of a broken database.
            logger.exception("could not sweep")
