"""The part of a daemon that writes and delivers mail. Several daemons may do so at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

from movierec import auth
from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.mail import composing, messages, outbox, smtp
from movierec.mail.links import base_url
from movierec.mail.outbox import DAY_SECONDS, ClaimedMail

InThread = Callable[..., Awaitable[Any]]

# Not woken by requests: what is done for a known address must not fall into the time of the next answer.
POLL_SECONDS = 1.0
CLEANUP_SECONDS = 3600
STOP_SECONDS = 8.0

logger = logging.getLogger("movierec.mail")


class MailDelivery:
    """`start` and `stop` it on an event loop; `read` and `write` run work in the database threads."""

    def __init__(
        self, settings: Settings, clock: Callable[[], float], *, read: InThread, write: InThread
    ) -> None:
        self._mail, self._base = settings.mail, base_url(settings.server)
        self._clock, self._read, self._write = clock, read, write
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._purged_at = 0

    @property
    def _now(self) -> int:
        return int(self._clock())

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Finish the mail in hand, if its server answers soon; what is left is another daemon's or later."""
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
                await self._look()
            except MovierecError as error:
                logger.warning("the outbox cannot be reached: %s", error.code)
            except Exception:
                logger.exception("unexpected error around the outbox")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), POLL_SECONDS * random.uniform(0.5, 1.5))

    async def _look(self) -> None:
        """Do everything that is at hand."""
        found = await self._read(outbox.pending_work, self._now)
        if found.requested and self._base:
            while not self._stop.is_set() and await self._write(
                composing.compose_next, self._base, self._mail, self._now
            ):
                found = found._replace(due=True)
        if found.expired and (given_up := await self._write(outbox.fail_expired, self._now)):
            logger.warning("given up on %d mails that could not be delivered in time", given_up)
        if found.due and self._mail.host:
            await self._deliver_due()
        if self._now >= self._purged_at + CLEANUP_SECONDS:
            await self._write(outbox.delete_expired_mails, self._now - self._mail.keep_days * DAY_SECONDS)
            await self._write(auth.delete_expired_tokens, self._now)
            self._purged_at = self._now

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
            made = messages.email_message(
                mail.id, sender, mail.recipient, mail.text, mail.created_at, sender.rpartition("@")[2]
            )
            await smtp.send(self._mail, made)
        except (smtp.DeliveryRejected, ValueError) as error:
            # What the server said is for the operator's eyes: `movierec-server outbox`.
            logger.warning("mail refused for good", extra=extra)
            await self._surely(outbox.mark_failed, mail, str(error))
        except smtp.DeliveryFailed as error:
            logger.warning("mail not delivered, try %d", mail.attempts, extra=extra)
            await self._surely(outbox.schedule_retry, mail, str(error), self._now)
        else:
            logger.info("mail sent", extra=extra)
            await self._surely(outbox.mark_sent, mail, self._now)

    async def _surely(self, work: Callable[..., None], *args: object) -> None:
        """Write down what became of a mail, however long the database is away: or it is sent again."""
        while True:
            try:
                return await self._write(work, *args)  # type: ignore[no-any-return]
            except MovierecError:
                if self._stop.is_set():
                    raise
                await asyncio.sleep(POLL_SECONDS)
