"""JSON: strict decoding, fast encoding, times in UTC as ISO 8601."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from typing import NoReturn, overload

import orjson

from movierec.api.limits import MAXIMUM_JSON_DEPTH, MAXIMUM_JSON_VALUES
from movierec.errors import MalformedRequest, ValidationFailed

_DEPTH_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in _DEPTH_STEPS)


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
    parsers differ (duplicate keys, lone surrogates, NUL, numbers beyond 64 bits) or that is costly to parse.
    """
    check_cost(body)
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
    if b"\\u" in body:  # only an escape can stand for what UTF-8 and the parser refuse as it is
        _check_texts(document)
    return document


def check_cost(body: bytes) -> None:
    """Count values and depth of a JSON body without parsing it, in time linear in its size.

    Raises ValidationFailed beyond the limits. What is not JSON may pass: the parser stops where it errs, and up to
    there the counts are right.
    """
    if b"\\" in body:  # so that each remaining quotation mark begins or ends a string
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if body.count(b'"') > 4 * MAXIMUM_JSON_VALUES:  # each value may have a key
        raise _too_many_values()
    structure = b"s".join(body.split(b'"')[::2])
    lists, objects = structure.count(b"["), structure.count(b"{")
    values = 1 + structure.count(b",") + lists + objects
    if values > MAXIMUM_JSON_VALUES:
        without_blanks = structure.translate(None, b" \t\r\n")
        values -= without_blanks.count(b"[]") + without_blanks.count(b"{}")
        if values > MAXIMUM_JSON_VALUES:
            raise _too_many_values()
    if lists + objects > MAXIMUM_JSON_DEPTH:
        brackets = structure.translate(None, _NOT_BRACKETS)
        if max(accumulate(map(_DEPTH_STEPS.__getitem__, brackets))) > MAXIMUM_JSON_DEPTH:
            raise ValidationFailed.of("body", f"JSON may be {MAXIMUM_JSON_DEPTH} levels deep at most.")


def _too_many_values() -> ValidationFailed:
    return ValidationFailed.of("body", f"JSON may have {MAXIMUM_JSON_VALUES} values at most.")


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


def _check_texts(document: object) -> None:
    """Refuse text that a database cannot store, in keys and values of any depth."""
    level: list[object] = [document]
    while level:
        deeper: list[object] = []
        for item in level:
            if isinstance(item, dict):
                deeper += item.keys()
                deeper += item.values()
            elif isinstance(item, list):
                deeper += item
            elif isinstance(item, str):
                check_text(item, "body")
        level = deeper


def check_text(text: str, field: str) -> None:
    """Raise ValidationFailed for text that a database cannot store."""
    if "\0" in text:
        raise ValidationFailed.of(field, "Text must not contain NUL.")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValidationFailed.of(field, "Text must not contain lone surrogates.") from error
