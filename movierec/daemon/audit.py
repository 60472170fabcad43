"""Command `movierec-server audit`: the audit log of accounts."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from movierec import auth, db
from movierec.config import Settings


def print_audit_log(settings: Settings, limit: int, *, as_json: bool) -> None:
    """Print the latest events, newest first, tab-separated: time, event, account, actor, address, detail."""
    db.connect(settings)
    entries = [
        {**entry._asdict(), "at": datetime.fromtimestamp(entry.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        for entry in db.run_with_retry(auth.audit_events, limit)
    ]
    if as_json:
        print(json.dumps(entries, indent=2))
        return
    for entry in entries:
        print("\t".join(map(str, entry.values())))
