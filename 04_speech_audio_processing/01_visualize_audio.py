"""04.1  Seeing sound

What you will learn: a recording is a list of numbers; three pictures of it (waveform, spectrogram,
mel spectrogram) and what each shows; why a sample rate has an upper limit of frequency, and what
happens to whatever lies above it (aliasing), seen and heard.
Needs: nothing but the installation; `--input me.wav` looks at your own recording instead.
Writes to outputs/04_speech_audio_processing/: waveform.png, spectrogram.png, mel.png, aliasing.png,
01_listen.html
Look for: vowels repeat themselves a hundred times or more in a second, an "s" never does; the sweep
that turns round at 4 kHz although the sound goes on rising.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, f0_contour, mel_spectrogram, resample
from audio_utils.activity import frame_levels
from audio_utils.panels import draw_spectrogram
from audio_utils.plots import plot_mel
from audio_utils.practice import add_speech_options, practice_speech
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import lesson_parser, run_lesson, seed_everything
from tts_utils.listening_page import Clip, write_listening_page

RATE = DEFAULT_SPEC.sample_rate  # 24 000 samples a second
KEEP_EVERY = 3  # of 24 000 samples, one in three is left: 8000 a second
LOW_RATE = RATE // KEEP_EVERY
TONE_HZ = 5000.0  # above 4000 Hz, half of 8000: 8000 samples a second cannot hold it
ZOOM_SECONDS = 0.03

Audio = npt.NDArray[np.float32]


def keep_one_in(audio: Audio, every: int) -> Audio:
    """The wrong way to lower a sample rate: throw samples away, and let high frequencies fold."""
    return np.ascontiguousarray(audio[::every])


def alias_hz(tone_hz: float, sample_rate: int) -> float:
    """Where a tone is heard after sampling: the distance to the nearest multiple of the rate."""
    return abs(tone_hz - sample_rate * round(tone_hz / sample_rate))


def tone(hz: float, seconds: float = 1.0) -> Audio:
    """A pure tone at 24 000 samples a second."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def sweep(low_hz: float, high_hz: float, seconds: float) -> Audio:
    """A tone that rises evenly. Its phase is the integral of its frequency."""
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * (low_hz * time + (high_hz - low_hz) * time**2 / (2 * seconds))
    return (0.3 * np.sin(phase)).astype(np.float32)


def strongest_hz(audio: Audio, sample_rate: int) -> float:
    """Frequency of the highest peak of the whole signal's spectrum."""
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    return float(np.argmax(spectrum) * sample_rate / len(audio))


def telling_moments(audio: Audio) -> dict[str, float]:
    """Where to zoom in: the loudest moment (a vowel), and one that is loud but mostly hiss."""
    level, high = frame_levels(audio, RATE)
    audible = level > level.max() - 35
    hiss = np.where(audible, high - level, -np.inf)
    return {"vowel": float(level.argmax()) * 0.01, "hiss": float(hiss.argmax()) * 0.01}


def draw_waveforms(audio: Audio, path: Path) -> None:
    """The whole recording, and 30 ms of a vowel and of a hiss."""
    figure = new_figure(8.0, 4.6)
    axes = figure.subplot_mosaic([["all", "all"], ["vowel", "hiss"]])
    time = np.arange(len(audio)) / RATE
    axes["all"].plot(time, audio, color=COLOURS[0], linewidth=0.4)
    axes["all"].set_title("The whole recording: syllables and pauses")
    titles = {"vowel": "30 ms of a vowel: it repeats", "hiss": "30 ms of a hiss: it does not"}
    for i, (name, start) in enumerate(telling_moments(audio).items(), 1):
        first = min(round(start * RATE), max(0, len(audio) - round(ZOOM_SECONDS * RATE)))
        here = slice(first, first + round(ZOOM_SECONDS * RATE))
        axes[name].plot(time[here] * 1000, audio[here], color=COLOURS[i], linewidth=1.2)
        axes["all"].axvspan(time[first], time[first] + ZOOM_SECONDS, color=COLOURS[i], alpha=0.5)
        axes[name].set_title(titles[name])
    for name, panel in axes.items():
        panel.set_xlabel("time (s)" if name == "all" else "time (ms)")
        panel.set_ylabel("amplitude (1 = full scale)")
        panel.grid(alpha=0.3)
    save_plot(figure, path)


def draw_spectrograms(audio: Audio, path: Path) -> None:
    """The second around the loudest vowel through a long and a short window: none shows it all."""
    figure = new_figure(8.0, 5.0)
    first = max(0, round((telling_moments(audio)["vowel"] - 0.3) * RATE))
    audio = audio[first : first + RATE]
    titles = {
        0.04: "Columns of 40 ms: the stripes are the harmonics of the voice",
        0.004: "Columns of 4 ms: single pulses of the vocal folds instead, and sharp onsets",
    }
    for axes, (window_seconds, title) in zip(figure.subplots(2, 1), titles.items(), strict=True):
        image = draw_spectrogram(axes, audio, RATE, max_hz=8000, window_seconds=window_seconds)
        axes.set_title(title, fontsize=9, loc="left")
        axes.label_outer()
    figure.colorbar(image, ax=figure.axes, label="level (dB, 0 = full-scale sine)")
    save_plot(figure, path)


