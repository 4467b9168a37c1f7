"""How much one API key may ask for: requests per minute and minutes of audio per hour.

Each limit is a bucket that holds its allowance and fills up again evenly. So a client may use all
of a minute's requests at once, and then as many as the rate lets through. Audio is charged when it
has been made, because only then its length is known: one request may overdraw the bucket, and the
next one waits until it is above zero again.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from voice_replication.serving.context import Client
from voice_replication.serving.problems import Problem


@dataclass
class Bucket:
    """``capacity`` units that come back at ``rate`` units per second."""

    capacity: float
    rate: float
    level: float
    filled: float  # when ``level`` was right, seconds

    def fill(self, now: float) -> None:
        """Add what has come back since the last look."""
        self.level = min(self.capacity, self.level + (now - self.filled) * self.rate)
        self.filled = now

    def seconds_until(self, level: float) -> int:
        """Whole seconds, at least 1, until it holds ``level``."""
        return max(1, math.ceil((level - self.level) / self.rate))


class Limiter:
    """The buckets of all keys. Without a key (on the machine itself) there is no limit."""

    def __init__(
        self,
        requests_per_minute: int,
        audio_minutes_per_hour: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.requests_per_minute = requests_per_minute
        self.audio_minutes_per_hour = audio_minutes_per_hour
        self._now = now
        self._lock = threading.Lock()
        self._requests: dict[str, Bucket] = {}
        self._audio: dict[str, Bucket] = {}

    def count_request(self, client: Client) -> None:
        """One request of ``client``; ``Problem`` rate_limited (429) if it is one too many."""
        if not client.has_key:
            return
        with self._lock:
            bucket = self._bucket(self._requests, client, self.requests_per_minute, 60.0)
            wait = 0 if bucket.level >= 1 else bucket.seconds_until(1)
            bucket.level -= 0 if wait else 1
        if wait:
            raise Problem(
                "rate_limited",
                f"This key may send {self.requests_per_minute} requests per minute; "
                f"try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )

    def require_audio(self, client: Client) -> None:
        """``Problem`` audio_limit_reached (429) if ``client`` has no audio left to ask for."""
        if not client.has_key:
            return
        with self._lock:
            bucket = self._audio_bucket(client)
            wait = 0 if bucket.level > 0 else bucket.seconds_until(1.0)
        if wait:
            raise Problem(
                "audio_limit_reached",
                f"This key may make {self.audio_minutes_per_hour:g} minutes of audio per hour; "
                f"try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )

    def charge_audio(self, client: Client, seconds: float) -> None:
        """``seconds`` of audio were made for ``client``."""
        if client.has_key:
            with self._lock:
                self._audio_bucket(client).level -= seconds

    def _audio_bucket(self, client: Client) -> Bucket:
        return self._bucket(self._audio, client, self.audio_minutes_per_hour * 60, 3600.0)

    def _bucket(
        self, buckets: dict[str, Bucket], client: Client, capacity: float, period_seconds: float
    ) -> Bucket:
        now = self._now()
        bucket = buckets.setdefault(
            client.id, Bucket(capacity, capacity / period_seconds, capacity, now)
        )
        bucket.fill(now)
        return bucket
