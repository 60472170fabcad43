"""Composition root of the daemon: `create_app` connects settings, services and endpoints."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import time
from collections.abc import AsyncIterator

from aiohttp import web

from movierec import auth, config, db
from movierec.api import (
    account_page,
    accounts,
    background,
    changes,
    docs,
    exports,
    favorites,
    health,
    history,
    images,
    import_review,
    imports,
    jobs,
    model,
    monitoring,
    movies,
    profiles,
    ratings,
    recommendations,
    sessions,
    statistics,
    sync,
    users,
    verification,
    watchlist,
)
from movierec.api.call import handle_request
from movierec.api.cors import add_cors_headers
from movierec.api.endpoint import Endpoint
from movierec.api.metrics import DaemonMetrics
from movierec.api.middleware import request_middleware
from movierec.api.services import SERVICES, SHUTDOWN_STATE, Clock, Services, ShutdownState
from movierec.api.threads import ThreadPools
from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.jobs import Worker
from movierec.mail import MailDelivery
from movierec.movies import TmdbSync
from movierec.recommender import ModelKeeper, models_folder, recommender_settings
from movierec.tmdb import TmdbService

GROUPS = [
    accounts.group,
    users.group,
    profiles.group,
    sessions.group,
    verification.group,
    movies.group,
    images.group,
    sync.group,
    favorites.group,
    ratings.group,
    watchlist.group,
    history.group,
    changes.group,
    statistics.group,
    recommendations.group,
    imports.group,
    import_review.group,
    exports.group,
    jobs.group,
    model.group,
    health.group,
    monitoring.group,
]

ENDPOINTS: list[Endpoint] = [endpoint for group in GROUPS for endpoint in group.endpoints]


def create_app(
    settings: Settings, *, clock: Clock = time.time, tmdb: TmdbService | None = None
) -> web.Application:
    """Create the application over the migrated database of `settings`. Starts nothing by itself.

    `tmdb` replaces the TMDb client that the settings describe.
    """
    db.connect(settings)
    app = web.Application(middlewares=[request_middleware], client_max_size=settings.server.body_limit_bytes)
    recommender = ModelKeeper(models_folder(settings), recommender_settings(settings.recommender))
    metrics = DaemonMetrics()
    tmdb = tmdb or _tmdb_of(settings, clock, metrics)
    threads = ThreadPools(settings)
    app[SHUTDOWN_STATE] = ShutdownState()
    app[SERVICES] = Services(
        settings=settings,
        clock=clock,
        threads=threads,
        keys=auth.load_or_create_keys(settings.paths.state / "keys.json"),
        recommender=recommender,
        worker=Worker(settings, clock, before_success=recommender.refresh, tmdb=tmdb),
        sync=TmdbSync(tmdb, settings.tmdb, clock, read=threads.read, write=threads.write),
        tmdb=tmdb,
        metrics=metrics,
    )
    app.on_response_prepare.append(add_cors_headers)
    _add_routes(app)
    docs.add_routes(app, ENDPOINTS)
    account_page.add_routes(app)
    app.cleanup_ctx.extend(
        [_threads, _tmdb, _recommender, _worker, _mail, monitoring.event_loop_monitor, background.maintenance]
    )
    return app


def _tmdb_of(settings: Settings, clock: Clock, metrics: DaemonMetrics) -> TmdbService | None:
    """Return the TMDb client, None without an API key."""
    if not settings.tmdb.api_key:
        return None
    return TmdbService(
        limits_per_process(settings.tmdb, settings.server.workers),
        settings.paths.cache / "tmdb",
        clock,
        count=lambda result: metrics.tmdb_calls.labels(result.value).inc(),
    )


def limits_per_process(tmdb: config.TmdbSettings, workers: int) -> config.TmdbSettings:
    """Divide the request limits of TMDb by the number of processes: all of them share one IP address."""
    return dataclasses.replace(
        tmdb,
        requests_per_second=max(1, tmdb.requests_per_second // workers),
        requests_at_once=max(1, tmdb.requests_at_once // workers),
    )


def _add_routes(app: web.Application) -> None:
    """Register each path with and without its trailing slash: a redirect would cost a request and lose the body."""
    for endpoint in ENDPOINTS:
        handler = functools.partial(handle_request, endpoint=endpoint)
        for path in {endpoint.route, endpoint.route.rstrip("/")}:
            app.router.add_route(endpoint.method, path, handler)
            if endpoint.method == "GET":
                app.router.add_route("HEAD", path, handler)


async def _threads(app: web.Application) -> AsyncIterator[None]:
    services = app[SERVICES]
    # Computed before the first sign-in: its duration must not reveal whether the user name exists.
    await services.threads.hash(auth.dummy_hash, services.settings.auth.bcrypt_cost)
    yield
    services.threads.close()


async def _tmdb(app: web.Application) -> AsyncIterator[None]:
    tmdb = app[SERVICES].tmdb
    if tmdb is None:
        yield
        return
    await tmdb.start()
    fetch = asyncio.create_task(images.fetch_image_urls(tmdb))
    yield
    fetch.cancel()
    await app[SERVICES].sync.close()
    await tmdb.close()


async def _recommender(app: web.Application) -> AsyncIterator[None]:
    """Load the catalogue and the model in the background while the first requests arrive."""
    services = app[SERVICES]
    load = asyncio.create_task(services.threads.read(services.recommender.state))
    yield
    with contextlib.suppress(MovierecError):  # the first request that needs it reports the error
        await load


async def _worker(app: web.Application) -> AsyncIterator[None]:
    worker = app[SERVICES].worker
    worker.start()
    yield
    await worker.stop()


async def _mail(app: web.Application) -> AsyncIterator[None]:
    services = app[SERVICES]
    threads = services.threads
    delivery = MailDelivery(services.settings, services.clock, read=threads.read, write=threads.write)
    delivery.start()
    yield
    await delivery.stop()
