"""Times in files: with seconds, in UTC, and in the order of their text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from env_utils import utc_now


def test_the_time_is_now_in_utc_and_reads_back() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    text = utc_now()
    read = datetime.fromisoformat(text)
    assert before <= read <= datetime.now(UTC)
    assert read.utcoffset() == timedelta(0)
    assert len(text) == len("2026-05-31T10:00:00+00:00")
