"""Mail: the outbox, and the tokens that are mailed.

Frozen copies of the models as they were; they never change with the models.
"""

from peewee import (
    BigAutoField,
    BigIntegerField,
    Check,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


def tables(db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class User(Table):
        id = BigAutoField()

        class Meta:
            table_name = "users"

    class OneTimeToken(Table):
        user = ForeignKeyField(User, on_delete="CASCADE")
        purpose = TextField()
        token_hash = TextField(unique=True)
        auth_epoch = IntegerField()
        email = TextField()
        expires_at = BigIntegerField()
        used_at = BigIntegerField(null=True)

        class Meta:
            table_name = "one_time_tokens"
            primary_key = CompositeKey("user", "purpose")

    class OutgoingMail(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE", null=True)
        kind = TextField()
        recipient = TextField()
        about = TextField(default="")
        auth_epoch = IntegerField(null=True)
        state = TextField(constraints=[Check("state IN ('requested', 'pending', 'sent', 'failed')")])
        subject = TextField(default="")
        body = TextField(default="")
        attempts = IntegerField(default=0)
        claim = TextField(default="")
        error = TextField(default="")
        created_at = BigIntegerField()
        due_at = BigIntegerField()
        expires_at = BigIntegerField()
        sent_at = BigIntegerField(null=True)

        class Meta:
            table_name = "outbox"
            indexes = ((("state", "due_at"), False),)

    return [OneTimeToken, OutgoingMail]


def up(migrator, db):
    db.create_tables(tables(db), safe=False)


def down(migrator, db):
    db.drop_tables(tables(db), safe=False)
