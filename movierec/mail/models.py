"""Table of mails: enqueued in a transaction, then composed, then delivered."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, Check, ForeignKeyField, IntegerField, TextField

from movierec.auth.models import User
from movierec.db import BaseModel


class OutgoingMail(BaseModel):
    """A mail in the outbox. `user` is null until an enqueued address is looked up."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", null=True)
    kind = TextField()
    recipient = TextField()
    # Another address that the mail mentions.
    about = TextField(default="")
    # The account's epoch when it was enqueued: a request from before a password change is not served after it.
    auth_epoch = IntegerField(null=True)
    state = TextField(constraints=[Check("state IN ('requested', 'pending', 'sent', 'failed')")])
    subject = TextField(default="")
    # Emptied when it is no longer needed: it may contain a token.
    body = TextField(default="")
    attempts = IntegerField(default=0)
    # Random id of the delivery under way: no other daemon claims the mail before due_at.
    claim = TextField(default="")
    error = TextField(default="")
    created_at = BigIntegerField()
    due_at = BigIntegerField()
    # Time from which the mail is useless: its link has expired.
    expires_at = BigIntegerField()
    sent_at = BigIntegerField(null=True)

    class Meta:
        table_name = "outbox"
        indexes = ((("state", "due_at"), False),)
