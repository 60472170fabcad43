"""JSON: strict decoding, fast encoding, times in UTC as ISO 8601."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from functools import lru_cache
from typing import NoReturn, overload

import orjson

from movierec.errors import MalformedRequest, ValidationFailed

MAXIMUM_DEPTH = 32


def encode_json(document: object) -> bytes:
    """Encode a document as JSON in UTF-8."""
    return orjson.dumps(document)


def raw_json(text: str) -> orjson.Fragment:
    """Wrap text that is JSON already, to be embedded unchanged in a document."""
    return orjson.Fragment(text)


@overload
def timestamp(epoch_seconds: int) -> str: ...
@overload
def timestamp(epoch_seconds: None) -> None: ...
def timestamp(epoch_seconds: int | None) -> str | None:
    """Format a time as `2026-05-04T03:02:01Z`. None stays None."""
    return None if epoch_seconds is None else _timestamp(epoch_seconds)


@lru_cache(maxsize=1024)
def _timestamp(epoch_seconds: int) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def decode_json(body: bytes) -> object:
    """Parse a JSON body. Raises MalformedRequest for invalid JSON, and ValidationFailed for JSON on which
    parsers differ: duplicate keys, lone surrogates, NUL, numbers beyond 64 bits, deep nesting.
    """
    try:
        document: object = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except ValueError as error:
        raise MalformedRequest("The body is not valid JSON in UTF-8.") from error
    except RecursionError as error:
        raise _too_deep() from error
    _check_depth(document)
    return document


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValidationFailed.of("body", "An object contains a duplicate key.")
    return members


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) <= 20 else 2**64
    if not -(2**63) <= number < 2**63:
        raise ValidationFailed.of("body", "A number does not fit 64 bits.")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValidationFailed.of("body", "A number is too large.")
    return number


def _check_depth(document: object) -> None:
    """Refuse deep nesting and text that a database cannot store, without recursion."""
    level: list[object] = [document]
    for _ in range(MAXIMUM_DEPTH):
        deeper: list[object] = []
        for item in level:
            if isinstance(item, dict):
                deeper += item.keys()
                deeper += item.values()
            elif isinstance(item, list):
                deeper += item
            elif isinstance(item, str):
                check_text(item, "body")
        if not deeper:
            return
        level = deeper
    raise _too_deep()


def check_text(text: str, field: str) -> None:
    """Raise ValidationFailed for text that a database cannot store."""
    if "\0" in text:
        raise ValidationFailed.of(field, "Text must not contain NUL.")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValidationFailed.of(field, "Text must not contain lone surrogates.") from error


def _too_deep() -> ValidationFailed:
    return ValidationFailed.of("body", f"JSON may be {MAXIMUM_DEPTH} levels deep at most.")
