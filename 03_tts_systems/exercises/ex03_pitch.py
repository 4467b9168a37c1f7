"""03.e3  How high is this voice?

Task: find the pitch of one frame from its autocorrelation.

    r[lag] = sum over t of x[t] * x[t + lag]                (x without its mean)
    fit[lag] = r[lag] / r[0] / ((N - lag) / N)              for lags from rate / 400 to rate / 60
    period = the shortest lag whose fit is within 0.01 of the best
    pitch  = rate / period; 0.0 if the best fit is below 0.3 (no voice) or r[0] is 0

    (N - lag) / N is there because at a long lag fewer products are summed. "The shortest" is there
    because two periods fit as well as one.

Shapes: pitch_of_frame(frame (N,), sample_rate) -> float in Hz
Example: 50 ms of a sine of 200 Hz at 16 000 Hz -> about 200.0 (period: 80 samples)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LOWEST_HZ = 60
HIGHEST_HZ = 400
VOICED_ABOVE = 0.3


def pitch_of_frame(frame: npt.NDArray[np.floating], sample_rate: int) -> float:
    """Pitch of one frame in Hz, 0.0 where there is no voice."""
    raise NotImplementedError("Take the mean off, make r and fit, find the first high peak.")
