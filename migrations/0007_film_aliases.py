"""Aliases: ids of movies that were merged into others.

Frozen copies of the models as they were; they never change with the models.
"""

from peewee import BigAutoField, BigIntegerField, ForeignKeyField, Model, TextField


def tables(db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Movie(Table):
        id = BigAutoField()

        class Meta:
            table_name = "movies"

    class MovieAlias(Table):
        id = BigIntegerField(primary_key=True)
        movie = ForeignKeyField(Movie, on_delete="CASCADE")
        tmdb_id = BigIntegerField(null=True, index=True)
        imdb_id = TextField(null=True, index=True)
        movielens_id = BigIntegerField(null=True, index=True)
        own_id = TextField(null=True, index=True)
        created_at = BigIntegerField()

        class Meta:
            table_name = "movie_aliases"

    return [MovieAlias]


def up(migrator, db):
    db.create_tables(tables(db), safe=False)


def down(migrator, db):
    db.drop_tables(tables(db), safe=False)
