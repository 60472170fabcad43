"""Parsers of single values: ratings on any scale, years, dates, ids. All raise BadRow for invalid text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

from movierec.exchange.readers.lines import BadRow, parse_whole_number, quoted

SCALES = (5, 10, 100)
LONGEST_TITLE = 500
LONGEST_TEXT = 10_000  # characters of a review or note
LONGEST_URI_BYTES = 500  # part of an index, whose entries PostgreSQL limits
MAXIMUM_WORDS, LONGEST_WORD = 100, 200  # of tags and genres

_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d{1,6})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IMDB_ID = re.compile(r"tt\d{7,10}")


@lru_cache(maxsize=1024)
def parse_steps(text: str, scale: int) -> int:
    """Convert a rating out of `scale` to half-star steps 1-10. Raises BadRow unless it is exact."""
    if not _NUMBER.fullmatch(text):
        raise BadRow(f"the rating {quoted(text)} is not a number")
    steps = Decimal(text.replace(",", ".")) * 10 / scale
    if steps != int(steps):
        raise BadRow(f"the rating {text} of {scale} falls between two half stars")
    if not 1 <= steps <= 10:
        fitting = [top for top in SCALES if 0 < steps * scale <= top * 10]
        hint = f" (try --scale {fitting[0]})" if fitting else ""
        raise BadRow(f"the rating {text} is not on a scale up to {scale}{hint}")
    return int(steps)


def parse_year(text: str) -> int | None:
    """Parse a year; None if empty. '2010-2014', as written for series, is 2010."""
    text = text.strip()
    if not text:
        return None
    return parse_whole_number(re.sub(r"\s*[-–].*", "", text), "the year", least=1870, most=2100)


@lru_cache(maxsize=4096)
def parse_time(text: str) -> int | None:
    """Parse an ISO 8601 date (its midnight) or time to UTC epoch seconds; None if empty."""
    text = text.strip().removesuffix(" UTC")
    if not text:
        return None
    try:
        if not _DAY.match(text):
            raise ValueError(text)  # other ISO dates: a week, or without hyphens
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError) as error:
        raise BadRow(f"{quoted(text)} is not a date") from error
    if not 0 <= seconds < 2**32:
        raise BadRow(f"the date {quoted(text)} is not between 1970 and 2106")
    return seconds


def parse_day(text: str) -> str:
    """Return a date, checked and unchanged; empty if empty."""
    text = text.strip()
    if text and not _DAY.fullmatch(text):
        raise BadRow(f"{quoted(text)} is not a date")
    parse_time(text)
    return text


def parse_moment(text: str) -> str:
    """Return a date unchanged, or a time in UTC to the second; empty if empty."""
    text = text.strip()
    seconds = parse_time(text)
    if seconds is None or _DAY.fullmatch(text):
        return text
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_imdb_id(text: str) -> str | None:
    """Parse an IMDb id; None if empty."""
    text = text.strip().lower()
    if text and not _IMDB_ID.fullmatch(text):
        raise BadRow(f"{quoted(text)} is not an IMDb id such as tt0133093")
    return text or None


def parse_id(text: str, what: str) -> int | None:
    """Parse the numeric id of another service; None if empty or 0."""
    text = text.strip()
    return parse_whole_number(text, what) if text and text != "0" else None


def clean_title(text: str) -> str:
    """Return a title as one line without control characters; it may be empty."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if len(text) > LONGEST_TITLE:
        raise BadRow(f"the title is longer than {LONGEST_TITLE} characters")
    return text


def clean_uri(text: str) -> str:
    """Return the URI of a movie or entry at another service. It is compared, never fetched; it may be empty."""
    text = clean_title(text)
    if len(text.encode()) > LONGEST_URI_BYTES:
        raise BadRow(f"the address is longer than {LONGEST_URI_BYTES} bytes")
    return text


def clean_text(text: str, what: str) -> str:
    """Return a review or note, trimmed, with its line breaks."""
    return check_text(text.replace("\r\n", "\n").strip(), f"the {what}", most=LONGEST_TEXT)


def check_text(text: str, what: str, *, most: int, least: int = 0) -> str:
    """Return a text unchanged if every database can store it. Raises BadRow for NUL, surrogates, wrong length."""
    if len(text) > most:
        raise BadRow(f"{what} is longer than {most:,} characters")
    if len(text) < least:
        raise BadRow(f"{what} is empty")
    if "\0" in text:
        raise BadRow(f"{what} contains a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadRow(f"{what} contains an incomplete character") from error
    return text


def parse_tags(text: str) -> tuple[str, ...]:
    """Split tags at commas, each cleaned to one line, without duplicates."""
    return distinct_tags(clean_title(part) for part in text.split(","))


def distinct_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Return tags unchanged, without empty ones and duplicates."""
    tags = tuple(dict.fromkeys(check_text(tag, "a tag", most=LONGEST_WORD) for tag in texts if tag))
    if len(tags) > MAXIMUM_WORDS:
        raise BadRow(f"there are more than {MAXIMUM_WORDS} tags")
    return tags
