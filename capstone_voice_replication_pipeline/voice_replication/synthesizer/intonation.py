"""From the pitch that is expected to the pitch that somebody speaks with.

A predictor trained on squared errors says what is expected: where the accents lie and that the
voice sinks towards the end, but with a third to a half of the movement, because where a speaker
will go up more than usual can not be known from the text. Spoken that way it is a monotone. So the
movement is widened until it spans what the voice is known to span (as the global-variance
postfilter of Toda and Tokuda, 2007, does for spectra).

Shapes: ``L`` symbols. ``log_f0``: natural logarithm relative to the speaker's median.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from text_utils import Word
from text_utils.questions import rises

Floats = npt.NDArray[np.float32]

TYPICAL_SPREAD = 0.5  # of log F0 between the 5th and 95th percentile: nine semitones
SPREAD_LIMITS = (0.3, 0.85)  # beyond them octave errors of the pitch tracker are likelier
IMPLAUSIBLE_SPREAD = 1.3  # nearly two octaves: nothing but such errors
SENTENCE_SHARE = 1.0  # of the span of a whole recording, in one sentence
MOST = 3.0  # times wider than predicted: beyond, little of it is intonation
QUESTION_END = 0.25  # four semitones above the median: where a rise leads
QUESTION_RISES = (0.3, 0.6)  # by five to ten semitones
EXCLAIMED_WIDTH = 1.2  # and a semitone higher: excitement raises the pitch and makes it move more
EXCLAIMED_RISE = 0.058  # (Banse and Scherer, "Acoustic profiles in vocal emotion expression", 1996)


def melody(
    words: Sequence[Word],
    names: Sequence[str],
    log_f0: Floats,
    voiced: npt.NDArray[np.bool_],
    durations: npt.NDArray[np.int64],
    spread: float,
) -> tuple[Floats, Floats]:
    """Log F0 ``(L,)`` of a line, and what is to be added to it in each frame, ``(F,)``.

    ``log_f0`` is what is expected of the symbols called ``names`` that ``words`` became,
    ``spread`` how far the pitch of the voice moves (see :func:`widen`). What is asked or exclaimed
    in it, as in “Did it rain?” he cried, has its own melody.
    """
    log_f0 = widen(log_f0, voiced, durations, spread).copy()
    stressed = np.array([name.endswith("1") for name in names])
    ends = np.cumsum(durations)
    rise = np.zeros(int(ends[-1]), np.float32)
    for part, place in _sentences(words):
        mark = part[-1].pause
        if mark == "!":
            log_f0[place] = exclaim(log_f0[place], voiced[place])
        elif mark == "?" and rises(part):
            inside = log_f0[place], stressed[place], voiced[place], durations[place]
            rise[ends[place][0] - durations[place][0] : ends[place][-1]] = question_rise(*inside)
    return log_f0, rise


def _sentences(words: Sequence[Word]) -> Iterator[tuple[Sequence[Word], slice]]:
    """The words up to each full stop, question or exclamation mark, and their symbols' place."""
    first, start, end = 0, 0, 1  # a line begins with the start symbol
    for last, word in enumerate(words):
        end += len(word.phones) + 1
        if word.pause in ".?!" or last == len(words) - 1:
            yield words[first : last + 1], slice(start, end)
            first, start = last + 1, end


def widen(
    log_f0: Floats, voiced: npt.NDArray[np.bool_], durations: npt.NDArray[np.int64], spread: float
) -> Floats:
    """``log_f0 (L,)`` with its movement widened to that of a voice.

    ``spread``: log distance between the voice's 5th and 95th percentile of F0. Symbols count as
    long as their ``durations``; the mean of the sentence stays, and nothing is narrowed. A
    ``spread`` that nobody has counts as a typical one.
    """
    counted = np.repeat(log_f0[voiced], durations[voiced])
    if counted.size < 2:
        return log_f0
    low, high = np.percentile(counted, [5, 95])
    known = spread if spread < IMPLAUSIBLE_SPREAD else TYPICAL_SPREAD
    wanted = SENTENCE_SHARE * float(np.clip(known, *SPREAD_LIMITS))
    factor = float(np.clip(wanted / max(high - low, 1e-3), 1.0, MOST))
    mean = float(counted.mean())
    return np.asarray(mean + (log_f0 - mean) * factor, dtype=np.float32)


def exclaim(log_f0: Floats, counted: npt.NDArray[np.bool_]) -> Floats:
    """``log_f0 (L,)`` of an exclamation: higher, and wider around the mean of the symbols that are
    ``counted``. A rule, as that for questions is."""
    mean = float(log_f0[counted].mean()) if counted.any() else 0.0
    lively = mean + (log_f0 - mean) * EXCLAIMED_WIDTH + EXCLAIMED_RISE
    return np.asarray(lively, dtype=np.float32)


def question_rise(
    log_f0: Floats,
    stressed: npt.NDArray[np.bool_],
    voiced: npt.NDArray[np.bool_],
    durations: npt.NDArray[np.int64],
) -> Floats:
    """How much higher a question is in each frame, ``(F,)`` of log F0: from its last ``stressed``
    vowel to its last ``voiced`` frame the pitch rises, from wherever it has fallen to.

    A rule for the questions of which ``text_utils.questions.rises`` says so: the corpora hold no
    question marks to learn from.
    """
    ends = np.cumsum(durations)
    accents, sounding = np.flatnonzero(stressed), np.flatnonzero(voiced & (durations > 0))
    start = ends[accents[-1]] - durations[accents[-1]] if accents.size else 0
    end = ends[sounding[-1]] if sounding.size else ends[-1]
    fallen = log_f0[sounding[-1]] if sounding.size else 0.0
    height = np.clip(QUESTION_END - fallen, *QUESTION_RISES)
    line = np.interp(np.arange(ends[-1]), [start, max(end, start + 1)], [0.0, height])
    return np.asarray(line, dtype=np.float32)


def symbol_means(frames: Floats, durations: npt.NDArray[np.int64]) -> Floats:
    """Mean over the frames of each symbol, ``(F,) -> (L,)``; 0 for symbols of no frames."""
    total = np.concatenate([[0.0], np.cumsum(frames)])
    ends = np.cumsum(durations)
    means = (total[ends] - total[ends - durations]) / np.maximum(durations, 1)
    return np.asarray(means, dtype=np.float32)
