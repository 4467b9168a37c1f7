"""How a text is to be read: speed, pitch, seed and pauses."""

from __future__ import annotations

import math
from dataclasses import dataclass

from env_utils import InputError

SPEED_RANGE = (0.5, 2.0)
PITCH_RANGE = (-12.0, 12.0)  # semitones


@dataclass(frozen=True)
class Pauses:
    """Silences in seconds at normal speed, from the end of one word to the start of the next.

    The first ones are put between what is synthesized in one go; ``longest_inner`` limits what the
    model itself does within a sentence, at punctuation and where a reader takes a breath
    (``text_utils.phrasing``), and ``longest_unwritten`` everywhere else.
    """

    clause: float = 0.2  # where a very long sentence was cut
    sentence: float = 0.5
    paragraph: float = 0.8
    scene: float = 1.2  # at a line such as * * *
    chapter: float = 1.5  # at the end of each
    longest_inner: float = 0.5
    longest_unwritten: float = 0.25

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0.0 <= value <= 10.0:
                raise InputError(f"pauses.{name} is {value}; use 0 to 10 seconds.")


@dataclass(frozen=True)
class Settings:
    """Everything besides text and voice that changes what is heard."""

    speed: float = 1.0
    pitch_semitones: float = 0.0
    seed: int = 0
    pauses: Pauses = Pauses()

    def __post_init__(self) -> None:
        _require("speed", self.speed, *SPEED_RANGE)
        _require("pitch", self.pitch_semitones, *PITCH_RANGE)
        if not 0 <= self.seed < 2**31:
            raise InputError(f"seed is {self.seed}; use 0 to {2**31 - 1}.")


def _require(name: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"{name} is {value}; use {low:g} to {high:g}.")
