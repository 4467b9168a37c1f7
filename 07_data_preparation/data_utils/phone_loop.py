"""Which phones are spoken where nobody wrote them down: the phone HMM, running free.

Forced alignment follows one chain of phones; here every phone may follow every other, as likely as
it does in the words of a dictionary (a bigram), and the best path says what was heard::

        ┌──► B ● ● ● ──┐
     ───┼──► CH ● ● ● ─┼───► and again, weighted by P(next | phone)
        └──► silence ──┘

One-stage dynamic programming (Ney 1984, IEEE ASSP 32(2)). With 4 Gaussians a state more than half
of the phones are not the ones of the transcript, though mostly something that sounds alike: no
recognizer to read from, but enough to tell a synthesizer what to practise a voice on.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from text_utils.lexicon import all_words, lookup
from text_utils.symbols import BASE_PHONES

from data_utils.phone_hmm import (
    N_PHONES,
    SILENCE,
    SILENCE_LENGTH,
    STATES_PER_PHONE,
    Floats,
    PhoneHmm,
)

PAUSE = N_PHONES  # the unit after the phones
LANGUAGE_WEIGHT = 5.0  # of the bigram against the frames, which overstate what they know
PAUSED_SHARE = 0.3  # of words that a pause follows, roughly

STATES = np.array([*range(SILENCE), *[SILENCE] * SILENCE_LENGTH])  # of each position of the loop
FIRST = np.arange(N_PHONES + 1) * STATES_PER_PHONE  # position at which a unit begins
LAST = np.append(FIRST[1:] - 1, len(STATES) - 1)
INSIDE = np.setdiff1d(np.arange(len(STATES)), FIRST)


@cache
def bigram() -> Floats:
    """Log-probability of unit ``column`` after unit ``row``, ``(40, 40)``, over some 17,000 words
    of the dictionary, each followed by a pause or by another word."""
    number = {phone: index for index, phone in enumerate(BASE_PHONES)}
    some = all_words()[::8]
    words = [[number[phone.rstrip("012")] for phone in lookup(word)[0]] for word in some]
    counts = np.full((N_PHONES + 1, N_PHONES + 1), 0.5)
    for word in words:
        np.add.at(counts, (word[:-1], word[1:]), 1.0)
    begins = np.bincount([word[0] for word in words], minlength=N_PHONES)
    ends = np.bincount([word[-1] for word in words], minlength=N_PHONES)
    counts[PAUSE, :PAUSE] += begins
    counts[:PAUSE, PAUSE] += PAUSED_SHARE * ends
    counts[:PAUSE, :PAUSE] += (1 - PAUSED_SHARE) * np.outer(ends, begins / begins.sum())
    return np.asarray(np.log(counts / counts.sum(axis=1, keepdims=True)), dtype=np.float32)


def recognize(hmm: PhoneHmm, features: Floats) -> tuple[list[int], list[int]]:
    """What is heard in normalized ``features (T, 39)``: units (0 to 38 phones, as
    :meth:`Symbols.base` counts them, or :data:`PAUSE`) and the frames of each, which add up to T.
    """
    return best_path(hmm.log_likelihood(features)[:, STATES], LANGUAGE_WEIGHT * bigram())


def best_path(emission: Floats, follows: Floats) -> tuple[list[int], list[int]]:
    """Units and their frames on the best path; ``emission (T, N)`` log-likelihoods of the loop's
    positions, ``follows (40, 40)`` what going from unit ``row`` to unit ``column`` adds."""
    frames, positions = emission.shape
    here = np.arange(positions)
    score = np.full(positions, -np.inf)
    score[FIRST] = emission[0, FIRST] + follows[PAUSE]
    back = np.zeros((frames, positions), dtype=np.int16)
    source = np.zeros(positions, dtype=np.int64)
    source[INSIDE] = INSIDE - 1
    for t in range(1, frames):
        entering = score[LAST][:, None] + follows
        before = entering.argmax(axis=0)
        source[FIRST] = LAST[before]
        moved = score[source]
        moved[FIRST] = entering.max(axis=0)
        back[t] = np.where(moved > score, source, here)
        score = np.maximum(moved, score) + emission[t]
    return _traced(back, int(LAST[score[LAST].argmax()]))


def _traced(back: npt.NDArray[np.int16], last: int) -> tuple[list[int], list[int]]:
    """Follow ``back (T, N)`` from position ``last`` of the last frame to the beginning."""
    units, lengths = [], []
    end = len(back)
    place = last
    for t in range(end - 1, -1, -1):
        previous = int(back[t, place])
        if t == 0 or (place in FIRST and previous != place):
            units.append(min(place // STATES_PER_PHONE, PAUSE))
            lengths.append(end - t)
            end = t
        place = previous
    return units[::-1], lengths[::-1]
