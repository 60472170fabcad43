"""Time of a movie's details from TMDb; its lists have fewer fields."""

from peewee import PostgresqlDatabase


def up(migrator, db):
    kind = "BIGINT" if isinstance(db, PostgresqlDatabase) else "INTEGER"
    db.execute_sql(f"ALTER TABLE movies ADD COLUMN details_at {kind}")


def down(migrator, db):
    db.execute_sql("ALTER TABLE movies DROP COLUMN details_at")
