"""What every text-to-speech engine looks like from outside: ours, and anybody's."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


class Audio(NamedTuple):
    """Sound and its rate; also unpacks: ``samples, rate = engine.synthesize(...)``."""

    samples: npt.NDArray[np.float32]  # (T,) mono in [-1, 1]
    sample_rate: int  # Hz

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.sample_rate


@runtime_checkable
class TTSEngine(Protocol):
    """Text in, audio out. An engine is made without arguments and loads when first used."""

    @property
    def name(self) -> str:
        """What it is chosen by, for example ``espeak-ng``."""
        ...

    @property
    def sample_rate(self) -> int:
        """Rate of all its audio, in Hz."""
        ...

    def voices(self) -> list[str]:
        """Names that :meth:`synthesize` accepts as ``voice``; the first is the default."""
        ...

    def synthesize(self, text: str, voice: str | None = None) -> Audio:
        """Speak ``text``. ``InputError``: nothing in it can be said, or the voice is unknown."""
        ...
