"""Movierec ids of movies without external ids, so that an export finds them on another server.

No migration 0009 exists; `migrations/__init__.py` says why.

Frozen copies of the models as they were; they never change with the models.
"""

from peewee import BigAutoField, ForeignKeyField, Model, TextField


def tables(db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class User(Table):
        id = BigAutoField()

        class Meta:
            table_name = "users"

    class Movie(Table):
        id = BigAutoField()

        class Meta:
            table_name = "movies"

    class OwnId(Table):
        movie = ForeignKeyField(Movie, on_delete="CASCADE", primary_key=True)
        own_id = TextField(unique=True)
        added_by = ForeignKeyField(User, on_delete="SET NULL", null=True)

        class Meta:
            table_name = "own_ids"

    return [OwnId]


def up(migrator, db):
    db.create_tables(tables(db), safe=False)


def down(migrator, db):
    db.drop_tables(tables(db), safe=False)
