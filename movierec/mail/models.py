"""Table of mails: asked for in the transaction of an act, then written, then delivered."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, Check, ForeignKeyField, IntegerField, TextField

from movierec.auth.models import User
from movierec.db import BaseModel


class OutgoingMail(BaseModel):
    """A mail on its way. `user` is unknown while only an address was given."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", null=True)
    kind = TextField()
    recipient = TextField()
    # The other address, where a mail tells of one.
    about = TextField(default="")
    # The account's epoch when it asked: what was asked before a change of password is not done after it.
    auth_epoch = IntegerField(null=True)
    state = TextField(constraints=[Check("state IN ('requested', 'pending', 'sent', 'failed')")])
    subject = TextField(default="")
    # Emptied once nobody may need it: it may hold a token.
    body = TextField(default="")
    attempts = IntegerField(default=0)
    # Of whoever delivers it now; nobody else takes it up before due_at.
    claim = TextField(default="")
    error = TextField(default="")
    created_at = BigIntegerField()
    due_at = BigIntegerField()
    # Later it is of no use any more: its link is dead.
    expires_at = BigIntegerField()
    sent_at = BigIntegerField(null=True)

    class Meta:
        table_name = "outbox"
        indexes = ((("state", "due_at"), False),)
