"""Draws the figures of TTS_EXPLAINED.md: `python 03_tts_systems/figures/draw_figures.py`.

Nothing in them is made up: each is computed here, from the formula that the guide gives.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from dl_utils import COLOURS, new_figure, save_plot
from scipy.signal import freqz, lfilter
from tts_utils import EspeakEngine, speech_spectrum

Array = npt.NDArray[np.float64]
FOLDER = Path(__file__).resolve().parent
RATE = 16_000
VOWELS = {"ee": (280.0, 2_250.0, 2_900.0), "ah": (730.0, 1_090.0, 2_440.0)}  # F1, F2, F3 in Hz


def throat(formants: tuple[float, ...], bandwidth: float = 90.0) -> Array:
    """Denominator of the all-pole filter with these resonances."""
    a = np.ones(1)
    for frequency in formants:
        radius = np.exp(-np.pi * bandwidth / RATE)
        a = np.convolve(a, [1.0, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2])
    return a


def pulses(f0: float, seconds: float = 0.5) -> Array:
    """One pulse a period, low-passed a little, as vocal folds do it."""
    train = np.zeros(round(seconds * RATE))
    train[:: round(RATE / f0)] = 1.0
    return np.asarray(lfilter([1.0], [1.0, -0.9], train))


def decibels(signal: Array) -> tuple[Array, Array]:
    """Frequencies up to 4 kHz and levels in dB below the highest."""
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal))))
    frequency = np.fft.rfftfreq(len(signal), 1 / RATE)
    keep = frequency <= 4_000
    return frequency[keep], 20 * np.log10(spectrum[keep] / spectrum.max() + 1e-4)


def source_filter() -> None:
    """Buzz, throat, vowel: the spectra multiply, so the decibels add."""
    figure = new_figure(9.0, 4.4)
    axes = figure.subplots(2, 3, sharex=True, sharey=True)
    for row, (f0, vowel) in enumerate(((110.0, "ah"), (220.0, "ee"))):
        buzz = pulses(f0)
        a = throat(VOWELS[vowel])
        for panel, signal in ((axes[row, 0], buzz), (axes[row, 2], lfilter([1.0], a, buzz))):
            panel.plot(*decibels(signal), color=COLOURS[row], lw=0.8)
        w, h = freqz([1.0], a, worN=1_000, fs=RATE)
        keep = w <= 4_000
        axes[row, 1].plot(w[keep], 20 * np.log10(np.abs(h[keep]) / np.abs(h).max()), color="black")
        axes[row, 0].set(ylabel="level (dB)", ylim=(-70, 5), title=f"buzz, F0 = {f0:.0f} Hz")
        axes[row, 1].set_title(f"throat of “{vowel}”")
        axes[row, 2].set_title(f"“{vowel}” at {f0:.0f} Hz")
    for panel in axes[1]:
        panel.set_xlabel("frequency (Hz)")
    figure.suptitle("The folds set the distance of the lines, the throat sets their heights")
    save_plot(figure, FOLDER / "source_filter.png", dpi=80)


def averaging() -> None:
    """Why predicting the mean blurs: the mean of sharp peaks at different places is a low hill."""
    rng = np.random.default_rng(0)
    figure = new_figure(8.0, 3.0)
    axes = figure.subplots()
    curves = []
    for shift in rng.normal(1.0, 0.08, 12):
        w, h = freqz([1.0], throat(tuple(f * shift for f in VOWELS["ah"]), 60.0), 800, fs=RATE)
        curves.append(20 * np.log10(np.abs(h) / np.abs(h).max()))
    for index, curve in enumerate(curves):
        label = "12 ways to say one vowel" if index == 0 else None
        axes.plot(w, curve, color="0.7", lw=0.8, label=label)
    axes.plot(w, np.mean(curves, axis=0), color=COLOURS[1], lw=2.5, label="their mean")
    axes.set(xlim=(0, 4_000), xlabel="frequency (Hz)", ylabel="level (dB)", ylim=(-65, 3))
    axes.set_title("The mean of sharp formants is a blunt one: over-smoothing")
    axes.legend(frameon=False)
    save_plot(figure, FOLDER / "averaging.png", dpi=85)


def unit_selection() -> None:
    """A lattice of candidates with costs, and the cheapest path through it."""
    rng = np.random.default_rng(6)
    sounds, count = ["m", "ɛ", "l", "ə", "n"], 4  # "melon": all voiced, so all have a pitch
    target = rng.uniform(0, 1, (len(sounds), count))
    pitch = rng.uniform(90, 150, (len(sounds), count))
    total, back = target[0].copy(), []
    for i in range(1, len(sounds)):
        join = np.abs(pitch[i - 1][:, None] - pitch[i][None, :]) / 30
        ways = total[:, None] + join
        back.append(ways.argmin(axis=0))
        total = ways.min(axis=0) + target[i]
    path = [int(total.argmin())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    path.reverse()
    figure = new_figure(8.0, 3.2)
    axes = figure.subplots()
    for i in range(len(sounds) - 1):
        for a in range(count):
            for b in range(count):
                axes.plot([i, i + 1], [pitch[i, a], pitch[i + 1, b]], color="0.85", lw=0.7)
    axes.plot(range(len(sounds)), pitch[range(len(sounds)), path], color=COLOURS[0], lw=3)
    for i in range(len(sounds)):
        axes.scatter(
            [i] * count, pitch[i], s=20 + 180 * (1 - target[i]), color=COLOURS[1], zorder=3
        )
    axes.set_xticks(range(len(sounds)), [f"/{sound}/" for sound in sounds])
    axes.set(ylabel="pitch of the recording (Hz)")
    axes.set_title(
        "Unit selection: big dots fit the text, flat lines fit each other; blue is cheapest"
    )
    save_plot(figure, FOLDER / "unit_selection.png", dpi=82)


def attention() -> None:
    """An alignment as it should be, and the two ways in which attention loses its place."""
    frames, symbols = 60, 20
    place = np.arange(frames) / frames * symbols

    def weights(centre: Array) -> Array:
        score = -0.5 * ((np.arange(symbols)[None, :] - centre[:, None]) / 0.8) ** 2
        e = np.exp(score - score.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))

    skip = np.where(place < 8, place, np.minimum(place + 5, symbols - 1))
    repeat = np.where(place < 13, place, place - 6)
    figure = new_figure(9.0, 3.0)
    for axes, (title, centre) in zip(
        figure.subplots(1, 3, sharey=True),
        (("in order", place), ("skips five symbols", skip), ("says six again", repeat)),
        strict=True,
    ):
        axes.imshow(weights(centre).T, origin="lower", aspect="auto", cmap="cividis")
        axes.set(title=title, xlabel="frame of the spectrogram")
    figure.axes[0].set_ylabel("symbol of the text")
    figure.suptitle(
        "Attention weights: every frame looks at a few symbols, hopefully the next ones"
    )
    save_plot(figure, FOLDER / "attention.png", dpi=88)


def phase() -> None:
    """The same magnitudes with other phases: the spectrum is kept, the wave is not."""
    a = throat(VOWELS["ah"])
    vowel = lfilter([1.0], a, pulses(110, 0.25))
    spectrum = np.fft.rfft(vowel)
    random = np.random.default_rng(0).uniform(-np.pi, np.pi, len(spectrum))
    other = np.fft.irfft(np.abs(spectrum) * np.exp(1j * random), len(vowel))
    figure = new_figure(8.0, 3.2)
    upper, lower = figure.subplots(2, 1, sharex=True)
    milliseconds = np.arange(len(vowel)) / RATE * 1_000
    upper.plot(milliseconds, vowel / np.abs(vowel).max(), color=COLOURS[0], lw=0.9)
    lower.plot(milliseconds, other / np.abs(other).max(), color=COLOURS[1], lw=0.9)
    upper.set(ylabel="amplitude", title="a vowel", xlim=(50, 130))
    lower.set(ylabel="amplitude", xlabel="time (ms)")
    lower.set_title("one transform of it all: same magnitudes, random phases")
    figure.suptitle("Magnitudes alone do not determine a wave: a vocoder has to find phases")
    save_plot(figure, FOLDER / "phase.png", dpi=78)


def kmeans(data: Array, size: int, rng: np.random.Generator) -> Array:
    """``size`` centres by Lloyd's algorithm, 15 rounds."""
    centres = data[rng.choice(len(data), size, replace=False)]
    for _ in range(15):
        nearest = ((data[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        for k in range(size):
            if (nearest == k).any():
                centres[k] = data[nearest == k].mean(axis=0)
    return centres


def residual_quantization() -> None:
    """How the error falls with every codebook, on band levels of real (espeak's) speech."""
    from tts_utils.spectrum import band_levels

    rng = np.random.default_rng(0)
    text = "A codec hears a sound as a few numbers, and what is left over as a few more numbers."
    samples, rate = EspeakEngine().synthesize(text)
    frames = np.nan_to_num(band_levels(samples, rate))[:, 6:]
    frames = np.maximum(frames, frames.max() - 60)
    residual, errors = frames - frames.mean(axis=0), []
    power = float((residual**2).mean())
    for _ in range(8):
        centres = kmeans(residual, 16, rng)
        nearest = ((residual[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        residual = residual - centres[nearest]
        errors.append(10 * np.log10(power / float((residual**2).mean())))
    figure = new_figure(8.0, 3.0)
    axes = figure.subplots()
    axes.plot(range(1, 9), errors, "o-", color=COLOURS[0])
    axes.set(xlabel="codebooks of 16 entries (4 bits each)", ylabel="signal to error (dB)")
    axes.set_title("Residual quantization: every codebook encodes what the ones before left over")
    axes.grid(alpha=0.3)
    save_plot(figure, FOLDER / "residual_quantization.png", dpi=95)


def average_spectra() -> None:
    """The long-term spectra of three espeak voices: one throat model, three settings."""
    figure = new_figure(8.0, 3.0)
    axes = figure.subplots()
    text = "The light above the harbor went out a little after nine, and nobody could say why."
    for colour, voice in zip(COLOURS, ("en-us", "en-us+f2", "en-us+f4"), strict=False):
        samples, rate = EspeakEngine().synthesize(text, voice)
        centres, mean, _ = speech_spectrum(samples, rate)
        axes.semilogx(centres, mean, color=colour, label=voice, lw=1.8)
    axes.set_xticks([125, 250, 500, 1000, 2000, 4000])
    axes.set_xticklabels(["125", "250", "500", "1000", "2000", "4000"])
    axes.set(xlabel="frequency (Hz)", ylabel="mean level (dB)")
    axes.set_title("Average spectra: with a higher pitch the lowest peak moves up")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    save_plot(figure, FOLDER / "average_spectra.png", dpi=85)


def opinion_scores() -> None:
    """How many ratings a difference needs: half the 95 % interval against their number."""
    figure = new_figure(8.0, 2.8)
    axes = figure.subplots()
    count = np.arange(5, 400)
    for colour, spread in zip(COLOURS, (0.7, 1.0), strict=False):
        label = f"standard deviation {spread}"
        axes.plot(count, 1.96 * spread / np.sqrt(count), color=colour, label=label)
    axes.axhline(0.1, color="black", ls=":", lw=1)
    axes.set(xlabel="number of ratings", ylabel="half the 95 % interval (points)", ylim=(0, 0.7))
    axes.set_title("To know a mean opinion score to 0.1 points takes 190 to 380 ratings")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    save_plot(figure, FOLDER / "opinion_scores.png", dpi=95)


def main() -> None:
    """All of them."""
    for draw in (
        source_filter, averaging, unit_selection, attention, phase, residual_quantization,
        average_spectra, opinion_scores,
    ):  # fmt: skip
        draw()
    for picture in sorted(FOLDER.glob("*.png")):
        print(f"{picture.name}: {picture.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
