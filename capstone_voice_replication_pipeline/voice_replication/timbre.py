"""The average spectrum of a voice's recordings, as it is kept with the voice.

What it is for, how it is measured, and how the synthesizer speaks with it is in
``synthesizer/average_spectrum.py``. Shapes: ``N`` lowest mel bins, those that the recordings hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from env_utils import InputError

Floats = npt.NDArray[np.float32]

FEWEST_BINS, MOST_BINS = 20, 256
LARGEST = 100.0  # nats: no logarithm of a magnitude is this far from zero


@dataclass(frozen=True, eq=False)
class Timbre:
    """``voiced (N,)`` mean log-mel of loud voiced frames, ``spread (N,)`` its deviation over time,
    ``error (N,)`` the standard error of the mean."""

    voiced: Floats
    spread: Floats
    error: Floats

    def to_array(self) -> Floats:
        """``(3, N)``, to be stored."""
        return np.stack([self.voiced, self.spread, self.error])

    @classmethod
    def from_array(cls, values: Floats, source: str) -> Timbre:
        """Inverse of :meth:`to_array`; ``InputError`` naming ``source`` if it cannot be one.

        A fourth row, which voices stored earlier have, is not used any more.
        """
        fits = values.ndim == 2 and len(values) in (3, 4) and values.dtype.kind == "f"
        if not fits or not FEWEST_BINS <= values.shape[1] <= MOST_BINS:
            raise InputError(f"{source}: the timbre has shape {values.shape}, not (3, bins).")
        if not np.isfinite(values).all() or np.abs(values).max() > LARGEST:
            raise InputError(f"{source}: the timbre holds values that no recording has.")
        if (values[1:3] < 0).any():
            raise InputError(f"{source}: the timbre has a negative deviation.")
        return cls(*values[:3].astype(np.float32))
