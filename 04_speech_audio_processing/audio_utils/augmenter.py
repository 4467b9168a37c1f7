"""``Augmenter``: a seeded mixture of the effects in :mod:`audio_utils.augment`, for training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from env_utils import ConfigError
from pydantic import BaseModel, ConfigDict, Field, model_validator

from audio_utils.augment import (
    NoiseKind,
    add_noise,
    babble_noise,
    change_gain,
    low_pass,
    pink_noise,
    room_reverb,
    telephone_band,
    white_noise,
)
from audio_utils.stretch import change_tempo, pitch_shift

Audio = npt.NDArray[np.float32]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Range = tuple[float, float]


class AugmentConfig(BaseModel):
    """How often each effect happens, and the range from which its strength is drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pitch_probability: Probability = 0.2
    pitch_semitones: Range = (-2.0, 2.0)  # within -12 .. 12
    tempo_probability: Probability = 0.2
    tempo_factor: Range = (0.9, 1.1)  # within 0.5 .. 2; the length changes
    reverb_probability: Probability = 0.3
    reverb_rt60_seconds: Range = (0.15, 0.6)
    reverb_direct_db: Range = (3.0, 12.0)
    noise_probability: Probability = 0.4
    noise_snr_db: Range = (10.0, 35.0)
    noise_kinds: tuple[NoiseKind, ...] = ("white", "pink")  # "babble" needs recordings
    telephone_probability: Probability = 0.05
    low_pass_probability: Probability = 0.1
    low_pass_hz: Range = (3000.0, 8000.0)
    gain_probability: Probability = 0.5
    gain_db: Range = (-9.0, 6.0)

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        limits = {
            "pitch_semitones": (-12.0, 12.0),
            "tempo_factor": (0.5, 2.0),
            "reverb_rt60_seconds": (0.01, 10.0),
            "reverb_direct_db": (-40.0, 60.0),
            "noise_snr_db": (-40.0, 100.0),
            "low_pass_hz": (100.0, 1e6),
            "gain_db": (-80.0, 40.0),
        }
        for name, (least, most) in limits.items():
            low, high = getattr(self, name)
            if not least <= low <= high <= most:
                raise ValueError(
                    f"{name} is [{low:g}, {high:g}]; it must be [low, high] within "
                    f"{least:g} to {most:g}"
                )
        if not self.noise_kinds and self.noise_probability > 0:
            raise ValueError("noise_kinds is empty; name a kind or set noise_probability to 0")
        return self


class Augmenter:
    """Applies randomly drawn effects; the same generator state gives the same samples.

    Effects come in the order in which the world has them: the voice (pitch, tempo), the room, the
    noise in it, the line (telephone, bandwidth), the recording level.
    """

    def __init__(self, config: AugmentConfig, babble: Sequence[Audio] = ()) -> None:
        """``babble``: recordings (at the rate of the audio) of which babble noise is made."""
        if "babble" in config.noise_kinds and not babble and config.noise_probability > 0:
            raise ConfigError(
                "noise_kinds names 'babble', which needs recordings: pass some, or leave it out."
            )
        self.config = config
        self.babble = babble

    def apply(self, audio: Audio, sample_rate: int, rng: np.random.Generator) -> Audio:
        """One random version of ``(T,)`` audio; the length changes only if the tempo does."""
        return self.apply_described(audio, sample_rate, rng)[0]

    def apply_described(
        self, audio: Audio, sample_rate: int, rng: np.random.Generator
    ) -> tuple[Audio, dict[str, float | str]]:
        """Like :meth:`apply`, and what was done: for example ``{"noise_snr_db": 12.5}``."""
        chosen = self._draw(rng)
        value = {name: number for name, number in chosen.items() if isinstance(number, float)}
        result = audio.copy()
        if "pitch_semitones" in chosen:
            result = pitch_shift(result, sample_rate, value["pitch_semitones"])
        if "tempo_factor" in chosen:
            result = change_tempo(result, sample_rate, value["tempo_factor"])
        if "reverb_rt60_seconds" in chosen:
            rt60, direct = value["reverb_rt60_seconds"], value["reverb_direct_db"]
            result = room_reverb(result, sample_rate, rt60, direct, rng)
        if "noise_kind" in chosen:
            noise = self._noise(str(chosen["noise_kind"]), len(result), rng)
            result = add_noise(result, noise, value["noise_snr_db"]) if len(result) else result
        if "telephone" in chosen:
            result = telephone_band(result, sample_rate)
        if "low_pass_hz" in chosen:
            result = low_pass(result, sample_rate, value["low_pass_hz"])
        if "gain_db" in chosen:
            highest = float(np.abs(result).max(initial=0.0))
            room = -20.0 * np.log10(highest) if highest > 0 else 0.0
            # A louder copy must not clip: that would be a different effect.
            gain_db = min(value["gain_db"], max(0.0, float(room)))
            result, chosen["gain_db"] = change_gain(result, gain_db), gain_db
        return result, chosen

    def _draw(self, rng: np.random.Generator) -> dict[str, float | str]:
        """Which effects, how strong. Every draw is made, so effects do not shift each other."""
        config, chosen = self.config, dict[str, float | str]()

        def maybe(probability: float, **ranges: Range) -> bool:
            happens = bool(rng.random() < probability)
            drawn = {name: float(rng.uniform(*limits)) for name, limits in ranges.items()}
            if happens:
                chosen.update(drawn)
            return happens

        maybe(config.pitch_probability, pitch_semitones=config.pitch_semitones)
        maybe(config.tempo_probability, tempo_factor=config.tempo_factor)
        maybe(
            config.reverb_probability,
            reverb_rt60_seconds=config.reverb_rt60_seconds,
            reverb_direct_db=config.reverb_direct_db,
        )
        kind = int(rng.integers(max(1, len(config.noise_kinds))))
        if maybe(config.noise_probability, noise_snr_db=config.noise_snr_db):
            chosen["noise_kind"] = config.noise_kinds[kind]
        if maybe(config.telephone_probability):
            chosen["telephone"] = "300-3400 Hz"
        maybe(config.low_pass_probability, low_pass_hz=config.low_pass_hz)
        maybe(config.gain_probability, gain_db=config.gain_db)
        return chosen

    def _noise(self, kind: str, samples: int, rng: np.random.Generator) -> Audio:
        if kind == "babble":
            return babble_noise(self.babble, samples, rng)
        return pink_noise(samples, rng) if kind == "pink" else white_noise(samples, rng)
