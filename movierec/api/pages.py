"""Pages of lists: `{"count", "next", "previous", "results"}`. The URLs keep the other query parameters.

The page sizes are defined in `schemas/base.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from movierec.api.call import Call
from movierec.api.schemas.base import MAXIMUM_PAGE, PageQuery


def page_json(call: Call, query: PageQuery, count: int, results: Sequence[Any]) -> dict[str, Any]:
    """Return one page of `count` items as the answer of the current call."""
    last = min(max(1, -(-count // query.page_size)), MAXIMUM_PAGE)
    return {
        "count": count,
        "next": _address(call, query.page + 1) if query.page < last else None,
        # From beyond the end, back to the last page with items.
        "previous": _address(call, min(query.page - 1, last)) if query.page > 1 else None,
        "results": results,
    }


def single_page_json(results: Sequence[Any]) -> dict[str, Any]:
    """Return a list that has only one page."""
    return {"count": len(results), "next": None, "previous": None, "results": results}


def _address(call: Call, page: int) -> str:
    parameters = {**call.request.query, "page": str(page)}
    return call.url(f"{call.request.rel_url.raw_path}?{urlencode(parameters)}")
