"""Index of ratings by time, so that the trending movies are found without reading all ratings."""


def up(migrator, db):
    db.execute_sql('CREATE INDEX "ratings_updated_at_movie_id" ON "ratings" ("updated_at", "movie_id")')


def down(migrator, db):
    db.execute_sql('DROP INDEX "ratings_updated_at_movie_id"')
