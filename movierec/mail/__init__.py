"""Mail to users: enqueued in the transaction of its cause, composed and delivered by the daemon."""

from movierec.mail.compose import compose_all, compose_next
from movierec.mail.delivery import MailDelivery
from movierec.mail.links import base_url
from movierec.mail.messages import MailKind
from movierec.mail.outbox import (
    OutboxEntry,
    enqueue,
    enqueue_verification,
    outbox_entries,
    outbox_entry,
    pending_count,
)

__all__ = [
    "MailDelivery",
    "MailKind",
    "OutboxEntry",
    "base_url",
    "compose_all",
    "compose_next",
    "enqueue",
    "enqueue_verification",
    "outbox_entries",
    "outbox_entry",
    "pending_count",
]
