"""Log lines of the daemon: one JSON object a line on stderr, secrets taken out last."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

# What `extra=` may add to a line; anything else a caller attaches stays out of the log.
FIELDS = ("request_id", "method", "route", "status", "ms", "job", "mail", "kind")

_SECRETS = re.compile(
    r"(?i)(bearer\s+|mr[a-z]_|api_key=|password\W+|://[^\s:/@]+:)[^\s\"'&@,}]+|eyJ[\w-]+\.[\w-]+\.[\w-]+"
)


class JsonFormatter(logging.Formatter):
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
    """`text` without what looks like a token, key or password."""
    return _SECRETS.sub(lambda match: (match[1] or "") + "[redacted]", text)


def configure_logging(level: str) -> None:
    """Log to stderr from `level` up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
