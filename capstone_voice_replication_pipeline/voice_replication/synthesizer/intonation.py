"""From the pitch that is expected to the pitch that somebody speaks with.

A predictor trained on squared errors says what is expected: where the accents lie and that the
voice sinks towards the end, but with a third to a half of the movement, because where a speaker
will go up more than usual can not be known from the text. Spoken that way it is a monotone. So the
movement is widened until it spans what the voice is known to span (as the global-variance
postfilter of Toda and Tokuda, 2007, does for spectra).

Shapes: ``L`` symbols. ``log_f0``: natural logarithm relative to the speaker's median.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

TYPICAL_SPREAD = 0.5  # of log F0 between the 5th and 95th percentile: nine semitones
SPREAD_LIMITS = (0.3, 1.0)  # beyond them octave errors of the pitch tracker are likelier
SENTENCE_SHARE = 1.0  # of the span of a whole recording, in one sentence
MOST = 3.0  # times wider than predicted: beyond, little of it is intonation


def widen(
    log_f0: Floats, voiced: npt.NDArray[np.bool_], durations: npt.NDArray[np.int64], spread: float
) -> Floats:
    """``log_f0 (L,)`` with its movement widened to that of a voice.

    ``spread``: log distance between the voice's 5th and 95th percentile of F0. Symbols count as
    long as their ``durations``; the mean of the sentence stays, and nothing is narrowed.
    """
    counted = np.repeat(log_f0[voiced], durations[voiced])
    if counted.size < 2:
        return log_f0
    low, high = np.percentile(counted, [5, 95])
    wanted = SENTENCE_SHARE * float(np.clip(spread, *SPREAD_LIMITS))
    factor = float(np.clip(wanted / max(high - low, 1e-3), 1.0, MOST))
    mean = float(counted.mean())
    return np.asarray(mean + (log_f0 - mean) * factor, dtype=np.float32)


def raise_question(log_f0: Floats, stressed: npt.NDArray[np.bool_]) -> Floats:
    """``log_f0 (L,)`` rising from the last ``stressed`` vowel on, by five semitones at the end.

    A rule for yes-no questions: the corpora hold no question marks to learn from.
    """
    places = np.flatnonzero(stressed)
    start = int(places[-1]) if places.size else 0
    rise = np.zeros(len(log_f0), dtype=np.float32)
    rise[start:] = np.linspace(0.06, 0.3, len(log_f0) - start)
    return log_f0 + rise
