"""One mail to the SMTP server: what was accepted, what may be tried again, what never will be accepted."""

from __future__ import annotations

import asyncio
import contextlib
from email.message import EmailMessage

import aiosmtplib

from movierec.config import MailSettings

QUIT_SECONDS = 1.0


class DeliveryFailed(Exception):
    """The server was not reached, or refused for now."""


class DeliveryRejected(DeliveryFailed):
    """The server refuses this mail or its recipient for good."""


async def send(settings: MailSettings, message: EmailMessage) -> None:
    """Deliver `message`. Raises NotDelivered; once it returns the server has taken the mail over."""
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        use_tls=settings.security == "tls",
        # Required, not tried: a server without it must not get the password or the mail in the clear.
        start_tls=settings.security == "starttls",
        validate_certs=settings.verify_certificate,
        cert_bundle=settings.ca_file or None,
        username=settings.username or None,
        password=settings.password or None,
        # Otherwise it is looked up, on the event loop.
        local_hostname=settings.sender.rpartition("@")[2],
        timeout=settings.timeout_seconds,
    )
    try:
        async with asyncio.timeout(settings.timeout_seconds):
            await client.connect()
            await client.send_message(message)
        # A failure from here on is none: the mail must not be sent again for it.
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=QUIT_SECONDS)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise _classified(error) from error
    finally:
        client.close()


def _classified(error: Exception) -> DeliveryFailed:
    reason = type(error).__name__
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        refused = error.recipients[0]
        final, reason = refused.code >= 500, f"recipient refused with {refused.code}: {refused.message}"
    elif isinstance(error, aiosmtplib.SMTPResponseException):
        # Refusing the sender or the login is a matter of configuration, which may get better.
        final = isinstance(error, aiosmtplib.SMTPDataError) and error.code >= 500
        reason = f"{reason} {error.code}: {error.message}"
    else:
        final, reason = False, f"{reason}: {error}" if str(error) else reason
    shown = "".join(c if c.isprintable() else " " for c in reason)[:300]
    return DeliveryRejected(shown) if final else DeliveryFailed(shown)
