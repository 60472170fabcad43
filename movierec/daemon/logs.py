"""Logging of the daemon: one JSON object per line on stderr, with secrets redacted."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

# Attributes of `extra=` that are logged; all others are left out.
FIELDS = ("request_id", "method", "route", "status", "ms", "job", "mail", "kind")

# Loggers that write statements with their values, or the requests that they refuse, at lower levels.
DRIVERS = ("peewee", "aiohttp", "asyncio")

# Each pattern keeps its first group. A pass phrase may contain blanks: all of it goes, up to the closing quote or,
# where there is none, to the end of the line.
_SECRETS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(authorization[\"']?\s*[:=]+\s*)[^\n]+",
        r"""(pass(?:word|[ _-]?phrase|wd)\w{0,30}(?:\\?["']?\s*[:=]+|["']\s*,)\s*)"""
        r"""(?:"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[^\n]+)""",
        r"(pass(?:word|[ _-]?phrase)\w{0,30}[ \t]+)[^\n]+",
        r"(://[^\s:/@]+:)(?:[^\n]{0,500}(?=@)|(?!\d{1,5}(?!\w))[^\s\"'&@,}]+)",
        r"((?:api_?key|secret|token)[\"']?\s*[:=]+\s*[\"']?)[^\s\"'&@,}]+",
        r"(bearer\s+)[^\s\"'&@,}]+",
        r"(mr[a-z]_)[^\s\"'&@,}]+",
        r"()eyJ[\w-]+\.[\w-]+\.[\w-]*",
    )
]


class JsonFormatter(logging.Formatter):
    """Formatter of log records as JSON lines."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # Before the values are encoded: a redaction of the encoded line could cut its quotes and braces.
        line = {name: redact(value) if isinstance(value, str) else value for name, value in line.items()}
        return json.dumps(line, default=lambda value: redact(str(value)))


def redact(text: str) -> str:
    """Return `text` with everything redacted that looks like a token, key or password."""
    for pattern in _SECRETS:
        text = pattern.sub(r"\1[redacted]", text)
    return text


def configure_logging(level: str) -> None:
    """Log messages of `level` and above to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in DRIVERS:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger().level))
