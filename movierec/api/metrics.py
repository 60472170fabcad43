"""The daemon's numbers: counted where they arise, read by `/metrics`. Each worker process has its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class DaemonMetrics:
    """The numbers of one daemon. Increments cost a microsecond or two; gauges are read when asked for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.password_verifications = Counter(
            "password_verifications", "Passwords checked against a hash.", registry=self.registry
        )
        self.refresh_rotations = Counter(
            "refresh_rotations", "Refresh tokens exchanged, by result.", ["result"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "request_seconds",
            "Time to answer, by route.",
            ["method", "route", "status"],
            buckets=LATENCY_SECONDS,
            registry=self.registry,
        )
        self.event_loop_lag = Gauge(
            "event_loop_lag_seconds", "How late the event loop last was.", registry=self.registry
        )
        self.pool_in_use = Gauge(
            "db_pool_in_use", "Units of database work under way or waiting.", registry=self.registry
        )
        self.outbox_pending = Gauge("outbox_pending", "Mails not delivered yet.", registry=self.registry)
        self.tmdb_calls = Counter(
            "tmdb_calls", "Requests to TMDb, by result.", ["result"], registry=self.registry
        )
        self.model = Gauge("model_info", "The model that serves.", ["version"], registry=self.registry)
