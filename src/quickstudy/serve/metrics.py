"""What the server counts, for Prometheus: requests, how long they took, and how each open job stands.

Invariants: nothing here names a situation, an answer or a caller; paths are counted as the routes' patterns, so that
callers cannot make labels. Not here: where it is shown (``api.health``).
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from quickstudy.serve.desk import Desk

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds."""


class Metrics:
    """One server's numbers.

    Args:
        desk: whose jobs are counted.
    """

    def __init__(self, desk: Desk) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "quickstudy_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "quickstudy_request_seconds",
            "How long requests took.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._registry.register(_Jobs(desk))

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one answer."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """All numbers in Prometheus' text format."""
        return generate_latest(self._registry)


class _Jobs(Collector):
    """How the open jobs stand now."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges of every open job."""
        waiting = GaugeMetricFamily("quickstudy_waiting", "Requests that wait for a job.", labels=["job"])
        events = GaugeMetricFamily("quickstudy_journal_events", "Events in a job's journal.", labels=["job"])
        streams = GaugeMetricFamily("quickstudy_streams", "Open streams of events.", labels=["job"])
        for job in self._desk.opened():
            waiting.add_metric([job.name], job.worker.waiting)
            events.add_metric([job.name], job.journal.last_seq)
            streams.add_metric([job.name], job.live.listeners)
        yield from (waiting, events, streams)
