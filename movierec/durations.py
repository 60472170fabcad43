"""Durations, ages and fixed retention periods. Times are seconds since the epoch, in UTC."""

from __future__ import annotations

MINUTE_SECONDS = 60
HOUR_SECONDS = 3600
DAY_SECONDS = 86_400

# Retention that no setting changes. Journal, mail and TMDb's answers have settings of their own.
AUDIT_RETENTION_DAYS = 365
# Sessions that have ended: until then the use of a stolen refresh token is still detected.
SESSION_RETENTION_DAYS = 30
# Jobs that have ended, with the problems of imports.
JOB_RETENTION_DAYS = 90


def age_seconds(at: float, now: float) -> float:
    """Return how old something from `at` is; negative where its clock is ahead of ours."""
    return now - at


def ago(now: int, *, days: int = 0, hours: int = 0, seconds: int = 0) -> int:
    """Return the time that lies a duration before `now`: the cutoff of a retention period or window."""
    return now - days * DAY_SECONDS - hours * HOUR_SECONDS - seconds
