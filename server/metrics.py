"""Counters for the operator (Prometheus), without anything personal: routes are told by their template."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

TOGETHER = "PROMETHEUS_MULTIPROC_DIR"
"""Read by the library when it is imported."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10, 30)

Gauge = tuple[str, str, dict[str, str], float]
"""Name, description, labels, value."""


class Metrics:
    """The counters of one server process and the gauges it reads when asked.

    Args:
        gauges: Reads the state of stores and queues at the time of a scrape.
    """

    def __init__(self, gauges: Callable[[], Iterator[Gauge]]) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "aftercheck_requests", "Answered requests.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "aftercheck_request_seconds", "Time to the whole answer.", ["route"], registry=self.registry,
            buckets=_BUCKETS,
        )  # fmt: skip
        self._crashes = Counter(
            "aftercheck_crashes", "Requests that met a bug.", ["route"], registry=self.registry
        )
        self._gauges = _Gauges(gauges)
        self.registry.register(self._gauges)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if status == 500:
            self._crashes.labels(route).inc()

    def text(self) -> bytes:
        """Return all of it in Prometheus' text form, of all processes that serve together (`together`)."""
        folder = os.environ.get(TOGETHER)
        if folder is None or not Path(folder).is_dir():
            return generate_latest(self.registry)
        of_all = CollectorRegistry()
        MultiProcessCollector(of_all, folder)
        of_all.register(self._gauges)
        return generate_latest(of_all)


def together(folder: Path) -> dict[str, str]:
    """Return what processes that serve behind one socket need in their environment to count together in a folder.

    Each keeps its counters in a file there, and whichever is asked adds them up. What an earlier run left goes.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return {TOGETHER: str(folder)}


class _Gauges(Collector):
    def __init__(self, read: Callable[[], Iterator[Gauge]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for name, description, labels, value in self._read():
            if name not in families:
                families[name] = GaugeMetricFamily(name, description, labels=list(labels))
            families[name].add_metric(list(labels.values()), value)
        yield from families.values()

    def describe(self) -> list[Metric]:
        return []
