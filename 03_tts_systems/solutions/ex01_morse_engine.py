"""03.e1  An engine of your own: the solution

The silences are separators, so ``join`` makes them: signs by one unit, letters by three, words by
seven. That is also why nothing follows the last sign.
"""

from __future__ import annotations

import numpy as np
from env_utils import InputError
from tts_utils import Audio

UNIT = 480  # samples: 60 ms at 8 kHz
MORSE = {
    "a": ".-", "b": "-...", "c": "-.-.", "d": "-..", "e": ".", "f": "..-.", "g": "--.",
    "h": "....", "i": "..", "j": ".---", "k": "-.-", "l": ".-..", "m": "--", "n": "-.",
    "o": "---", "p": ".--.", "q": "--.-", "r": ".-.", "s": "...", "t": "-", "u": "..-",
    "v": "...-", "w": ".--", "x": "-..-", "y": "-.--", "z": "--..",
}  # fmt: skip
VOICES_HZ = {"low": 500.0, "high": 1_000.0}


class MorseEngine:
    """Text in, beeps out."""

    name = "morse"
    sample_rate = 8_000

    def voices(self) -> list[str]:
        """Names that synthesize accepts; the first is the default."""
        return list(VOICES_HZ)

    def synthesize(self, text: str, voice: str | None = None) -> Audio:
        """The text as Morse code."""
        if (voice or "low") not in VOICES_HZ:
            raise InputError(f"morse has no voice '{voice}'; it has {', '.join(VOICES_HZ)}.")
        words = []
        for word in text.lower().split():
            letters = [MORSE[letter] for letter in word if letter in MORSE]
            if letters:
                on_off = ("0".join({".": "1", "-": "111"}[sign] for sign in m) for m in letters)
                words.append("000".join(on_off))
        if not words:
            raise InputError("morse: the text holds no letter from A to Z.")
        gate = np.repeat([float(unit) for unit in "0000000".join(words)], UNIT)
        seconds = np.arange(len(gate)) / self.sample_rate
        tone = 0.5 * np.sin(2 * np.pi * VOICES_HZ[voice or "low"] * seconds)
        return Audio((gate * tone).astype(np.float32), self.sample_rate)