def draw_aliasing(rising: Audio, path: Path) -> None:
    """A rising tone at 24 kHz, and at 8 kHz made in the wrong and in the right way."""
    versions = {
        f"The sound: a tone that rises to 11 kHz ({RATE} samples/s)": (rising, RATE),
        f"Every third sample kept ({LOW_RATE}/s): it folds back at {LOW_RATE // 2} Hz": (
            keep_one_in(rising, KEEP_EVERY),
            LOW_RATE,
        ),
        f"Low-pass first, then every third ({LOW_RATE}/s): it ends at {LOW_RATE // 2} Hz": (
            resample(rising, RATE, LOW_RATE),
            LOW_RATE,
        ),
    }
    figure = new_figure(8.0, 6.0)
    for axes, (title, (audio, rate)) in zip(figure.subplots(3, 1), versions.items(), strict=True):
        image = draw_spectrogram(axes, audio, rate, top_db=0.0)
        axes.set_ylim(0, RATE / 2000)
        axes.axhline(LOW_RATE / 2000, color="white", linestyle="--", linewidth=0.8)
        axes.set_facecolor("black")
        axes.set_title(title, fontsize=9, loc="left")
        axes.label_outer()
    figure.colorbar(image, ax=figure.axes, label="level (dB, 0 = full-scale sine)")
    figure.suptitle("What 8000 samples a second can not hold does not vanish: it folds")
    save_plot(figure, path)


def lost_and_folded_db(audio: Audio) -> float:
    """Power of what folding adds to a signal, against what belongs there, in dB."""
    wrong, right = keep_one_in(audio, KEEP_EVERY), resample(audio, RATE, LOW_RATE)
    length = min(len(wrong), len(right))
    added = np.sum((wrong[:length] - right[:length]).astype(np.float64) ** 2)
    return float(10 * np.log10(added / np.sum(right.astype(np.float64) ** 2)))


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Draw the three pictures of one recording, then sample too slowly and see what happens."""
    parser = add_speech_options(lesson_parser("04_speech_audio_processing", __doc__))
    args = parser.parse_args(argv)
    seed_everything(args.seed)
    folder = args.output_dir
    speech = practice_speech(args).samples
    print(f"{len(speech)} numbers between -1 and 1, {RATE} for each second.\n")

    draw_waveforms(speech, folder / "waveform.png")
    draw_spectrograms(speech, folder / "spectrogram.png")
    mel, pitch = mel_spectrogram(speech, DEFAULT_SPEC), f0_contour(speech)
    voiced = pitch[pitch > 0]
    title = "The mel spectrogram a model sees: the same, on the ear's scale (white: pitch)"
    plot_mel(mel, DEFAULT_SPEC, folder / "mel.png", title=title, f0_hz=pitch)
    print(f"Spectrogram for the models: {mel.shape[0]} mel bins, {mel.shape[1]} frames.")
    if voiced.size:
        print(f"Median pitch {np.median(voiced):.0f} Hz: a vowel repeats that often per second.\n")

    print(f"A tone of {TONE_HZ:.0f} Hz, {LOW_RATE} samples a second (they hold up to half of it):")
    measured = strongest_hz(keep_one_in(tone(TONE_HZ), KEEP_EVERY), LOW_RATE)
    expected = alias_hz(TONE_HZ, LOW_RATE)
    print(f"  it is heard at {measured:.0f} Hz; |5000 - 8000| predicts {expected:.0f} Hz")
    folded_db = lost_and_folded_db(speech)
    print(f"In the speech, what folds down is {folded_db:.1f} dB against what belongs there.")
    rising = sweep(100.0, 11_000.0, 1.0 if args.smoke else 4.0)
    draw_aliasing(rising, folder / "aliasing.png")

    clips = [
        Clip("The speech", speech, RATE, picture=folder / "spectrogram.png"),
        Clip("8 kHz, wrong: every third sample", keep_one_in(speech, KEEP_EVERY), LOW_RATE,
             "Listen to every s and sh: their high frequencies fold down as a harsh rustle."),
        Clip("8 kHz, right: low-pass, then every third sample", resample(speech, RATE, LOW_RATE),
             LOW_RATE, "Dull, as on a telephone, but nothing was added."),
        Clip("A rising tone", rising, RATE, picture=folder / "aliasing.png"),
        Clip("The rising tone at 8 kHz, wrong", keep_one_in(rising, KEEP_EVERY), LOW_RATE,
             "It rises, falls and rises again."),
        Clip("The rising tone at 8 kHz, right", resample(rising, RATE, LOW_RATE), LOW_RATE,
             "It rises, and is gone when it reaches 4 kHz."),
    ]  # fmt: skip
    intro = "What a sample rate can hold, and what it does to the rest. Use headphones."
    write_listening_page(folder / "01_listen.html", "04.1 Seeing and hearing sound", intro, clips)
    print(f"\nPictures and sounds: {folder}/01_listen.html, waveform.png, mel.png")
    return {
        "seconds": len(speech) / RATE,
        "mel_frames": mel.shape[1],
        "median_f0_hz": float(np.median(voiced)) if voiced.size else 0.0,
        "alias_expected_hz": expected,
        "alias_measured_hz": measured,
        "folded_db": folded_db,
    }


# Try this next
#  1. Record yourself saying "see" and "moo" and run it with --input. Where is the energy of each?
#  2. Set TONE_HZ to 9000, 7000 and 4000. Predict where each is heard before you run it.
#  3. Draw the spectrograms with windows of 0.002 and 0.2 s. What is still visible in each? No
#     window shows both pitch and onsets sharply; AUDIO_EXPLAINED.md says why.

if __name__ == "__main__":
    run_lesson(main)
