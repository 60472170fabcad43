"""Send one mail by SMTP, and classify failures: retry later, or rejected for good."""

from __future__ import annotations

import asyncio
import contextlib
from email.message import EmailMessage

import aiosmtplib

from movierec.config import MailSettings

QUIT_SECONDS = 1.0


class DeliveryFailed(Exception):
    """The server was not reached, or refused temporarily."""


class DeliveryRejected(DeliveryFailed):
    """The server refuses this mail or its recipient permanently."""


async def send(settings: MailSettings, message: EmailMessage) -> None:
    """Send a message. When this returns, the server has accepted it. Raises DeliveryFailed."""
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        use_tls=settings.security == "tls",
        # Required, not opportunistic: a server without it must not get the password or the mail in the clear.
        start_tls=settings.security == "starttls",
        validate_certs=settings.verify_certificate,
        cert_bundle=settings.ca_file or None,
        username=settings.username or None,
        password=settings.password or None,
        # Otherwise aiosmtplib looks it up by a blocking call on the event loop.
        local_hostname=settings.sender.rpartition("@")[2],
        timeout=settings.timeout_seconds,
    )
    try:
        async with asyncio.timeout(settings.timeout_seconds):
            await client.connect()
            await client.send_message(message)
        # The mail is accepted: a failure from here on must not cause a retry.
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=QUIT_SECONDS)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise _classify(error) from error
    finally:
        client.close()


def _classify(error: Exception) -> DeliveryFailed:
    reason = type(error).__name__
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        refused = error.recipients[0]
        final, reason = refused.code >= 500, f"recipient refused with {refused.code}: {refused.message}"
    elif isinstance(error, aiosmtplib.SMTPResponseException):
        # A refused sender or login is a configuration error, which may be corrected: retry.
        final = isinstance(error, aiosmtplib.SMTPDataError) and error.code >= 500
        reason = f"{reason} {error.code}: {error.message}"
    else:
        final, reason = False, f"{reason}: {error}" if str(error) else reason
    printable = "".join(c if c.isprintable() else " " for c in reason)[:300]
    return DeliveryRejected(printable) if final else DeliveryFailed(printable)
