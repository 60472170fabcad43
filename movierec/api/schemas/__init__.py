"""What goes in and out as JSON: pydantic models, one file per group of endpoints.

Bodies and queries are validated by them; answers are made as plain dicts for speed, and the tests hold
every answer against its schema.
"""

from movierec.api.schemas.base import Message, Page, PageQuery, Problem

__all__ = ["Message", "Page", "PageQuery", "Problem"]
