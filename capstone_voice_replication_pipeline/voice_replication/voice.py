"""What a voice is: an embedding, who agreed to it, and a few numbers about how it sounds.

A voice of a real person exists only together with that person's consent: the constructor refuses
one without it, so no later code can forget to ask. Voices mixed from embeddings belong to nobody;
they say ``synthetic`` instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from env_utils import CheckpointError, ConsentError, InputError, utc_now

from voice_replication.timbre import Timbre

Embedding = npt.NDArray[np.float32]

NAME_LIMIT = 48  # characters
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
# Device names that Windows does not accept as a folder, whatever the case.
_RESERVED = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(10)}
EMBEDDING_SIZES = range(8, 4097)


class VoiceNotFoundError(InputError):
    """There is no voice of this name."""


class VoiceExistsError(InputError):
    """The name is taken."""


class VoiceReadOnlyError(InputError):
    """A sample voice that ships can be neither replaced nor deleted."""


def check_name(name: str) -> str:
    """Return ``name`` if it can name a voice's folder on every system, else ``InputError``."""
    if not _NAME.fullmatch(name) or len(name) > NAME_LIMIT or name.lower() in _RESERVED:
        raise InputError(
            f"voice name {name!r}: use 1 to {NAME_LIMIT} of the characters A-Z a-z 0-9 - and _, "
            "with a letter or digit first (and no device name such as 'con')."
        )
    return name


@dataclass(frozen=True)
class Consent:
    """Who agreed that this voice is made, in which words, when, and how that was given."""

    speaker: str
    statement: str
    given: str  # ISO date, such as 2026-05-31
    how: str  # for example "typed at enrollment" or "signed form"

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not isinstance(value, str) or not value.strip():
                raise ConsentError(f"consent record: '{item.name}' is empty; fill it in.")
        try:
            given = date.fromisoformat(self.given[:10])
        except ValueError:
            raise ConsentError(
                f"consent record: 'given' is {self.given!r}, not a date such as 2026-05-31."
            ) from None
        if given > date.today() + timedelta(days=1):  # a day of slack for time zones
            raise ConsentError(f"consent record: 'given' is {self.given}, which is in the future.")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any, source: str) -> Consent:
        """Inverse of :meth:`to_dict`; a missing or unknown field is a ``ConsentError``."""
        names = {item.name for item in fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names:
            raise ConsentError(
                f"{source}: a consent record has exactly the fields {', '.join(sorted(names))}."
            )
        return cls(**values)


@dataclass(frozen=True)
class Statistics:
    """How the references sound. Zero where it is not known (a synthetic voice has none)."""

    references: int = 0
    speech_seconds: float = 0.0
    f0_median_hz: float = 0.0
    f0_low_hz: float = 0.0  # 5th percentile of the voiced frames
    f0_high_hz: float = 0.0  # 95th percentile
    bandwidth_hz: float = 0.0
    level_lufs: float = 0.0  # of the references as recorded, before normalization
    snr_db: float = 0.0

    @property
    def f0_spread(self) -> float | None:
        """Log distance between the percentiles of F0; None where it is not known."""
        if self.f0_low_hz <= 0 or self.f0_high_hz <= 0:
            return None
        return math.log(self.f0_high_hz / self.f0_low_hz)

    @classmethod
    def from_dict(cls, values: Any, source: str) -> Statistics:
        """From JSON values; anything but finite numbers under the known names is refused."""
        names = {item.name for item in fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names:
            raise InputError(f"{source}: 'statistics' must have the fields {sorted(names)}.")
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InputError(f"{source}: statistics.{name} is {value!r}, not a number.")
            if not math.isfinite(value):
                raise InputError(f"{source}: statistics.{name} is {value}, not a finite number.")
        return cls(**values)


@dataclass(frozen=True, eq=False)
class Voice:
    """An enrolled or sample voice.

    ``embedding`` is ``(D,)`` float32 of unit length and means something only to the encoder that
    made it: ``encoder`` is that checkpoint's fingerprint, ``audio`` its ``AudioSpec`` as plain
    values. ``delta`` is the file of synthesizer weights of its own, if there are any, ``adapted``
    whether they are from enrolling (else from fine-tuning on transcribed recordings);
    ``consent_recording`` a FLAC file in which the speaker agrees, the evidence behind ``consent``.
    """

    name: str
    embedding: Embedding
    encoder: str
    audio: Mapping[str, Any]
    consent: Consent | None = None
    synthetic: bool = False
    created: str = field(default_factory=utc_now)
    statistics: Statistics = Statistics()
    timbre: Timbre | None = None  # average spectrum of the references; synthetic voices have none
    delta: Path | None = None
    adapted: bool = False
    consent_recording: Path | None = None
    sample: bool = False  # ships with the package: read-only

    def __post_init__(self) -> None:
        check_name(self.name)
        check_embedding(self.embedding, f"voice '{self.name}'")
        if self.consent is None and not self.synthetic:
            raise ConsentError(
                f"voice '{self.name}': a voice of a real person needs a consent record; enroll it "
                'with --consent "..." or --consent-file FILE.'
            )

    @property
    def kind(self) -> str:
        """One word for lists: sample, synthetic, fine-tuned, adapted or enrolled."""
        if self.sample:
            return "sample"
        if self.synthetic:
            return "synthetic"
        if self.delta is None:
            return "enrolled"
        return "adapted" if self.adapted else "fine-tuned"

    def require_encoder(self, fingerprint: str) -> None:
        """``CheckpointError`` unless the embedding was made by the encoder with ``fingerprint``."""
        if self.encoder != fingerprint:
            raise CheckpointError(
                f"voice '{self.name}': its embedding was made by encoder {self.encoder}, but the "
                f"installed one is {fingerprint}; embeddings of one mean nothing to the other. "
                "Enroll again from the recordings (`voiceclone enroll NAME FILE... --replace`)."
            )


def check_embedding(embedding: Embedding, source: str) -> None:
    """``InputError`` unless ``embedding`` is one finite float vector of unit length."""
    shape, kind = embedding.shape, embedding.dtype.kind
    if embedding.ndim != 1 or shape[0] not in EMBEDDING_SIZES or kind != "f":
        raise InputError(
            f"{source}: the embedding has shape {shape} and type {embedding.dtype}; one vector of "
            f"{EMBEDDING_SIZES.start} to {EMBEDDING_SIZES.stop - 1} floats is expected."
        )
    if not np.isfinite(embedding).all():
        raise InputError(f"{source}: the embedding contains NaN or infinite values.")
    length = float(np.linalg.norm(embedding))
    if abs(length - 1.0) > 1e-3:
        raise InputError(f"{source}: the embedding has length {length:.4f}; it must have length 1.")
