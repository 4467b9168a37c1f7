"""03.e1  An engine of your own

Task: write a speech engine that speaks Morse code. It has the four things that every engine here
    has (tts_utils.TTSEngine): a name, a sample_rate, voices() and synthesize(text, voice).

    A dot is a tone of one unit, a dash one of three units. Between the signs of a letter is one
    unit of silence, between two letters are three, between two words seven. Nothing comes after the
    last sign.
    One unit is UNIT samples. The voices are "low" (500 Hz, the default) and "high" (1 000 Hz).
    Small and capital letters are the same; what MORSE does not know is left out. If nothing is
    left, or the voice is unknown, raise InputError.

Shapes: synthesize("et") -> Audio(samples (T,) float32 in [-1, 1], 8000), T = (1 + 3 + 3) * UNIT
"""

from __future__ import annotations

from env_utils import InputError
from tts_utils import Audio

UNIT = 480  # samples: 60 ms at 8 kHz
MORSE = {
    "a": ".-", "b": "-...", "c": "-.-.", "d": "-..", "e": ".", "f": "..-.", "g": "--.",
    "h": "....", "i": "..", "j": ".---", "k": "-.-", "l": ".-..", "m": "--", "n": "-.",
    "o": "---", "p": ".--.", "q": "--.-", "r": ".-.", "s": "...", "t": "-", "u": "..-",
    "v": "...-", "w": ".--", "x": "-..-", "y": "-.--", "z": "--..",
}  # fmt: skip


class MorseEngine:
    """Text in, beeps out."""

    name = "morse"
    sample_rate = 8_000

    def voices(self) -> list[str]:
        """Names that synthesize accepts; the first is the default."""
        raise NotImplementedError("Return the two voices.")

    def synthesize(self, text: str, voice: str | None = None) -> Audio:
        """The text as Morse code."""
        raise NotImplementedError("Turn letters into signs, signs into units, units into samples.")


__all__ = ["MORSE", "UNIT", "Audio", "InputError", "MorseEngine"]
