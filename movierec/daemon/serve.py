"""The daemon process: prepare the database, share one socket among workers, shut down gracefully."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import socket
import sys
import time

from movierec import db, movies, tables
from movierec.api.app import create_app
from movierec.api.listener import listen_on_socket
from movierec.api.services import drain
from movierec.config import Settings
from movierec.daemon.restore import hold_daemon_lock
from movierec.errors import ConfigurationError

RESTART_PAUSE_SECONDS = 1.0


def serve(settings: Settings) -> int:
    """Run until a stop signal and return the exit code."""
    with hold_daemon_lock(settings):
        return _serve(settings)


def _serve(settings: Settings) -> int:
    prepare_database(settings)
    listening = _bind(settings.server.host, settings.server.port)
    # The actual port if a free one was requested, because links use it.
    server = dataclasses.replace(settings.server, port=listening.getsockname()[1])
    settings = dataclasses.replace(settings, server=server)
    if settings.server.workers == 1:
        _print_address(listening)
        return asyncio.run(_run(settings, listening))
    return _supervise(settings, listening)


def prepare_database(settings: Settings) -> None:
    """Migrate the database, check that every table has its merge rule, and seed an empty catalogue."""
    db.connect(settings)
    try:
        db.run_with_retry(db.migrate)
        db.run_with_retry(tables.check_tables)
        if db.run_with_retry(movies.needs_seed):
            print("first start: loading the shipped catalogue …", file=sys.stderr, flush=True)
            count = db.run_with_retry(movies.seed_catalogue, int(time.time()))
            print(f"{count:,} movies are ready", file=sys.stderr, flush=True)
    finally:
        db.close()  # no connection may be open across a fork


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {host}:{port}: {error.strerror}. "
            "Stop the process that uses the port, or choose another one: --port 0 selects a free port and prints "
            "the address, which movierec reads from MOVIEREC_SERVER."
        ) from error
    listening.listen(1024)
    listening.setblocking(False)
    return listening


def _print_address(listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    print(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)


async def _run(settings: Settings, listening: socket.socket) -> int:
    """Run one worker until SIGTERM or SIGINT, then finish the requests in flight and close everything."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app = create_app(settings)
    runner = await listen_on_socket(app, listening)
    await stop.wait()
    drain(app)
    await runner.cleanup()
    return 0


def _supervise(settings: Settings, listening: socket.socket) -> int:
    """Fork the workers, restart one that dies, forward signals. This process does nothing else."""
    workers: set[int] = set()
    stopping = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True
        for worker in workers:
            os.kill(worker, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    _print_address(listening)
    while True:
        while not stopping and len(workers) < settings.server.workers:
            workers.add(_fork(settings, listening))
        if not workers:
            return 0
        worker, _status = os.wait()
        workers.discard(worker)
        if not stopping:
            print(f"worker {worker} died; starting another", file=sys.stderr, flush=True)
            time.sleep(RESTART_PAUSE_SECONDS)


def _fork(settings: Settings, listening: socket.socket) -> int:
    worker = os.fork()
    if worker:
        return worker
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        code = asyncio.run(_run(settings, listening))
    finally:
        os._exit(code)  # never return into the supervisor's code
