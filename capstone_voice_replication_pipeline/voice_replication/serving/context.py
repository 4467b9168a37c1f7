"""Who sends the request that is being handled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import g


@dataclass(frozen=True)
class Client:
    """The holder of an API key, or the user of this machine, who needs none."""

    id: str  # of the key; "local" without one
    name: str

    @property
    def has_key(self) -> bool:
        """Whether limits by key apply."""
        return self.id != LOCAL.id


LOCAL = Client("local", "this machine")


def client() -> Client:
    """The client of this request (set before any route runs)."""
    return cast(Client, g.get("client", LOCAL))


def request_id() -> str | None:
    """The id of this request, in every log line about it and in ``X-Request-Id``."""
    return cast("str | None", g.get("request_id"))
