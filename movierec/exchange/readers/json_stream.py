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
    """Yield the entries. Raises UnreadableImport with the line if the document is invalid or cut short."""
    text = _Window(name, chunks)
    opening = text.peek()
    if opening not in ("[", "{"):
        raise text.error("is not JSON")
    yield from _array(text, ()) if opening == "[" else _object(text, ())
    if text.peek():
        raise text.error("has data after its end")


def _array(text: _Window, path: tuple[str, ...]) -> Iterator[JsonEntry]:
    text.take("[")
    while text.peek() != "]":
        line = text.line
        yield JsonEntry(line, path, text.value())
        if not text.separated("]"):
            raise text.error("is not valid JSON here")
    text.take("]")


def _object(text: _Window, path: tuple[str, ...]) -> Iterator[JsonEntry]:
    text.take("{")
    while text.peek() != "}":
        key = text.value()
        if not isinstance(key, str) or text.peek() != ":":
            raise text.error("is not valid JSON here")
        text.take(":")
        character = text.peek()
        if character == "[":
            yield from _array(text, (*path, key))
        elif character == "{" and len(path) < MAXIMUM_DEPTH:
            yield from _object(text, (*path, key))
        else:
            text.value()
        if not text.separated("}"):
            raise text.error("is not valid JSON here")
    text.take("}")


class _Window:
    """A sliding window over the document, with the current line number."""

    def __init__(self, name: str, chunks: Iterable[bytes]) -> None:
        self._name, self._chunks = name, iter(chunks)
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._scan = json.JSONDecoder().raw_decode
        self._text, self._at, self._ended = "", 0, False
        self.line = 1

    def peek(self) -> str:
        """Return the next character that is not blank, without consuming it; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self.line += self._text[self._at] == "\n"
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_chunk():
                return ""

    def take(self, character: str) -> None:
        if self.peek() != character:
            raise self.error("is not valid JSON here")
        self._at += 1

    def separated(self, end: str) -> bool:
        """Consume a comma that a value follows, or stop before `end`; False for anything else."""
        if self.peek() == end:
            return True
        if self.peek() != ",":
            return False
        self._at += 1
        return self.peek() not in ("]", "}", "")

    def value(self) -> Any:
        """Return the whole value that starts here."""
        self.peek()
        while True:
            is_full = len(self._text) - self._at > LONGEST_ENTRY
            try:
                value, end = self._scan(self._text, self._at)
            except (RecursionError, ValueError) as error:
                offset = error.pos - self._at if isinstance(error, json.JSONDecodeError) else 0
                if is_full or not self._read_chunk():
                    raise self._unreadable(offset) from error
                continue
            # A number may continue in the next chunk.
            if end < len(self._text) or is_full or not self._read_chunk():
                break
        self.line += self._text.count("\n", self._at, end)
        self._at = end
        return value

    def _unreadable(self, offset: int) -> UnreadableImport:
        if len(self._text) - self._at > LONGEST_ENTRY:
            return self.error(f"has an entry longer than {LONGEST_ENTRY:,} characters, or is not valid JSON")
        self.line += self._text.count("\n", self._at, self._at + offset)
        return self.error("is not valid JSON, or is cut short")

    def _read_chunk(self) -> bool:
        if self._ended:
            return False
        chunk = next(self._chunks, None)
        self._ended = chunk is None
        try:
            decoded = self._decode(chunk or b"", final=self._ended)
        except UnicodeDecodeError as error:
            raise self.error("is not in UTF-8, as JSON must be,") from error
        self._text, self._at = self._text[self._at :] + decoded, 0
        return not self._ended or bool(decoded)

    def error(self, problem: str) -> UnreadableImport:
        return UnreadableImport(f"{self._name}, line {self.line}: the file {problem}.")
