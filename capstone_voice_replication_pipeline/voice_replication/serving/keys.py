"""API keys: shown once, kept as hashes, revoked at any time.

    vc-1f0c9a3e-qL2...         vc-, the id (8 hex digits, public), -, the secret (256 random bits)

A secret of 256 random bits cannot be guessed, so one fast hash is enough to keep it: whoever reads
the database learns no key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from env_utils import InputError, utc_now

from voice_replication.serving.context import Client
from voice_replication.serving.database import Database

_KEY = re.compile(r"vc-([0-9a-f]{8})-[A-Za-z0-9_-]{43}")
NAME_LIMIT = 80  # characters
USE_NOTED_SECONDS = 60.0  # a key's last use is written down at most this often


@dataclass(frozen=True)
class ApiKey:
    """What is known of a key; the key itself is not."""

    id: str
    name: str
    created: str
    last_used: str | None
    revoked: str | None


class KeyStore:
    """The keys in ``database``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[str, float] = {}  # key id -> when its use was last written (monotonic)

    def create(self, name: str) -> tuple[ApiKey, str]:
        """A new key for ``name``, and the key itself, which nobody can show again."""
        name = name.strip()
        if not name or len(name) > NAME_LIMIT or not name.isprintable():
            raise InputError(f"name of a key: 1 to {NAME_LIMIT} printable characters are needed.")
        key_id = secrets.token_hex(4)
        key = f"vc-{key_id}-{secrets.token_urlsafe(32)}"
        created = utc_now()
        self._database.execute(
            "INSERT INTO api_keys (id, name, hash, created) VALUES (?, ?, ?, ?)",
            (key_id, name, _hash(key), created),
        )
        return ApiKey(key_id, name, created, None, None), key

    def list(self) -> Sequence[ApiKey]:
        """All keys, revoked ones too, oldest first."""
        columns = "id, name, created, last_used, revoked"
        rows = self._database.query(f"SELECT {columns} FROM api_keys ORDER BY created, rowid")
        return [ApiKey(**dict(row)) for row in rows]

    def revoke(self, id_or_name: str) -> ApiKey:
        """Make a key useless from now on. ``InputError`` if none or more than one is meant."""
        usable = [key for key in self.list() if key.revoked is None]
        found = [key for key in usable if key.id == id_or_name]
        found = found or [key for key in usable if key.name == id_or_name]
        if len(found) > 1:
            ids = ", ".join(key.id for key in found)
            raise InputError(f"{len(found)} keys are called '{id_or_name}' ({ids}); give an id.")
        if not found:
            known = ", ".join(f"{key.id} ({key.name})" for key in usable) or "none"
            raise InputError(f"there is no usable key '{id_or_name}'. Usable keys: {known}.")
        self._database.execute(
            "UPDATE api_keys SET revoked = ? WHERE id = ?", (utc_now(), found[0].id)
        )
        return found[0]

    def client(self, key: str) -> Client | None:
        """Whose key it is, or None if it is not valid (any more)."""
        match = _KEY.fullmatch(key)
        if match is None:
            return None
        rows = self._database.query(
            "SELECT name, hash, revoked FROM api_keys WHERE id = ?", (match[1],)
        )
        expected = bytes(rows[0]["hash"]) if rows else bytes(32)
        if not hmac.compare_digest(expected, _hash(key)) or rows[0]["revoked"] is not None:
            return None
        self._note_use(match[1])
        return Client(match[1], rows[0]["name"])

    def _note_use(self, key_id: str) -> None:
        now = time.monotonic()
        if now - self._noted.get(key_id, -USE_NOTED_SECONDS) >= USE_NOTED_SECONDS:
            self._noted[key_id] = now
            self._database.execute(
                "UPDATE api_keys SET last_used = ? WHERE id = ?", (utc_now(), key_id)
            )


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
