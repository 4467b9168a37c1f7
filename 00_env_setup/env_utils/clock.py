"""What time it is, as files and logs of the house write it."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> str:
    """The current time as ISO 8601 with seconds, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
