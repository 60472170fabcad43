"""JSON schemas of requests and answers, one file per group of endpoints.

Bodies and queries are pydantic models, which validate them. Answers are TypedDicts: handlers return plain dicts
for speed, mypy checks them against the schema, and the tests validate every answer with pydantic.
"""

from movierec.api.schemas.base import Message, Page, PageQuery, Problem

__all__ = ["Message", "Page", "PageQuery", "Problem"]
