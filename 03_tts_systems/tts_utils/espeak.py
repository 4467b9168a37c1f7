"""espeak-ng: rules instead of training. Robotic, always intelligible, 500 times real time.

It is the lower anchor of every evaluation here, and what speaks when no model is at hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from env_utils import InputError

from tts_utils.espeak_library import (
    PITCH,
    PITCH_RANGE,
    RATE,
    WORD_GAP,
    EspeakVoice,
    list_variants,
    list_voices,
    sample_rate,
    speak,
    text_to_ipa,
)
from tts_utils.protocol import Audio

DEFAULT_VOICE = "en-us"


@dataclass(frozen=True)
class EspeakOptions:
    """How espeak-ng speaks. Raises ``InputError`` for a value out of range."""

    words_per_minute: int = 175  # 80–450
    pitch: int = 50  # 0–99
    pitch_range: int = 50  # 0 (monotone) – 99
    word_gap_ms: int = 0  # extra silence between words, 0–1000, in steps of 10

    def __post_init__(self) -> None:
        limits = {
            "words_per_minute": (80, 450),
            "pitch": (0, 99),
            "pitch_range": (0, 99),
            "word_gap_ms": (0, 1000),
        }
        for field, (low, high) in limits.items():
            value = getattr(self, field)
            if not low <= value <= high:
                raise InputError(f"espeak-ng: {field} is {value}, but must lie in {low} to {high}.")

    def parameters(self) -> dict[int, int]:
        """As espeak-ng's own parameter numbers and units."""
        return {
            RATE: self.words_per_minute,
            PITCH: self.pitch,
            PITCH_RANGE: self.pitch_range,
            WORD_GAP: self.word_gap_ms // 10,
        }


class EspeakEngine:
    """The espeak-ng engine: about 130 languages and accents, the same text gives the same audio."""

    name = "espeak-ng"

    def __init__(self, options: EspeakOptions | None = None) -> None:
        self.options = options or EspeakOptions()

    @property
    def sample_rate(self) -> int:
        """22 050 Hz."""
        return sample_rate()

    def voices(self) -> list[str]:
        """Language codes such as ``en-us``, ``en-gb``, ``de``; American English first."""
        return [DEFAULT_VOICE, *(code for code in list_voices() if code != DEFAULT_VOICE)]

    def describe_voices(self) -> list[EspeakVoice]:
        """The voices with their full names."""
        return list(list_voices().values())

    def variants(self) -> list[str]:
        """Other throats for any language: ``de+f2`` is German in the variant ``f2``."""
        return list(list_variants())

    def phonemes(self, text: str, voice: str | None = None) -> str:
        """The sounds that the language's rules find in ``text``, in IPA; "" if it has no words.

        Raises as :meth:`synthesize` does.
        """
        speakable, identifier = prepare_text(text), _identifier(voice)
        try:
            return text_to_ipa(speakable, identifier) if speakable else ""
        except ValueError as error:
            raise InputError(f"{error}.") from error

    def synthesize(self, text: str, voice: str | None = None) -> Audio:
        """Speak ``text`` of any length: ``(T,)`` float32 in [-1, 1] at 22 050 Hz.

        ``voice`` is one of :meth:`voices`, alone or with one of :meth:`variants` (``en-gb+f2``).
        Raises ``InputError`` when the text has nothing to say or the voice does not exist, and
        ``MissingDependencyError`` when the library cannot be loaded.
        """
        speakable, identifier = prepare_text(text), _identifier(voice)
        samples, rate = np.zeros(0, dtype=np.float32), self.sample_rate
        if speakable:
            try:
                raw, rate = speak(speakable, identifier, self.options.parameters())
            except ValueError as error:
                raise InputError(f"{error}.") from error
            samples = np.frombuffer(raw, dtype=np.int16).astype(np.float32) / 32768.0
        if not np.any(samples):
            raise InputError("espeak-ng: the text holds nothing that can be spoken.")
        return Audio(samples, rate)


def _identifier(voice: str | None) -> str:
    """What the library calls a voice: ``en-us+f2`` -> ``gmw/en-US+f2``."""
    code, plus, variant = (voice or DEFAULT_VOICE).partition("+")
    known = list_voices()
    if code not in known:
        raise InputError(
            f"espeak-ng has no voice '{code}'. It has {len(known)}, for example en-us, en-gb, "
            "de, fr and es; `EspeakEngine().voices()` lists them."
        )
    if plus and variant not in list_variants():
        raise InputError(
            f"espeak-ng has no variant '{variant}'. It has {len(list_variants())}, for example "
            "f2, m3, croak and whisper; `EspeakEngine().variants()` lists them."
        )
    return known[code].identifier + plus + variant


def prepare_text(text: str) -> str:
    """What espeak-ng should see: no control characters, no lone punctuation; "" if no word is left.

    espeak-ng reads some marks aloud ("asterisk") when they stand alone and ends at a NUL byte, so
    both go. Line ends become spaces, an empty line ends a sentence.
    """
    text = re.sub(r"\n\s*\n+", "\n\n", text)
    text = re.sub(r"(?<![.!?:;,])\n\n", ".\n\n", text.strip())
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\ufeff]+", " ", text)
    text = re.sub(r"(?<!\S)[^\w\s$£€%&@+=°]+(?!\S)", ",", text)  # a word made of marks: a pause
    text = re.sub(r"[*_#~^|<>{}\[\]\\]+", " ", text)
    text = re.sub(r"(?:\s*,)+", ",", re.sub(r"\s+", " ", text)).strip(" ,")
    return text if re.search(r"\w", text.replace("_", "")) else ""
