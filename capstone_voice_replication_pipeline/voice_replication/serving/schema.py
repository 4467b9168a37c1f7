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
    """
    CREATE TABLE jobs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which they came
        id TEXT NOT NULL UNIQUE,
        job TEXT NOT NULL            -- JSON
    ) STRICT;
    """,
    """
    CREATE TABLE listening_tests (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,          -- mos, abx or mushra
        title TEXT NOT NULL,
        systems TEXT NOT NULL,       -- JSON lists of names: every clip exists from every system
        clips TEXT NOT NULL,
        seed TEXT NOT NULL,          -- of the design; a 63-bit number
        created TEXT NOT NULL
    ) STRICT;
    CREATE TABLE listening_sessions (
        id TEXT PRIMARY KEY,
        test TEXT NOT NULL REFERENCES listening_tests ON DELETE CASCADE,
        listener TEXT NOT NULL,
        number INTEGER NOT NULL,     -- from 0: the listener's row in the design
        trials TEXT NOT NULL,        -- JSON: [[clip, [[label, system], ...]], ...] as presented
        created TEXT NOT NULL,
        UNIQUE (test, number)
    ) STRICT;
    CREATE TABLE listening_answers (
        session TEXT NOT NULL REFERENCES listening_sessions ON DELETE CASCADE,
        trial INTEGER NOT NULL,      -- from 1
        answer TEXT NOT NULL,        -- JSON
        answered TEXT NOT NULL,
        PRIMARY KEY (session, trial)
    ) STRICT;
    """,
)
