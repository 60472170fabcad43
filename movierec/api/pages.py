"""Pages of lists: `{"count", "next", "previous", "results"}`. The URLs keep the other query parameters.

The page sizes are defined in `limits.py`.
"""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import urlencode

from movierec.api.call import Call
from movierec.api.limits import MAXIMUM_PAGE
from movierec.api.schemas import Page, PageQuery

Item = TypeVar("Item")


def page_json(call: Call, query: PageQuery, count: int, results: list[Item]) -> Page[Item]:
    """Return one page of `count` items as the answer of the current call."""
    last = min(max(1, -(-count // query.page_size)), MAXIMUM_PAGE)
    return {
        "count": count,
        "next": _page_url(call, query.page + 1) if query.page < last else None,
        # From beyond the end, back to the last page with items.
        "previous": _page_url(call, min(query.page - 1, last)) if query.page > 1 else None,
        "results": results,
    }


def single_page_json(results: list[Item]) -> Page[Item]:
    """Return a list that has only one page."""
    return {"count": len(results), "next": None, "previous": None, "results": results}


def _page_url(call: Call, page: int) -> str:
    parameters = {**call.request.query, "page": str(page)}
    return call.absolute_url(f"{call.request.rel_url.raw_path}?{urlencode(parameters)}")
