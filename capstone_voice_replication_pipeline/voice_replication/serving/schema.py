"""The tables of the studio's database, as the steps that lead to them.

A database's ``user_version`` is the number of steps it has seen. A step that was released is never
changed: what is different from now on is a new step at the end.
"""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE api_keys (
        id TEXT PRIMARY KEY,         -- public part of the key
        name TEXT NOT NULL,
        hash BLOB NOT NULL,          -- SHA-256 of the whole key, which is not kept
        created TEXT NOT NULL,       -- ISO 8601, UTC, here and below
        last_used TEXT,
        revoked TEXT
    ) STRICT;
    """,
)
