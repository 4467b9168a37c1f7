"""04.e2  Where is it heard?

A tone is sampled, without any filter before it. Half the sample rate (the Nyquist frequency) is
the highest frequency that samples can tell apart; a higher tone gives the very samples of a lower
one, its alias. Sampling can not see whole turns: f and f + k * rate give the same samples for
every whole number k, and so do f and -f.

Write alias_hz: the frequency, between 0 and half the rate, at which a tone of tone_hz is heard.
    alias_hz(5000, 8000) -> 3000
    alias_hz(3000, 8000) -> 3000
    alias_hz(17000, 8000) -> 1000
Then needs_filter: whether lowering a recording that holds frequencies up to highest_hz to
new_rate needs a low-pass filter first (it does as soon as anything lies above half the new rate).
"""

from __future__ import annotations


def alias_hz(tone_hz: float, sample_rate: float) -> float:
    """Frequency in Hz, 0 to ``sample_rate / 2``."""
    raise NotImplementedError("alias_hz: the distance to the nearest multiple of the sample rate")


def needs_filter(highest_hz: float, new_rate: float) -> bool:
    """Whether something would fold."""
    raise NotImplementedError("needs_filter: compare with half the new rate")
