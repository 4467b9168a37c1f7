"""Everything an operator can set, in one place: from ``serve``'s options or the environment."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from env_utils import ConfigError, voiceclone_home
from pydantic import Field, ValidationError
from training_utils import StrictModel

PREFIX = "VOICECLONE_SERVE_"  # VOICECLONE_SERVE_MAX_QUEUE=16 sets max_queue


def is_loopback(host: str) -> bool:
    """Whether the name or address ``host`` is this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class ServerSettings(StrictModel):
    """How the studio runs. Sizes in bytes, times in seconds."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    home: Path = Field(default_factory=voiceclone_home)
    models_dir: Path | None = None  # models of a run instead of the shipped ones
    engine: Literal["local", "ray"] = "local"
    replicas: int = Field(default=2, ge=1)  # of the ray engine; a core and the models for each
    ray_address: str | None = None  # a cluster to join; None: Ray is started here
    require_keys: bool | None = None  # None: on every address but loopback, and behind proxies
    public_metrics: bool = False  # /metrics without a key, where keys are required
    cors_origins: tuple[str, ...] = ()  # closed by default
    trusted_proxies: int = Field(default=0, ge=0)  # hops whose X-Forwarded-* is believed

    max_input_characters: int = Field(default=4096, ge=1)  # of one speech request
    max_book_bytes: int = Field(default=20 * 2**20, ge=1)
    max_upload_bytes: int = Field(default=50 * 2**20, ge=1)  # of one request's body
    max_upload_files: int = Field(default=61, ge=1)  # 60 recordings and their transcripts
    max_upload_seconds: float = Field(default=600.0, gt=0)  # of one recording
    decode_seconds: float = Field(default=20.0, gt=0)  # CPU time to decode one recording
    decode_bytes: int = Field(default=2 * 2**30, ge=1)  # memory to decode one recording

    threads: int = Field(default=64, ge=2)  # of the HTTP server; more than max_queue, so that
    # who finds the queue full is told so, and does not wait for a thread
    max_queue: int = Field(default=32, ge=1)  # speech requests waiting; more are refused with 429
    workers: int = Field(default=0, ge=0)  # batches rendered at once; 0: one for each core
    max_batch: int = Field(default=8, ge=1)  # lines spoken together
    deadline_seconds: float = Field(default=60.0, gt=0)  # until a request's first audio
    requests_per_minute: int = Field(default=600, ge=1)  # of one API key
    audio_minutes_per_hour: float = Field(default=600.0, gt=0)  # of one API key
    jobs_at_once: int = Field(default=1, ge=1)  # narrations and fine-tunings
    max_jobs: int = Field(default=100, ge=1)  # queued or running; more are refused with 429
    log_text: bool = False  # write what was spoken into the log

    @property
    def folder(self) -> Path:
        """Where the server keeps its database and jobs."""
        return self.home / "server"

    @property
    def keys_required(self) -> bool:
        """Whether a request without an API key is refused."""
        if self.require_keys is not None:
            return self.require_keys
        return self.public or self.trusted_proxies > 0

    @property
    def public(self) -> bool:
        """Whether others than this machine can reach it."""
        return not is_loopback(self.host)

    @classmethod
    def from_environment(
        cls, given: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
    ) -> ServerSettings:
        """Values ``given`` (None is left out) over the environment over the defaults.

        Raises ``ConfigError`` naming the field.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {
            name[len(PREFIX) :].lower(): value
            for name, value in environ.items()
            if name.startswith(PREFIX)
        }
        if isinstance(values.get("cors_origins"), str):
            values["cors_origins"] = [o for o in values["cors_origins"].split(",") if o]
        values |= {name: value for name, value in (given or {}).items() if value is not None}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise ConfigError(f"server setting '{name}': {first['msg'].lower()}.") from None
