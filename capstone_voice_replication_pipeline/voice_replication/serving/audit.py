"""Who enrolled, spoke and deleted: one JSON object a line, only ever added to.

{"time": "2026-05-31T10:00:00+00:00", "action": "speak", "subject": "anna", "client": "1f0c9a3e",
 "client_name": "reader app", "request_id": "req_...", "seconds": 3.2}

Neither what was said nor any sound is written here. The file is opened anew for every line, so an
operator may move it away at any time.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from env_utils import utc_now
from flask import has_request_context

from voice_replication.serving.context import LOCAL, Client, client, request_id

FILE_NAME = "audit.jsonl"
Fact = str | int | float | bool | None


class AuditLog:
    """The log in the file ``path``."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._lock = threading.Lock()

    def write(self, action: str, subject: str, *, by: Client | None = None, **facts: Fact) -> None:
        """``action`` (enroll, speak, narrate, finetune, delete, ...) was done to ``subject``.

        ``by``: who did it, where no request is being handled; ``facts``: numbers and ids.
        """
        inside = has_request_context()
        who = by or (client() if inside else LOCAL)
        line = {
            "time": utc_now(),
            "action": action,
            "subject": subject,
            "client": who.id,
            "client_name": who.name,
            "request_id": request_id() if inside else None,
            **facts,
        }
        data = (json.dumps(line) + "\n").encode()
        with self._lock:
            log = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(log, "ab") as stream:
                stream.write(data)
