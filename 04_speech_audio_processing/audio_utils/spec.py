"""``AudioSpec``: the one contract about sound that every part of the house signs.

Mel settings that differ between synthesizer and vocoder are a common failure of speech systems put
together from several sources: they give noise and no error message. So the settings are one frozen
dataclass, its fingerprint is stored with every feature file and checkpoint, and loading a pair that
differs is an error that names the field and both values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from env_utils import CheckpointError


@dataclass(frozen=True)
class AudioSpec:
    """Sample rate, short-time Fourier transform and mel settings.

    The defaults are those of the published Vocos mel-24khz models and of torchaudio: HTK mel scale,
    no area normalization, magnitude (power 1), natural logarithm. Only the floor under the
    logarithm differs: Vocos has 1e-7.
    """

    sample_rate: int = 24_000  # Hz
    n_fft: int = 1024  # samples; also the length of the periodic Hann window
    hop_length: int = 256  # samples: 93.75 frames a second
    n_mels: int = 100  # mel bins
    f_min_hz: float = 0.0
    f_max_hz: float = 12_000.0
    log_floor: float = 1e-5  # magnitudes below this are clipped before the logarithm

    @property
    def frames_per_second(self) -> float:
        """Mel frames in one second of audio."""
        return self.sample_rate / self.hop_length

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that differ whenever any field differs."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def frames(self, samples: int) -> int:
        """Mel frames of a signal of ``samples`` samples (centred frames: one more than hops)."""
        return samples // self.hop_length + 1

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> AudioSpec:
        """Inverse of :meth:`to_dict`; an unknown or missing field is a ``CheckpointError``."""
        known = set(cls.__dataclass_fields__)
        if set(values) != known:
            odd = sorted(set(values) ^ known)
            raise CheckpointError(f"AudioSpec: unknown or missing field(s) {', '.join(odd)}.")
        return cls(**values)

    def require_match(self, other: AudioSpec, source: str) -> None:
        """Raise ``CheckpointError`` naming the first field in which ``other`` differs.

        ``source`` says where ``other`` comes from, usually a file name.
        """
        for name, mine in self.to_dict().items():
            theirs = getattr(other, name)
            if mine != theirs:
                raise CheckpointError(
                    f"{source}: made with {name} = {theirs}, but {mine} is expected here. "
                    "Features and models must share one AudioSpec; make them again with the same "
                    "settings."
                )


DEFAULT_SPEC = AudioSpec()
