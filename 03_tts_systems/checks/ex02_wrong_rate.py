"""Checks 03.e2: every part keeps its duration and its pitch, whatever its rate was."""

from types import ModuleType

import numpy as np
from course.expect import expect
from tts_utils import Audio


def tone(hertz: float, seconds: float, rate: int) -> Audio:
    times = np.arange(round(seconds * rate)) / rate
    return Audio((0.5 * np.sin(2 * np.pi * hertz * times)).astype(np.float32), rate)


def loudest_hz(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[np.argmax(spectrum)])


def check(exercise: ModuleType) -> None:
    rule = "seconds = samples / rate, so another rate needs another number of samples"
    for first, second in ((22_050, 16_000), (16_000, 22_050), (24_000, 24_000), (8_000, 48_000)):
        joined = exercise.join_voices([tone(440, 1.0, first), tone(300, 0.5, second)])
        expect(isinstance(joined, Audio), "join_voices should return an Audio.")
        expect(
            joined.sample_rate == first,
            f"The result should be at the rate of the first part, {first} Hz, "
            f"but is at {joined.sample_rate} Hz.",
        )
        name = f"{first} Hz, then {second} Hz"
        expect(
            abs(joined.seconds - 1.5) < 0.01,
            f"{name}: 1.0 s and 0.5 s should last 1.5 s, but last {joined.seconds:.3f} s.\n"
            f"  the rule: {rule}",
        )
        samples = np.asarray(joined.samples)
        for start, end, hertz in ((0.1, 0.9, 440), (1.1, 1.4, 300)):
            part = samples[round(start * first) : round(end * first)]
            found = loudest_hz(part, first)
            expect(
                abs(found - hertz) < 5,
                f"{name}: between {start} s and {end} s should be a tone of {hertz} Hz, but "
                f"it is at {found:.0f} Hz.\n  the rule: {rule}",
            )
            level = float(np.sqrt(np.mean(part**2)))
            expect(0.3 < level < 0.4, f"{name}: the level changed from 0.354 to {level:.3f}.")
    # A tone above half of the new rate cannot be kept; it must vanish, not come back lower.
    high = exercise.join_voices([tone(440, 0.5, 16_000), tone(10_000, 0.5, 48_000)])
    rest = np.asarray(high.samples)[10_000:14_000]
    expect(
        float(np.sqrt(np.mean(rest**2))) < 0.02,
        "A tone of 10 kHz came back at another pitch in the 16 kHz result. Leaving out samples "
        "folds what is above half the rate back (aliasing); a resampler filters it away first.",
    )
