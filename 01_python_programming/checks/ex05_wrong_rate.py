"""Checks 01.e5: length and pitch of what is written, and silence where a tone can not be."""

import tempfile
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import soundfile
from course.expect import expect, expect_equal


def tone(hertz: float, rate: int) -> npt.NDArray[np.float32]:
    """Half a second of a sine."""
    moments = np.arange(rate // 2) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * moments)).astype(np.float32)


def strongest_hz(samples: npt.NDArray[np.float64], rate: int) -> float:
    """The frequency of the largest peak of the spectrum."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[spectrum.argmax()])


def check(exercise: ModuleType) -> None:
    """Several rates in, one rate out; then the tone that has to vanish."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tone.wav"
        for rate in (16_000, 22_050, 24_000, 44_100, 48_000):
            exercise.write_wav(path, tone(1000.0, rate), rate)
            samples, written_rate = soundfile.read(path)
            expect_equal(written_rate, 24_000, what="the rate in the header of the file")
            seconds = len(samples) / written_rate
            expect(
                abs(seconds - 0.5) < 0.01,
                f"Half a second at {rate} Hz became {seconds:.2f} s. The number of samples has to "
                "change by 24000 / rate: whoever plays the file believes its header.",
            )
            pitch = strongest_hz(samples, written_rate)
            expect(
                abs(pitch - 1000) < 5,
                f"A tone of 1000 Hz, recorded at {rate} Hz, plays at {pitch:.0f} Hz.",
            )
    high = exercise.to_24k(tone(15_000.0, 48_000), 48_000)[500:-500]
    left = float(np.sqrt(np.mean(np.square(high))) / (0.5 / np.sqrt(2)))
    expect(
        left < 0.01,
        f"A tone of 15 kHz keeps {left:.0%} of its level at 24 kHz, and now sounds as "
        f"{strongest_hz(high, 24_000):.0f} Hz. Half of the rate (12 kHz) is the highest frequency "
        "that samples can hold; what is above has to be filtered out before. soxr.resample does.",
    )
