"""Prometheus metrics of the daemon, served at `/metrics`. Each worker process has its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class DaemonMetrics:
    """Metrics of one process. An increment costs a microsecond or two. Gauges are set when they are requested."""

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
            "Duration of requests, by route.",
            ["method", "route", "status"],
            buckets=LATENCY_SECONDS,
            registry=self.registry,
        )
        self.event_loop_lag = Gauge(
            "event_loop_lag_seconds", "Last measured delay of the event loop.", registry=self.registry
        )
        self.pool_in_use = Gauge(
            "db_pool_in_use", "Database tasks running or queued.", registry=self.registry
        )
        self.outbox_pending = Gauge(
            "outbox_pending", "Mails that are not delivered yet.", registry=self.registry
        )
        self.tmdb_calls = Counter(
            "tmdb_calls", "Requests to TMDb, by result.", ["result"], registry=self.registry
        )
        self.model = Gauge(
            "model_info", "The model version that serves.", ["version"], registry=self.registry
        )
