"""Titles that films are found by, and the index of their trigrams.

The index follows `movie_titles` by triggers, on both databases without any extension: full-text search over
what the trigrams of a key are, spelled as it is and without spaces. Keys are replaced, never updated.
"""

from peewee import SQL, BigAutoField, ForeignKeyField, Model, PostgresqlDatabase, TextField

from movierec.movies.title_keys import title_key

# `%s` is the row of movie_titles; padded, so that the beginning and the end of a title are trigrams too.
SPELLING = "'  ' || %s.key || '   ' || %s.compact || ' '"

SQLITE_UP = [
    "CREATE VIRTUAL TABLE title_search USING fts5("
    "spelling, content='', detail='none', columnsize=0, tokenize='trigram case_sensitive 1')",
    "CREATE TRIGGER title_search_added AFTER INSERT ON movie_titles BEGIN "
    f"INSERT INTO title_search (rowid, spelling) VALUES (new.id, {SPELLING % ('new', 'new')}); END",
    "CREATE TRIGGER title_search_removed AFTER DELETE ON movie_titles BEGIN "
    "INSERT INTO title_search (title_search, rowid, spelling) "
    f"VALUES ('delete', old.id, {SPELLING % ('old', 'old')}); END",
]
SQLITE_DOWN = ["DROP TABLE title_search"]

POSTGRES_UP = [
    "CREATE TABLE title_search (title_id BIGINT PRIMARY KEY REFERENCES movie_titles (id) ON DELETE CASCADE, "
    "movie_id BIGINT NOT NULL, trigrams tsvector NOT NULL)",
    # Without the pending list, whose length every query would pay for.
    "CREATE INDEX title_search_trigrams ON title_search USING gin (trigrams) WITH (fastupdate = off)",
    "CREATE FUNCTION title_search_add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO title_search SELECT id, movie_id, (SELECT array_to_tsvector(array_agg(substr(spelling, i, 3))) "
    "FROM generate_series(1, length(spelling) - 2) AS i) "
    f"FROM (SELECT id, movie_id, {SPELLING % ('added', 'added')} AS spelling FROM added) AS spelled; "
    "RETURN NULL; END $$",
    "CREATE TRIGGER title_search_added AFTER INSERT ON movie_titles REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION title_search_add()",
]
POSTGRES_DOWN = ["DROP TABLE title_search", "DROP FUNCTION title_search_add CASCADE"]


def tables(db):
    # The order of code points on both databases, or a prefix is no range of the index.
    binary = [SQL('COLLATE "C"')] if isinstance(db, PostgresqlDatabase) else []

    class Movie(Model):
        id = BigAutoField()

        class Meta:
            database = db
            table_name = "movies"

    class MovieTitle(Model):
        id = BigAutoField()
        movie = ForeignKeyField(Movie, on_delete="CASCADE")
        key = TextField(index=True, constraints=binary)
        compact = TextField(index=True, constraints=binary)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "movie_titles"

    return [MovieTitle]


def up(migrator, db):
    [movie_title] = tables(db)
    db.create_tables([movie_title], safe=False)
    for statement in POSTGRES_UP if isinstance(db, PostgresqlDatabase) else SQLITE_UP:
        db.execute_sql(statement)
    mark = "%s" if isinstance(db, PostgresqlDatabase) else "?"
    for movie_id, *titles in db.execute_sql("SELECT id, title, original_title FROM movies").fetchall():
        for key in dict.fromkeys(title_key(title)[:200] for title in titles if title):
            db.execute_sql(
                f"INSERT INTO movie_titles (movie_id, key, compact) VALUES ({mark}, {mark}, {mark})",
                (movie_id, key, key.replace(" ", "")),
            )


def down(migrator, db):
    for statement in POSTGRES_DOWN if isinstance(db, PostgresqlDatabase) else SQLITE_DOWN:
        db.execute_sql(statement)
    db.drop_tables(tables(db), safe=False)
