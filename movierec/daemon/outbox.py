"""Command `movierec-server outbox`: pending and sent mails, so that an operator can pass a link on."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from movierec import db, mail
from movierec.config import Settings
from movierec.errors import NotFound
from movierec.mail import OutboxEntry

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def print_outbox(settings: Settings, limit: int, *, as_json: bool) -> None:
    """Print the newest mails without their texts, tab-separated."""
    _compose_pending(settings)
    entries = db.run_with_retry(mail.outbox_entries, limit)
    if as_json:
        print(json.dumps([_document(entry) for entry in entries], ensure_ascii=False, indent=2))
        return
    for entry in entries:
        cells = (
            entry.id,
            entry.state,
            entry.kind,
            entry.recipient,
            _format_time(entry.created_at),
            entry.error,
        )
        print("\t".join(map(str, cells)))


def print_mail(settings: Settings, mail_id: int, *, as_json: bool) -> None:
    """Print one mail with its text. Raises NotFound."""
    _compose_pending(settings)
    entry = db.run_with_retry(mail.outbox_entry, mail_id)
    if entry is None:
        raise NotFound(f"There is no mail {mail_id}. See: movierec-server outbox")
    if as_json:
        print(json.dumps({**_document(entry), "body": entry.body}, ensure_ascii=False, indent=2))
        return
    print(f"To: {entry.recipient}\nSubject: {entry.subject}\nState: {entry.state}")
    if entry.error:
        print(f"Error: {entry.error}")
    print(
        f"\n{entry.body or 'The text was removed, because the mail was delivered or its link has expired.'}"
    )


def _compose_pending(settings: Settings) -> None:
    """Compose requested mails, so that they can be read even if no daemon runs."""
    db.connect(settings)
    base = mail.base_url(settings.server)
    if base is not None:
        db.run_with_retry(mail.compose_all, base, settings.mail, int(time.time()))


def _document(entry: OutboxEntry) -> dict[str, object]:
    times = ("created_at", "due_at", "expires_at", "sent_at")
    fields = {name: value for name, value in entry._asdict().items() if name != "body"}
    return {name: _format_time(value) if name in times else value for name, value in fields.items()}


def _format_time(epoch_seconds: int | None) -> str | None:
    if epoch_seconds is None or epoch_seconds >= 2**60:
        return None
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
