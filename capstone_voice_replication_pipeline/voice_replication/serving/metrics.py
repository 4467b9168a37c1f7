"""What Prometheus asks for at ``/metrics``. Every application has a registry of its own.

Rates are computed by Prometheus from counters: ``rate(voiceclone_audio_seconds_total[1m])`` is the
audio seconds produced per second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from voice_replication.serving.jobs import ACTIVE, State

# From an answer out of memory to a long text; 0.12 s is what a first byte may take.
SECONDS = (0.01, 0.025, 0.05, 0.08, 0.12, 0.2, 0.35, 0.6, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)
BATCH_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


class Metrics:
    """Counters, gauges and histograms of one application."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.registry = registry
        ProcessCollector(registry=registry)  # process_resident_memory_bytes, CPU, open files
        PlatformCollector(registry=registry)
        self.info = Gauge(
            "voiceclone_info", "Always 1, with the version", ["version"], registry=registry
        )
        self.info.labels(version("voice-cloning-pipeline")).set(1)
        self.requests = Counter(
            "voiceclone_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=registry,
        )
        self.errors = Counter(
            "voiceclone_errors", "Problem details sent, by their code", ["code"], registry=registry
        )
        self.in_progress = Gauge(
            "voiceclone_requests_in_progress", "Requests being answered", registry=registry
        )
        self.request_seconds = Histogram(
            "voiceclone_request_seconds",
            "From a request's arrival to the last byte of its answer",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self.first_audio_seconds = Histogram(
            "voiceclone_first_audio_seconds",
            "From a speech request's arrival to its first audio",
            buckets=SECONDS,
            registry=registry,
        )
        self.audio_seconds = Counter(
            "voiceclone_audio_seconds", "Seconds of audio produced", registry=registry
        )
        self.render_seconds = Counter(
            "voiceclone_render_seconds", "Seconds spent in producing it", registry=registry
        )
        self.batch_lines = Histogram(
            "voiceclone_batch_lines", "Lines spoken at once", buckets=BATCH_SIZES, registry=registry
        )
        self.queue_length = Gauge(
            "voiceclone_queue_length", "Speech requests that wait for their turn", registry=registry
        )
        self.jobs = Gauge(
            "voiceclone_jobs", "Jobs that are not finished", ["state"], registry=registry
        )

    def watch_queue(self, length: Callable[[], float]) -> None:
        """``length()`` is asked whenever the metrics are."""
        self.queue_length.set_function(length)

    def watch_jobs(self, count: Callable[[State], float]) -> None:
        """``count(state)`` is asked whenever the metrics are."""
        for state in ACTIVE:
            self.jobs.labels(state).set_function(partial(count, state))

    def produced(self, audio_seconds: float, render_seconds: float, lines: int) -> None:
        """One batch of ``lines`` was rendered."""
        self.audio_seconds.inc(audio_seconds)
        self.render_seconds.inc(render_seconds)
        self.batch_lines.observe(lines)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
