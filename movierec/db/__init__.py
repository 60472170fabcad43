"""The database behind one handle: SQLite or PostgreSQL, transactions, statements, bulk writes, migrations.

Everything here is synchronous and runs in a database thread with one connection per thread; a query on an event
loop is refused. Models live in the package of their subject.

Statements are written in SQL unless peewee's query builder is shorter (single rows of `users` and `profiles`):
a model instance costs several times the statement it wraps, and the upserts, window functions and `RETURNING`
clauses below have no shorter form in the builder. These are hot, so their plans and round trips are chosen:

- every request: `auth.authenticate` and `auth.authenticate_personal` (one query each), `auth.count_attempt` (one
  upsert that counts and decides), `revision` (validates cached answers)
- every list of movies: `movies.queries` (one page), `movies.encoding_rows`-style batch reads by id, `library.queries`
- every search: `movies.search_ranking` (candidates by trigram index)
- every recommendation: `recommender.serving.user_signals` (all signals of a user), `auth.profile_of`,
  `recommender.serving.recommendation_log` (one bulk insert)
- every row of an import: `library.rows` (read, upsert and number rows in batches), `library.journal`,
  `movies.ingest.match_index` (streams the catalogue)
- every movie of a dataset or of the shipped catalogue: `movies.ingest.upsert` with `bulk.insert_many` and
  `bulk.deferred_indexes`
- every rating that a training reads: `community.datasets` (blocks as BLOBs, read in order)
- every second: `jobs.queue` (claim, heartbeat) and `mail.outbox` (pending work), each one statement
"""

from movierec.db.bulk import allocate_ids, deferred_indexes, insert_many
from movierec.db.handle import BaseModel, close, connect, database, in_transaction, is_postgres
from movierec.db.migrations import (
    applied_migrations,
    available_migrations,
    data_tables,
    migrate,
    migrate_down,
    migrate_in_transaction,
    migrations_directory,
    pending_migrations,
    recreate_schema,
)
from movierec.db.revisions import Revision, increment_revision, revision
from movierec.db.statements import (
    Row,
    batches,
    bytewise,
    execute,
    is_unique_violation,
    placeholders,
    row,
    rows,
    sqlstate,
    stream,
    value,
)
from movierec.db.transactions import run_with_retry, snapshot, write, yield_to_writers

__all__ = [
    "BaseModel",
    "Revision",
    "Row",
    "allocate_ids",
    "applied_migrations",
    "available_migrations",
    "batches",
    "bytewise",
    "close",
    "connect",
    "data_tables",
    "database",
    "deferred_indexes",
    "execute",
    "in_transaction",
    "increment_revision",
    "insert_many",
    "is_postgres",
    "is_unique_violation",
    "migrate",
    "migrate_down",
    "migrate_in_transaction",
    "migrations_directory",
    "pending_migrations",
    "placeholders",
    "recreate_schema",
    "revision",
    "row",
    "rows",
    "run_with_retry",
    "snapshot",
    "sqlstate",
    "stream",
    "value",
    "write",
    "yield_to_writers",
]
