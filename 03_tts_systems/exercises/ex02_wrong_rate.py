"""03.e2  Too deep and too slow (broken on purpose)

A narrator (22 050 Hz) and a guest (16 000 Hz) were spoken by two engines, and join_voices puts one
after the other. It runs. But the guest comes out like a chipmunk in a hurry, and when the guest
speaks first, the narrator comes out like a tired giant.

Task: find the mistake and repair it. All parts should come out at the rate of the *first* part,
    each as long, in seconds, and as high, in Hz, as it was spoken.

Example: join_voices([Audio(22 050 samples, 22 050), Audio(16 000 samples, 16 000)])
    lasts 2 s: Audio(44 100 samples, 22 050)
The tool: soxr.resample(samples, from_rate, to_rate) is the resampler used in this house.
"""

from __future__ import annotations

import numpy as np
from tts_utils import Audio


def join_voices(parts: list[Audio]) -> Audio:
    """The parts one after another, at the rate of the first."""
    rate = parts[0].sample_rate
    return Audio(np.concatenate([part.samples for part in parts]), rate)
