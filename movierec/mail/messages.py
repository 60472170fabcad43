"""Texts of mails, and the conversion of a stored mail to a message with a text and an HTML part."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from typing import NamedTuple


class MailKind(StrEnum):
    """Kinds of mails; the values are stored."""

    VERIFY = "verify_email"
    RESET = "password_reset"
    RESET_DONE = "password_was_reset"
    CHANGE = "change_email"
    CHANGE_ASKED = "email_change_asked"
    CHANGED = "email_changed"


class MailText(NamedTuple):
    """Subject and plain-text body of a mail."""

    subject: str
    body: str


_SUBJECTS = {
    MailKind.VERIFY: "Confirm your e-mail address",
    MailKind.RESET: "Set a new password",
    MailKind.RESET_DONE: "Your password was changed",
    MailKind.CHANGE: "Confirm your new e-mail address",
    MailKind.CHANGE_ASKED: "Your e-mail address is about to change",
    MailKind.CHANGED: "Your e-mail address was changed",
}

_BODIES = {
    MailKind.VERIFY: (
        "please confirm that this address is yours:",
        "{link}",
        "Or run `movierec account verify` and paste this when asked:",
        "{token}",
        "The link works once, for 24 hours. If you did not open an account, ignore this mail.",
    ),
    MailKind.RESET: (
        "somebody, probably you, asked for a new password for your account. Set it here:",
        "{link}",
        "Or run `movierec account reset-password --confirm` and paste this when asked:",
        "{token}",
        "The link works once, for 30 minutes. If it was not you, ignore this mail: nothing has changed.",
    ),
    MailKind.RESET_DONE: (
        "your password was changed with a link from a mail. Every session has ended.",
        "If it was not you, somebody reads your mail: tell the administrator of this daemon.",
    ),
    MailKind.CHANGE: (
        "please confirm that this is the new address of your account:",
        "{link}",
        "Or run `movierec account email --confirm` and paste this when asked:",
        "{token}",
        "The link works once, for 24 hours. If you did not ask for it, ignore this mail.",
    ),
    MailKind.CHANGE_ASKED: (
        "the address of your account shall become {about}. It does once that address is confirmed.",
        "If you did not ask for it, change your password now: that stops it.",
    ),
    MailKind.CHANGED: (
        "the address of your account is {about} from now on. This is the last mail to the old one.",
        "If it was not you, tell the administrator of this daemon.",
    ),
}


def mail_text(kind: MailKind, username: str, *, about: str = "", link: str = "", token: str = "") -> MailText:
    """Render a mail. Text that users chose appears in the body only, never in a header."""
    paragraphs = (f"Hello {username},", *_BODIES[kind])
    body = "\n\n".join(part.format(about=about, link=link, token=token) for part in paragraphs[1:])
    return MailText(f"movierec: {_SUBJECTS[kind]}", f"{paragraphs[0]}\n\n{body}\n")


def email_message(
    mail_id: int, sender: str, recipient: str, text: MailText, created_at: int, host: str
) -> EmailMessage:
    """Build the message to send. Raises ValueError for an address that a header cannot contain."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("movierec", addr_spec=sender)
    try:
        message["To"] = Address(addr_spec=idna_address(recipient))
    except MessageError as error:
        raise ValueError("This is not an e-mail address.") from error
    message["Subject"] = text.subject
    message["Date"] = datetime.fromtimestamp(created_at, UTC)
    # The same at every attempt, so that a duplicate delivery is recognisable.
    message["Message-ID"] = f"<{mail_id}.{created_at}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.body)
    message.add_alternative(html_body(text.body), subtype="html")
    return message


def idna_address(address: str) -> str:
    """Encode the domain of an address with IDNA."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def html_body(body: str) -> str:
    """Convert paragraphs to HTML; a paragraph that is a URL becomes a link."""
    parts = [html.escape(part) for part in body.strip().split("\n\n")]
    paragraphs = [
        f'<p><a href="{part}">{part}</a></p>'
        if part.startswith(("https://", "http://"))
        else f"<p>{part}</p>"
        for part in parts
    ]
    content = "".join(f"{part}\n" for part in paragraphs)
    return f'<!DOCTYPE html>\n<html lang="en"><body>\n{content}</body></html>\n'
