"""How facts of a movie enter the catalogue: upsert, field precedence, merge, links, seed, TMDb, staff."""
