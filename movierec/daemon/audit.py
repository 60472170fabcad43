"""`movierec-server audit`: what happened to accounts, for operators."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from movierec import auth, db
from movierec.config import Settings


def print_audit_log(settings: Settings, limit: int, *, as_json: bool) -> None:
    """The latest events, newest first; tab-separated: time, event, whose, by whom, from where, detail."""
    db.connect(settings)
    found = [
        {**entry._asdict(), "at": datetime.fromtimestamp(entry.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        for entry in db.run_with_retry(auth.audit_events, limit)
    ]
    if as_json:
        print(json.dumps(found, indent=2))
        return
    for entry in found:
        print("\t".join(map(str, entry.values())))
