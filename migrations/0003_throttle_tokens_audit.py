"""Attempt counters for throttling, personal tokens for scripts, and the audit log of accounts."""

from peewee import BigAutoField, BigIntegerField, ForeignKeyField, Model, TextField


def tables(db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class User(Table):
        id = BigAutoField()

        class Meta:
            table_name = "users"

    class Tries(Table):
        key = TextField(primary_key=True)
        count = BigIntegerField()
        ends_at = BigIntegerField(index=True)

        class Meta:
            table_name = "throttle"

    class PersonalToken(Table):
        id = BigAutoField()
        user = ForeignKeyField(User, on_delete="CASCADE")
        name = TextField()
        token_hash = TextField(unique=True)
        scopes = TextField()
        epoch = BigIntegerField()
        created_at = BigIntegerField()
        expires_at = BigIntegerField(null=True)
        last_used_at = BigIntegerField(null=True)

        class Meta:
            table_name = "personal_tokens"

    class AuditEntry(Table):
        id = BigAutoField()
        at = BigIntegerField(index=True)
        event = TextField()
        account = TextField(default="", index=True)
        actor = TextField(default="", index=True)
        address = TextField(default="")
        detail = TextField(default="")

        class Meta:
            table_name = "audit"

    return [Tries, PersonalToken, AuditEntry]


def up(migrator, db):
    db.create_tables(tables(db), safe=False)


def down(migrator, db):
    db.drop_tables(tables(db), safe=False)
