"""Limits of requests and answers: page sizes, lengths of text, numbers. Each stands here once."""

from __future__ import annotations

from movierec import auth, library, movies

# Pages of lists. The page size of search and charts is that of TMDb. MAXIMUM_PAGE keeps the offset within what a
# database can count.
DEFAULT_PAGE_SIZE = 20
MAXIMUM_PAGE_SIZE = 100
CHART_PAGE_SIZE = 20
MAXIMUM_PAGE = 1_000_000

# JSON bodies. Those above INLINE_BODY_BYTES are parsed and validated off the event loop: up to some 30 ms at these
# limits.
INLINE_BODY_BYTES = 4096
MAXIMUM_JSON_VALUES = 20_000
MAXIMUM_JSON_DEPTH = 32
MAXIMUM_PROBLEMS = 100

# Lengths of text in characters. Those that a domain package enforces are defined there.
MAXIMUM_NAME = 150
MAXIMUM_EMAIL = 320
MAXIMUM_PASSWORD = auth.MAXIMUM_PASSWORD_LENGTH
MAXIMUM_TOKEN = 8192
MAXIMUM_NOTE = library.MAXIMUM_TEXT
MAXIMUM_TITLE = 500
MAXIMUM_GENRE_NAME = 50
MAXIMUM_SEARCH_TEXT = movies.MAXIMUM_SEARCH_LENGTH
MAXIMUM_ORDERING = 200

# Numbers: what fits a signed 32-bit column, a double without loss, a signed 64-bit column.
INT32_END = 2**31
EXACT_INTEGER_END = 2**53
INT64_END = 2**63
MAXIMUM_RUNTIME_MINUTES = 10_000
