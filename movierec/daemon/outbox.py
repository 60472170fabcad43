"""`movierec-server outbox`: mails on their way, so that an operator can pass a link on."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from movierec import db, mail
from movierec.config import Settings
from movierec.errors import NotFound
from movierec.mail import OutboxEntry

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def print_outbox(settings: Settings, limit: int, *, as_json: bool) -> None:
    """The newest mails, without their texts; tab-separated."""
    _write_pending(settings)
    found = db.run_with_retry(mail.outbox_entries, limit)
    if as_json:
        print(json.dumps([_document(entry) for entry in found], ensure_ascii=False, indent=2))
        return
    for entry in found:
        cells = (entry.id, entry.state, entry.kind, entry.recipient, _time(entry.created_at), entry.error)
        print("\t".join(map(str, cells)))


def print_mail(settings: Settings, mail_id: int, *, as_json: bool) -> None:
    """One mail with its text. Raises NotFound."""
    _write_pending(settings)
    found = db.run_with_retry(mail.outbox_entry, mail_id)
    if found is None:
        raise NotFound(f"There is no mail {mail_id}. See: movierec-server outbox")
    if as_json:
        print(json.dumps({**_document(found), "body": found.body}, ensure_ascii=False, indent=2))
        return
    print(f"To: {found.recipient}\nSubject: {found.subject}\nState: {found.state}")
    if found.error:
        print(f"Error: {found.error}")
    print(f"\n{found.body or 'The text has been removed: the mail was delivered or has lost its use.'}")


def _write_pending(settings: Settings) -> None:
    """Also without a daemon running, what was asked for is there to read."""
    db.connect(settings)
    base = mail.base_url(settings.server)
    if base is not None:
        db.run_with_retry(mail.compose_all, base, settings.mail, int(time.time()))


def _document(entry: OutboxEntry) -> dict[str, Any]:
    times = ("created_at", "due_at", "expires_at", "sent_at")
    fields = {name: value for name, value in entry._asdict().items() if name != "body"}
    return {name: _time(value) if name in times else value for name, value in fields.items()}


def _time(epoch_seconds: int | None) -> str | None:
    if epoch_seconds is None or epoch_seconds >= 2**60:
        return None
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
