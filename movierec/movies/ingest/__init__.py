"""Ingest of movie records from all sources: upsert, field precedence, merge, links, seed, TMDb, staff edits."""
