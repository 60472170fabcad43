"""Streaming reader of the array entries of a JSON document of any size, one at a time with their lines."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from movierec.errors import UnreadableImport

# Characters of one entry: a movie with a long review fits.
LONGEST_ENTRY = 131_072
# Maximum nesting of objects around an array of entries.
MAXIMUM_DEPTH = 4


class JsonEntry(NamedTuple):
    """An entry of an array; `path` names the objects around the array: ("movies",) in {"movies": […]}."""

    line: int
    path: tuple[str, ...]
    value: Any


def stream_entries(name: str, chunks: Iterable[bytes]) -> Iterator[JsonEntry]:
    """Yield the entries. Raises UnreadableImport with the line if the document is invalid, cut short or has no arrays."""
    text = _Text(name, chunks)
    opening = text.next_sign()
    if opening not in ("[", "{"):
        raise text.broken("is no JSON")
    yield from _array(text, ()) if opening == "[" else _object(text, ())
    if text.next_sign():
        raise text.broken("has something behind its end")


def _array(text: _Text, path: tuple[str, ...]) -> Iterator[JsonEntry]:
    text.take("[")
    while text.next_sign() != "]":
        line = text.line
        yield JsonEntry(line, path, text.value())
        if not text.separated("]"):
            raise text.broken("is no valid JSON here")
    text.take("]")


def _object(text: _Text, path: tuple[str, ...]) -> Iterator[JsonEntry]:
    text.take("{")
    while text.next_sign() != "}":
        key = text.value()
        if not isinstance(key, str) or text.next_sign() != ":":
            raise text.broken("is no valid JSON here")
        text.take(":")
        sign = text.next_sign()
        if sign == "[":
            yield from _array(text, (*path, key))
        elif sign == "{" and len(path) < MAXIMUM_DEPTH:
            yield from _object(text, (*path, key))
        else:
            text.value()
        if not text.separated("}"):
            raise text.broken("is no valid JSON here")
    text.take("}")


class _Text:
    """A sliding window over the document, with the current line number."""

    def __init__(self, name: str, chunks: Iterable[bytes]) -> None:
        self._name, self._chunks = name, iter(chunks)
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._scan = json.JSONDecoder().raw_decode
        self._text, self._at, self._ended = "", 0, False
        self.line = 1

    def next_sign(self) -> str:
        """Return the next character that is not blank, without consuming it; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self.line += self._text[self._at] == "\n"
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, sign: str) -> None:
        if self.next_sign() != sign:
            raise self.broken("is no valid JSON here")
        self._at += 1

    def separated(self, end: str) -> bool:
        """Consume a comma that a value follows, or stop before `end`; False for anything else."""
        if self.next_sign() == end:
            return True
        if self.next_sign() != ",":
            return False
        self._at += 1
        return self.next_sign() not in ("]", "}", "")

    def value(self) -> Any:
        """Return the whole value that starts here."""
        self.next_sign()
        while True:
            is_all = len(self._text) - self._at > LONGEST_ENTRY
            try:
                value, end = self._scan(self._text, self._at)
            except (RecursionError, ValueError) as error:
                place = error.pos - self._at if isinstance(error, json.JSONDecodeError) else 0
                if is_all or not self._more():
                    raise self._unreadable(place) from error
                continue
            # A number may continue in the next chunk.
            if end < len(self._text) or is_all or not self._more():
                break
        self.line += self._text.count("\n", self._at, end)
        self._at = end
        return value

    def _unreadable(self, place: int) -> UnreadableImport:
        if len(self._text) - self._at > LONGEST_ENTRY:
            return self.broken(f"has an entry longer than {LONGEST_ENTRY:,} characters, or is no valid JSON")
        self.line += self._text.count("\n", self._at, self._at + place)
        return self.broken("is no valid JSON, or cut short")

    def _more(self) -> bool:
        if self._ended:
            return False
        chunk = next(self._chunks, None)
        self._ended = chunk is None
        try:
            more = self._decode(chunk or b"", final=self._ended)
        except UnicodeDecodeError as error:
            raise self.broken("is not in UTF-8, as JSON must be,") from error
        self._text, self._at = self._text[self._at :] + more, 0
        return not self._ended or bool(more)

    def broken(self, what: str) -> UnreadableImport:
        return UnreadableImport(f"{self._name}, line {self.line}: the file {what}.")
