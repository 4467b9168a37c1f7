"""03.e3  How high is this voice?: the solution

``np.correlate(x, x, "full")`` has lag 0 in the middle. All multiples of the period fit equally
well, and which of them lies nearest to a whole number of samples is chance; so ``argmax`` is asked
for the first that is good enough, not for the best.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LOWEST_HZ = 60
HIGHEST_HZ = 400
VOICED_ABOVE = 0.3


def pitch_of_frame(frame: npt.NDArray[np.floating], sample_rate: int) -> float:
    """Pitch of one frame in Hz, 0.0 where there is no voice."""
    x = np.asarray(frame, dtype=np.float64) - np.mean(frame)
    count = len(x)
    r = np.correlate(x, x, "full")[count - 1 :]
    if r[0] <= 0:
        return 0.0
    lags = np.arange(sample_rate // HIGHEST_HZ, min(sample_rate // LOWEST_HZ, count - 1) + 1)
    fit = r[lags] / r[0] / ((count - lags) / count)
    best = fit.max()
    if best < VOICED_ABOVE:
        return 0.0
    return float(sample_rate / lags[np.argmax(fit >= best - 0.01)])
