"""Draws the figures of AUDIO_EXPLAINED.md again. From anywhere:

    python 04_speech_audio_processing/figures/draw_figures.py

Signals are computed or spoken by espeak-ng, so that everybody gets the same pictures.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec, low_pass, mel_filterbank, telephone_band
from audio_utils.activity import frame_levels, voice_activity
from audio_utils.augment import pink_noise
from audio_utils.griffin_lim import find_phase
from audio_utils.loudness import _k_filter
from audio_utils.mel import hz_to_mel, magnitude_spectrogram
from audio_utils.panels import draw_spectrogram
from audio_utils.practice import SHORT_TEXT, PracticeVoice
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = Path(__file__).parent
RATE = DEFAULT_SPEC.sample_rate

Audio = npt.NDArray[np.float32]


def save(figure: Figure, name: str, colours: int = 48) -> None:
    """800 pixels wide, with few colours: a third of the size, and nobody sees a difference."""
    from PIL import Image  # matplotlib brings it along

    picture = Image.open(io.BytesIO(save_plot(figure, dpi=100))).convert("RGB").quantize(colours)
    with atomic_path(FOLDER / f"{name}.png") as temporary:
        picture.save(temporary, format="PNG", optimize=True)


def draw_aliasing() -> None:
    """A tone of 5 kHz and one of 3 kHz go through the same samples."""
    figure = new_figure(8.0, 2.6)
    axes = figure.subplots()
    fine, coarse = np.linspace(0, 1.5e-3, 2000), np.arange(13) / 8000
    axes.plot(fine * 1e3, np.cos(2 * np.pi * 5000 * fine), color=COLOURS[5], label="5 kHz")
    axes.plot(fine * 1e3, np.cos(2 * np.pi * 3000 * fine), color=COLOURS[1], label="3 kHz")
    samples = np.cos(2 * np.pi * 5000 * coarse)
    axes.plot(coarse * 1e3, samples, "o", color="black", label="8000 samples/s")
    axes.set(xlabel="time (ms)", ylabel="amplitude", ylim=(-1.2, 1.7))
    axes.set_title("Two tones, one row of samples: nobody can tell them apart afterwards")
    axes.legend(loc="upper right", ncols=3, fontsize=8)
    save(figure, "aliasing")


def draw_quantization() -> None:
    """Three bits, and what each further bit brings."""
    figure = new_figure(8.0, 2.8)
    left, right = figure.subplots(1, 2)
    time = np.linspace(0, 1, 1000)
    wave = 0.95 * np.sin(2 * np.pi * time)
    coarse = np.clip(np.floor(wave * 4) + 0.5, -3.5, 3.5) / 4
    left.plot(time, wave, color=COLOURS[0], label="sound")
    left.plot(time, coarse, color=COLOURS[1], label="3 bits: 8 steps")
    left.plot(time, coarse - wave, color=COLOURS[6], linewidth=0.8, label="error: the noise")
    left.set(xlabel="time (periods)", ylabel="amplitude", title="Rounding adds noise")
    left.legend(fontsize=7, loc="lower left")
    bits = np.arange(2, 17)
    tone = np.sin(2 * np.pi * 0.1234567 * np.arange(100_000))
    ratios = []
    for count in bits:
        step = 2.0 ** (1 - count)
        rounded = (np.floor(tone / step) + 0.5) * step
        ratios.append(10 * np.log10(np.mean(tone**2) / np.mean((rounded - tone) ** 2)))
    right.plot(bits, ratios, "o", color=COLOURS[0], label="measured")
    right.plot(bits, 6.02 * bits + 1.76, color=COLOURS[1], label="6.02 b + 1.76")
    right.set(xlabel="bits b", ylabel="SNR (dB)", title="6 dB for every bit")
    right.legend(fontsize=8)
    save(figure, "quantization")


def draw_fourier() -> None:
    """A sum of three sines, and what the transform says about it."""
    figure = new_figure(8.0, 2.8)
    left, right = figure.subplots(1, 2)
    time = np.arange(1200) / RATE
    parts = {200: 1.0, 600: 0.5, 1000: 0.25}
    wave = sum(level * np.sin(2 * np.pi * hz * time) for hz, level in parts.items())
    for i, (hz, level) in enumerate(parts.items()):
        tone = level * np.sin(2 * np.pi * hz * time[:480])
        left.plot(time[:480] * 1000, tone, color=COLOURS[i], linewidth=0.9, label=f"{hz} Hz")
    left.plot(time[:480] * 1000, wave[:480], color="black", label="sum")
    left.set(xlabel="time (ms)", ylabel="amplitude", title="Three sines and their sum")
    left.set_ylim(-2.0, 1.3)
    left.legend(fontsize=7, ncols=2, loc="lower left")
    magnitude = np.abs(np.fft.rfft(wave)) / 600
    right.stem(np.fft.rfftfreq(1200, 1 / RATE)[:80], magnitude[:80], basefmt=" ", markerfmt=".")
    right.set(xlabel="frequency (Hz)", ylabel="amplitude", title="The transform finds all three")
    save(figure, "fourier")


def draw_windows() -> None:
    """Leakage: a tone between two bins, cut out hard and faded."""
    figure = new_figure(8.0, 2.8)
    axes = figure.subplots()
    time = np.arange(1024)
    tone = np.sin(2 * np.pi * 100.5 * time / 1024) + 1e-3 * np.sin(2 * np.pi * 160 * time / 1024)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * time / 1024)
    for name, window, colour in (("cut out hard", np.ones(1024), 1), ("Hann window", hann, 0)):
        level = 20 * np.log10(np.abs(np.fft.rfft(tone * window)) / window.sum() * 2)
        hz = np.arange(60, 220) * RATE / 1024
        axes.plot(hz, level[60:220], color=COLOURS[colour], label=name)
    axes.set(xlabel="frequency (Hz)", ylabel="level (dB)", ylim=(-110, 5))
    axes.set_title("The weak tone at 3750 Hz (-60 dB) drowns in leakage without a fading window")
    axes.legend()
    save(figure, "windows")


def draw_time_frequency(speech: Audio) -> None:
    """Long and short windows on the same half second."""
    figure = new_figure(8.0, 2.8)
    for axes, seconds in zip(figure.subplots(1, 2, sharey=True), (0.04, 0.005), strict=True):
        piece = speech[int(0.85 * RATE) : int(1.35 * RATE)]
        draw_spectrogram(axes, piece, RATE, max_hz=4000, window_seconds=seconds)
        axes.set_title(f"{seconds * 1000:.0f} ms window")
        axes.label_outer()
    figure.suptitle("Long windows resolve harmonics, short ones moments; none resolves both")
    save(figure, "time_frequency", colours=40)


def draw_mel() -> None:
    """The scale, and 16 filters on it."""
    figure = new_figure(8.0, 2.8)
    left, right = figure.subplots(1, 2)
    hz = np.linspace(0, 12_000, 500)
    left.plot(hz / 1000, hz_to_mel(hz), color=COLOURS[0])
    left.set(xlabel="frequency (kHz)", ylabel="mel", title="The mel scale flattens out")
    spec = AudioSpec(n_mels=16)
    bins = np.arange(513) * RATE / 1024 / 1000
    for i, row in enumerate(mel_filterbank(spec).numpy()):
        right.plot(bins, row, color=COLOURS[i % 6], linewidth=1)
    right.set(xlabel="frequency (kHz)", ylabel="weight")
    right.set_title("Filters grow wider (16 of them here)")
    save(figure, "mel_filters")


def draw_log(speech: Audio) -> None:
    """The same mel, linear and logarithmic."""
    tensor = torch.from_numpy(speech[: int(1.6 * RATE)])[None]
    mel = (mel_filterbank(DEFAULT_SPEC) @ magnitude_spectrogram(tensor, DEFAULT_SPEC)[0]).numpy()
    figure = new_figure(8.0, 2.8)
    versions = {"magnitude": mel, "ln magnitude": np.log(np.maximum(mel, 1e-5))}
    for axes, (name, values) in zip(figure.subplots(1, 2), versions.items(), strict=True):
        extent = (0, mel.shape[1] / 93.75, 0, 100)
        image = axes.imshow(
            values, origin="lower", aspect="auto", extent=extent, interpolation="nearest"
        )
        axes.set(xlabel="time (s)", ylabel="mel bin", title=name)
        figure.colorbar(image, ax=axes)
    figure.suptitle("Without the logarithm only the loudest vowels exist")
    save(figure, "logarithm")


def draw_cosines() -> None:
    """The first patterns that MFCCs look for."""
    figure = new_figure(8.0, 2.4)
    axes = figure.subplots()
    bins = np.arange(100)
    for k in range(4):
        wave = np.cos(np.pi * k * (bins + 0.5) / 100)
        axes.plot(bins, wave, color=COLOURS[k], label=f"coefficient {k}")
    axes.set(xlabel="mel bin", ylabel="weight (not scaled)")
    axes.set_title("What coefficients ask: how loud? more lows or highs? middle or ends? ...")
    axes.legend(fontsize=8, ncols=2)
    save(figure, "mfcc_cosines")


def draw_pitch(speech: Audio) -> None:
    """Autocorrelation of one vowel."""
    levels = frame_levels(speech, RATE)[0]
    start = int(levels.argmax()) * 240 - 480
    frame = speech[start : start + 1200] - speech[start : start + 1200].mean()
    full = np.correlate(frame, frame, "full")[1199:]
    own = np.arange(1200, 0, -1)
    correlation = (full / own) / (full[0] / 1200)
    best = 48 + int(correlation[48:400].argmax())
    figure = new_figure(8.0, 2.6)
    left, right = figure.subplots(1, 2)
    left.plot(np.arange(1200) / RATE * 1000, frame, color=COLOURS[0])
    left.set(xlabel="time (ms)", ylabel="amplitude", title="50 ms of a vowel")
    right.plot(np.arange(500) / RATE * 1000, correlation[:500], color=COLOURS[0])
    right.axvline(best / RATE * 1000, color=COLOURS[1], linestyle="--")
    right.set(xlabel="lag (ms)", ylabel="correlation")
    right.set_title(f"It repeats after {best / RATE * 1000:.1f} ms: {RATE / best:.0f} Hz")
    save(figure, "pitch")


def draw_k_weighting() -> None:
    """What BS.1770 makes of each frequency."""
    from scipy.signal import sosfreqz

    hz = np.geomspace(20, 20_000, 400)
    _, response = sosfreqz(_k_filter(48_000), worN=hz, fs=48_000)
    figure = new_figure(8.0, 2.4)
    axes = figure.subplots()
    axes.semilogx(hz, 20 * np.log10(np.abs(response)), color=COLOURS[0])
    axes.set(xlabel="frequency (Hz)", ylabel="gain (dB)", ylim=(-20, 6))
    axes.set_title("K weighting: rumble hardly counts, the range of consonants counts more")
    axes.grid(alpha=0.3, which="both")
    save(figure, "k_weighting")


def draw_activity(speech: Audio) -> None:
    """Levels, floor and decision in noise."""
    rng = np.random.default_rng(0)
    silence = np.zeros(RATE // 2, np.float32)
    audio = np.concatenate([silence, speech, silence])
    audio = audio + np.float32(0.004) * pink_noise(len(audio), rng)
    level, active = frame_levels(audio, RATE)[0], voice_activity(audio, RATE)
    figure = new_figure(8.0, 2.6)
    axes = figure.subplots()
    time = np.arange(len(level)) * 0.01
    axes.plot(time, level, color=COLOURS[0], linewidth=1)
    axes.fill_between(time, -70, 0, where=active, color=COLOURS[2], alpha=0.2, label="speech")
    axes.axhline(np.percentile(level, 5), color=COLOURS[1], linestyle="--", label="noise floor")
    axes.set(xlabel="time (s)", ylabel="level of 10 ms (dBFS)", ylim=(-70, 0))
    axes.set_title("Speech is what rises clearly above the floor of this recording")
    axes.legend(fontsize=8, loc="upper right")
    save(figure, "activity")


def draw_phase(speech: Audio) -> None:
    """Two sums of the same sines, and the search of Griffin and Lim."""
    figure = new_figure(8.0, 3.0)
    left, right = figure.subplots(1, 2)
    time = np.arange(960) / RATE
    rng = np.random.default_rng(1)
    for offset, (name, phases) in zip(
        (6.0, 0.0), (("phase 0", np.zeros(11)), ("random", 6.28 * rng.random(11))), strict=True
    ):
        wave = sum(np.cos(2 * np.pi * 100 * (k + 1) * time + phases[k]) / 2 for k in range(11))
        left.plot(time * 1000, wave + offset, label=name, color=COLOURS[int(offset > 0)])
    left.set(xlabel="time (ms)", yticks=[], title="Same 11 harmonics, other phases")
    left.set_ylabel("amplitude (shifted)")
    left.legend(fontsize=8, loc="upper right")
    piece = torch.from_numpy(speech[: 90 * 256])[None]
    magnitude = magnitude_spectrogram(piece, DEFAULT_SPEC)[0]
    for i, (name, momentum) in enumerate({"1984": 0.0, "with momentum, 2013": 0.99}.items()):
        _, history = find_phase(magnitude, DEFAULT_SPEC, 60, momentum=momentum)
        right.semilogy(range(1, 61), history, color=COLOURS[i], label=name)
    right.set(xlabel="iteration", ylabel="spectral convergence", title="The search for a phase")
    right.legend(fontsize=8)
    save(figure, "phase")


def draw_bandwidth(speech: Audio) -> None:
    """Long-term spectra of what is left by narrower lines."""
    figure = new_figure(8.0, 2.8)
    axes = figure.subplots()
    noisy = speech + 1e-5 * np.random.default_rng(0).standard_normal(len(speech))
    versions = {
        "22 kHz recording": noisy.astype(np.float32),
        "16 kHz recording": low_pass(noisy.astype(np.float32), RATE, 7900),
        "telephone": telephone_band(noisy.astype(np.float32), RATE),
    }
    for i, (name, audio) in enumerate(versions.items()):
        frames = np.lib.stride_tricks.sliding_window_view(audio, 1024)[::512] * np.hanning(1024)
        power = np.mean(np.abs(np.fft.rfft(frames, axis=1)) ** 2, axis=0)
        axes.plot(np.arange(513) * RATE / 1024 / 1000, 10 * np.log10(power + 1e-9),
                  color=COLOURS[i], label=name)  # fmt: skip
    axes.set(xlabel="frequency (kHz)", ylabel="mean power (dB)", ylim=(-60, 40))
    axes.set_title("A sample rate or a line in the past of a recording shows as a cliff")
    axes.legend(fontsize=8)
    save(figure, "bandwidth")


def main() -> None:
    """Draw all of them."""
    speech = PracticeVoice("espeak-ng").say(SHORT_TEXT)
    for draw in (draw_aliasing, draw_quantization, draw_fourier, draw_windows, draw_mel):
        draw()
    draw_cosines()
    draw_k_weighting()
    for draw in (draw_time_frequency, draw_log, draw_pitch, draw_activity, draw_phase):
        draw(speech)
    draw_bandwidth(speech)
    for path in sorted(FOLDER.glob("*.png")):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
