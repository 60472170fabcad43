"""An SMTP server on loopback with configurable behaviour: accept, refuse, hang, hang up, require a login."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Mailbox:
    """The mails that an SMTP server received. `mode` is its behaviour: accept, hang, drop, or a reply to DATA."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str], bool]] = []
        self.logins: list[bytes] = []
        self.tries = 0
        self.mode = "accept"
        self.recipient_answer = "250 OK"
        self.took = threading.Event()

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.tries += 1
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.mode == "hang":
            await asyncio.sleep(3600)  # clock: a server that hangs
        if self.mode == "drop":
            assert server.transport is not None
            server.transport.abort()
            return "250 never heard"
        if self.mode not in ("accept", "take and hang"):
            return self.mode
        content = envelope.original_content or b""
        self.mails.append(message_from_bytes(content, policy=default))  # type: ignore[arg-type]
        self.envelopes.append((envelope.mail_from or "", list(envelope.rcpt_tos), session.ssl is not None))
        self.took.set()
        if self.mode == "take and hang":
            await asyncio.sleep(3600)  # clock: a server that hangs
        return "250 taken"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _how: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append(given.login)
        return AuthResult(success=given.password == b"s3cret", handled=False)

    def texts(self) -> list[str]:
        """Return the text part of each mail."""
        parts = [mail.get_body(("plain",)) for mail in self.mails]
        return [part.get_content() for part in parts if part is not None]


class SmtpServer:
    """A server that runs in a thread with an event loop of its own, on `port`."""

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        login: bool = False,
    ) -> None:
        self.mailbox, self._tls, self._implicit, self._login = mailbox, tls, implicit, login
        self._started = threading.Event()
        self.port = 0

    def __enter__(self) -> SmtpServer:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._started.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _protocol(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a login in the clear is fine on loopback
            return SMTP(
                self.mailbox,
                hostname="mail.test",
                tls_context=None if self._implicit else self._tls,
                require_starttls=self._tls is not None and not self._implicit,
                auth_required=self._login,
                auth_require_tls=False,
                authenticator=self.mailbox.authenticate if self._login else None,
                loop=self._loop,
            )

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        context = self._tls if self._implicit else None
        server = await self._loop.create_server(self._protocol, "127.0.0.1", self.port, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
