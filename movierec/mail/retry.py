"""Retry of mails that an SMTP server did not accept: exponential backoff with jitter."""

from __future__ import annotations

import random

from movierec import db
from movierec.durations import HOUR_SECONDS
from movierec.mail.outbox import ClaimedMail

FIRST_RETRY_SECONDS = 10
MAXIMUM_RETRY_SECONDS = HOUR_SECONDS


def schedule_retry(mail: ClaimedMail, error: str, now: int) -> None:
    """Schedule a retry with exponential backoff and jitter, so that daemons do not retry in step."""
    seconds = min(MAXIMUM_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** min(mail.attempts - 1, 20))
    db.execute(
        "UPDATE outbox SET due_at = ?, error = ? WHERE id = ? AND claim = ? AND state = 'pending'",
        now + max(1, round(seconds * random.uniform(0.5, 1.5))),
        error,
        mail.id,
        mail.claim,
    )
