"""The database behind one handle: SQLite or PostgreSQL, transactions, statements, bulk writes, migrations.

Everything here is synchronous and runs in a database thread with one connection per thread; a query on an event
loop is refused. Models live in the package of their subject.

Statements are written in SQL. The query builder is used where it is shorter: single rows and optional filters of
`users`, `profiles` and the outbox. Elsewhere the upserts, RETURNING clauses, common table expressions and window
functions have no shorter form in it, and a model instance per row costs several times the fetch. Hot statements,
hand-written for their plan, their number of round trips, or both:

- every request: `auth.authenticate`, `auth.authenticate_personal` (one query each); `auth.count_attempt` (one upsert
  that counts and decides); `revision` (validates cached responses)
- every page of movies: `movies.queries` and `library.queries` (a filtered page, then its movies and genres by id)
- every search: `movies.search` (candidates by title key and trigram index)
- every recommendation: `recommender.serving.user_signals` (all signals of a user in one UNION), `auth.profile_of`,
  `recommender.serving.recommendation_log` (upserts in batches), `recommender.serving.movie_index_refresh`
- every row of an import: `library.rows` (read, upsert and number rows in batches), `library.journal`
- every movie of a dataset, a sync or the shipped catalogue: `movies.ingest`, with `insert_many` and, into empty
  tables, `deferred_indexes`
- every rating that a training reads: `community.datasets` (blocks of ratings as BLOBs, one at a time)
- every few seconds in each daemon: `jobs.queue` (claim, heartbeat) and `mail.outbox` (pending work, claim)
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
