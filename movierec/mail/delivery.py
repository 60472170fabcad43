"""Background task of a daemon that composes and delivers mail; several daemons may share an outbox."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

from movierec import auth
from movierec.config import Settings
from movierec.durations import HOUR_SECONDS, age_seconds, ago
from movierec.errors import MovierecError
from movierec.mail import compose, messages, outbox, retry, smtp
from movierec.mail.links import base_url
from movierec.mail.outbox import ClaimedMail

InThread = Callable[..., Awaitable[Any]]

# Polled, not woken by requests: otherwise work for a known address would delay the next response measurably.
POLL_SECONDS = 1.0
CLEANUP_SECONDS = HOUR_SECONDS
STOP_SECONDS = 8.0

logger = logging.getLogger("movierec.mail")


class MailDelivery:
    """The delivery task: `start` and `stop` it on an event loop; `read` and `write` run in the database threads."""

    def __init__(
        self, settings: Settings, clock: Callable[[], float], *, read: InThread, write: InThread
    ) -> None:
        self._mail, self._base = settings.mail, base_url(settings.server)
        self._clock, self._read, self._write = clock, read, write
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._cleaned_up_at = 0

    @property
    def _now(self) -> int:
        return int(self._clock())

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Finish the delivery under way, for up to STOP_SECONDS. Other mails stay in the outbox."""
        self._stop.set()
        if self._task is None:
            return
        _, unfinished = await asyncio.wait([self._task], timeout=STOP_SECONDS)
        for task in unfinished:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while not self._stop.is_set():
            try:
                await self._work()
            except MovierecError as error:
                logger.warning("the outbox cannot be reached: %s", error.code)
            except Exception:
                logger.exception("unexpected error around the outbox")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), POLL_SECONDS * random.uniform(0.5, 1.5))

    async def _work(self) -> None:
        """Do all pending work once."""
        pending = await self._read(outbox.pending_work, self._now)
        if pending.requested and self._base:
            while not self._stop.is_set() and await self._write(
                compose.compose_next, self._base, self._mail, self._now
            ):
                pending = pending._replace(due=True)
        if pending.expired and (given_up := await self._write(outbox.fail_expired, self._now)):
            logger.warning("given up on %d mails that could not be delivered in time", given_up)
        if pending.due and self._mail.host:
            await self._deliver_due()
        if age_seconds(self._cleaned_up_at, self._now) >= CLEANUP_SECONDS:
            await self._write(outbox.delete_expired_mails, ago(self._now, days=self._mail.keep_days))
            await self._write(auth.delete_expired_tokens, self._now)
            self._cleaned_up_at = self._now

    async def _deliver_due(self) -> None:
        while not self._stop.is_set():
            mail = await self._write(outbox.claim_mail, self._mail, self._now)
            if mail is None:
                return
            await self._deliver(mail)

    async def _deliver(self, mail: ClaimedMail) -> None:
        extra = {"mail": mail.id, "kind": mail.kind}
        try:
            sender = self._mail.sender
            message = messages.email_message(
                mail.id, sender, mail.recipient, mail.text, mail.created_at, sender.rpartition("@")[2]
            )
            await smtp.send(self._mail, message)
        except (smtp.DeliveryRejected, ValueError) as error:
            # The server's reply is shown to operators only: `movierec-server outbox`.
            logger.warning("mail refused for good", extra=extra)
            await self._record(outbox.mark_failed, mail, str(error))
        except smtp.DeliveryFailed as error:
            logger.warning("mail not delivered, try %d", mail.attempts, extra=extra)
            await self._record(retry.schedule_retry, mail, str(error), self._now)
        else:
            logger.info("mail sent", extra=extra)
            await self._record(outbox.mark_sent, mail, self._now)

    async def _record(self, work: Callable[..., None], *args: object) -> None:
        """Record the outcome of a delivery, with retries while the database is away: otherwise it is sent again."""
        while True:
            try:
                return await self._write(work, *args)  # type: ignore[no-any-return]
            except MovierecError:
                if self._stop.is_set():
                    raise
                await asyncio.sleep(POLL_SECONDS)
