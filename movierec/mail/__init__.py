"""Mail to users: asked for in the transaction of an act, written and delivered by the daemon."""

from movierec.mail.composing import compose_all, compose_next
from movierec.mail.delivery import Delivery
from movierec.mail.links import base_url
from movierec.mail.messages import Kind
from movierec.mail.outbox import Entry, ask, ask_to_verify, entry, listed, pending_count

__all__ = [
    "Delivery",
    "Entry",
    "Kind",
    "ask",
    "ask_to_verify",
    "base_url",
    "compose_all",
    "compose_next",
    "entry",
    "listed",
    "pending_count",
]
