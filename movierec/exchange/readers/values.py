"""Single values of foreign files: ratings on any scale, years, dates, ids. All raise BadRow for what is none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

from movierec.exchange.readers.lines import BadRow, shown, whole_number

SCALES = (5, 10, 100)
LONGEST_TITLE = 500
LONGEST_TEXT = 10_000  # of a review or note, in characters
LONGEST_ADDRESS_BYTES = 500  # it is part of an index, which PostgreSQL bounds
MOST_WORDS, LONGEST_WORD = 100, 200  # tags, genres

_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d{1,6})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IMDB_ID = re.compile(r"tt\d{7,10}")


@lru_cache(maxsize=1024)
def steps_of(text: str, scale: int) -> int:
    """Half-star steps 1-10 of a rating whose best is `scale`: exactly, or BadRow."""
    if not _NUMBER.fullmatch(text):
        raise BadRow(f"the rating {shown(text)} is no number")
    steps = Decimal(text.replace(",", ".")) * 10 / scale
    if steps != int(steps):
        raise BadRow(f"the rating {text} of {scale} falls between two half stars")
    if not 1 <= steps <= 10:
        fitting = [top for top in SCALES if 0 < steps * scale <= top * 10]
        hint = f" (try --scale {fitting[0]})" if fitting else ""
        raise BadRow(f"the rating {text} is not on a scale up to {scale}{hint}")
    return int(steps)


def year_of(text: str) -> int | None:
    """None where it is empty. '2010-2014', as some write of series, is 2010."""
    text = text.strip()
    if not text:
        return None
    return whole_number(re.sub(r"\s*[-–].*", "", text), "the year", least=1870, most=2100)


@lru_cache(maxsize=4096)
def time_of(text: str) -> int | None:
    """UTC epoch seconds of an ISO 8601 date or time; a date is its midnight. None where it is empty."""
    text = text.strip().removesuffix(" UTC")
    if not text:
        return None
    try:
        if not _DAY.match(text):
            raise ValueError(text)  # a week, or without signs: other ISO dates
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError) as error:
        raise BadRow(f"{shown(text)} is no date") from error
    if not 0 <= seconds < 2**32:
        raise BadRow(f"the date {shown(text)} is not between 1970 and 2106")
    return seconds


def day_of(text: str) -> str:
    """A date as it stands; empty where it is."""
    text = text.strip()
    if text and not _DAY.fullmatch(text):
        raise BadRow(f"{shown(text)} is no date")
    time_of(text)
    return text


def moment_of(text: str) -> str:
    """A date as it stands, or a time in UTC to the second; empty where it is."""
    text = text.strip()
    seconds = time_of(text)
    if seconds is None or _DAY.fullmatch(text):
        return text
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def imdb_id_of(text: str) -> str | None:
    """None where it is empty."""
    text = text.strip().lower()
    if text and not _IMDB_ID.fullmatch(text):
        raise BadRow(f"{shown(text)} is no IMDb id such as tt0133093")
    return text or None


def number_of(text: str, what: str) -> int | None:
    """An id of another service; None where it is empty or 0."""
    text = text.strip()
    return whole_number(text, what) if text and text != "0" else None


def title_of(text: str) -> str:
    """One line, without control characters. May be empty."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if len(text) > LONGEST_TITLE:
        raise BadRow(f"the title is longer than {LONGEST_TITLE} characters")
    return text


def address_of(text: str) -> str:
    """Where another service has a film or an entry; compared, never followed. May be empty."""
    text = title_of(text)
    if len(text.encode()) > LONGEST_ADDRESS_BYTES:
        raise BadRow(f"the address is longer than {LONGEST_ADDRESS_BYTES} bytes")
    return text


def text_of(text: str, what: str) -> str:
    """A review or note, with its line breaks."""
    return exactly(text.replace("\r\n", "\n").strip(), f"the {what}", most=LONGEST_TEXT)


def exactly(text: str, what: str, *, most: int, least: int = 0) -> str:
    """As it is, where every database keeps it; raises BadRow for NUL, half characters and what is too long."""
    if len(text) > most:
        raise BadRow(f"{what} is longer than {most:,} characters")
    if len(text) < least:
        raise BadRow(f"{what} is empty")
    if "\0" in text:
        raise BadRow(f"{what} holds a NUL")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadRow(f"{what} holds half a character") from error
    return text


def tags_of(text: str) -> tuple[str, ...]:
    """What commas part, each one line; nothing twice."""
    return kept_tags(title_of(part) for part in text.split(","))


def kept_tags(told: Iterable[str]) -> tuple[str, ...]:
    """Tags as they are, but for what is empty or told twice."""
    tags = tuple(dict.fromkeys(exactly(tag, "a tag", most=LONGEST_WORD) for tag in told if tag))
    if len(tags) > MOST_WORDS:
        raise BadRow(f"there are more than {MOST_WORDS} tags")
    return tags
