"""Checks 03.e1: the engine follows the protocol, and its units are where Morse wants them."""

from types import ModuleType

import numpy as np
from course.expect import expect, expect_equal, expect_raises
from env_utils import InputError
from tts_utils import TTSEngine

UNIT = 480


def heard(samples: np.ndarray) -> str:
    """One letter a unit: 1 where there is sound."""
    units = np.asarray(samples)[: len(samples) // UNIT * UNIT].reshape(-1, UNIT)
    return "".join("1" if np.abs(unit).max() > 0.05 else "0" for unit in units)


def loudest_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.fft.rfftfreq(len(samples), 1 / 8_000)[np.argmax(spectrum)])


def check(exercise: ModuleType) -> None:
    engine = exercise.MorseEngine()
    voices = engine.voices()
    expect_equal(voices, ["low", "high"], what="voices()", hint="the first is the default")
    expect(isinstance(engine, TTSEngine), "The engine lacks a part of tts_utils.TTSEngine.")
    rule = "dot 1, dash 3, between signs 1, between letters 3, between words 7 units"
    wanted = {
        "e": "1",
        "t": "111",
        "a": "10111",
        "et": "1000111",
        "e e": "100000001",
        "SoS": "101010001110111011100010101",
        " e!  ?  t ": "10000000111",
    }
    for text, units in wanted.items():
        audio = engine.synthesize(text)
        expect(
            getattr(audio, "sample_rate", None) == 8_000,
            f"synthesize({text!r}) should return Audio(samples, 8000), but gave {type(audio)}.",
        )
        samples = np.asarray(audio.samples)
        expect(samples.ndim == 1 and samples.dtype == np.float32, "samples: (T,) of float32")
        expect_equal(heard(samples), units, what=f"units of {text!r} (1 is sound)", hint=rule)
        expect_equal(len(samples), len(units) * UNIT, what=f"samples of {text!r}", hint=rule)
        expect(float(np.abs(samples).max()) <= 1.0, "samples must stay in -1 to 1.")
    for voice, hertz in (("low", 500.0), ("high", 1_000.0), (None, 500.0)):
        found = loudest_hz(engine.synthesize("t", voice).samples)
        expect(abs(found - hertz) < 20, f"voice {voice!r} should sound at {hertz} Hz, not {found}.")
    hint = "an engine that returns nothing, or another voice, fails where nobody looks"
    for text in ("", "  ", "?!"):
        expect_raises(
            InputError, lambda t=text: engine.synthesize(t), what=f"synthesize({text!r})", hint=hint
        )
    expect_raises(
        InputError, lambda: engine.synthesize("e", "alto"), what='voice "alto"', hint=hint
    )
