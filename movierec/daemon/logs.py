"""Logging of the daemon: one JSON object per line on stderr, with secrets redacted."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

# Attributes of `extra=` that are logged; all others are left out.
FIELDS = ("request_id", "method", "route", "status", "ms", "job", "mail", "kind")

_SECRETS = re.compile(
    r"(?i)(bearer\s+|mr[a-z]_|api_key=|password\W+|://[^\s:/@]+:)[^\s\"'&@,}]+|eyJ[\w-]+\.[\w-]+\.[\w-]+"
)


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
        return redact(json.dumps(line, ensure_ascii=False))


def redact(text: str) -> str:
    """Return `text` with everything redacted that looks like a token, key or password."""
    return _SECRETS.sub(lambda match: (match[1] or "") + "[redacted]", text)


def configure_logging(level: str) -> None:
    """Log messages of `level` and above to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
