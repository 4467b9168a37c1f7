"""04.4  Taking noise out

What you will learn: what a signal-to-noise ratio is; how a noise profile is learned from a moment
in which nobody speaks; spectral gating by hand; and what it costs: a gate can not tell a weak "s"
from noise, and what it leaves standing chirps.
Needs: nothing but the installation; `--input me.wav` cleans your own recording (it should hold half
a second without speech).
Writes to outputs/04_speech_audio_processing/: noisy.wav, denoised.wav, noise_spectrograms.png,
noise_profile.png, noise_gain.png, 04_listen.html
Look for: how much each method wins at 0 dB; and that, in a good recording, the ratio still rises
while the mel spectrogram, which is what a model sees, moves away from the clean one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from audio_utils import (
    DEFAULT_SPEC,
    add_noise,
    measure_quality,
    mel_distance_db,
    mel_spectrogram,
    reduce_noise,
    save_audio,
    true_snr_db,
    voice_activity,
)
from audio_utils.augment import pink_noise, white_noise
from audio_utils.panels import plot_spectrograms
from audio_utils.practice import add_speech_options, practice_speech
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import InputError, lesson_parser, run_lesson, seed_everything
from tts_utils.listening_page import Clip, write_listening_page

RATE = 24_000
N_FFT, HOP = 1024, 256
NOISE_ALONE_SECONDS = 0.6  # before the speech begins
SNRS_DB = (-5, 0, 5, 10, 15, 20, 30, 40)
METHODS = ("nothing", "gate by hand", "reduce_noise")

Audio = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex128]
Profile = npt.NDArray[np.float64]


def hann() -> npt.NDArray[np.float64]:
    """The window with which every frame is faded in and out."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)


def stft_by_hand(audio: Audio) -> Spectrum:
    """Complex spectrogram ``(K, F)``; frames centred, the ends mirrored."""
    padded = np.pad(audio.astype(np.float64), N_FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    return np.fft.rfft(frames * hann(), axis=1).T


def istft_by_hand(spectrum: Spectrum, samples: int) -> Audio:
    """Back to ``samples`` samples: windowed frames added up, over the sum of the windows squared.

    That quotient is the signal whose spectrogram lies nearest to the one given (least squares).
    """
    frames = np.fft.irfft(spectrum.T, N_FFT, axis=1) * hann()
    total = np.zeros(N_FFT + HOP * (len(frames) - 1))
    weight = np.zeros_like(total)
    for i, frame in enumerate(frames):
        total[i * HOP : i * HOP + N_FFT] += frame
        weight[i * HOP : i * HOP + N_FFT] += hann() ** 2
    signal = total / np.maximum(weight, 1e-10)
    return signal[N_FFT // 2 : N_FFT // 2 + samples].astype(np.float32)


def profile_by_hand(noise: Audio) -> Profile:
    """Mean power of each frequency over the whole frames of a stretch of pure noise: ``(K,)``."""
    frames = np.lib.stride_tricks.sliding_window_view(noise.astype(np.float64), N_FFT)[::HOP]
    return np.mean(np.abs(np.fft.rfft(frames * hann(), axis=1)) ** 2, axis=0)


def gate_by_hand(
    audio: Audio, profile: Profile, threshold_db: float = 6.0, reduction_db: float = 20.0
) -> Audio:
    """Turn down every point of the spectrogram that does not rise clearly above the profile."""
    spectrum = stft_by_hand(audio)
    open_gate = np.abs(spectrum) ** 2 > profile[:, None] * 10 ** (threshold_db / 10)
    gain = np.where(open_gate, 1.0, 10 ** (-reduction_db / 20))
    return istft_by_hand(spectrum * gain, len(audio))


def make_noise(kind: str, samples: int, rng: np.random.Generator) -> Audio:
    """White (hiss), pink (a fan, traffic behind a window), or mains hum with its harmonics."""
    if kind == "white":
        return white_noise(samples, rng)
    if kind == "pink":
        return pink_noise(samples, rng)
    time = np.arange(samples) / RATE
    hum = sum(np.sin(2 * np.pi * 50 * k * time + k) / k for k in (1, 2, 3, 4, 5, 7, 9))
    return np.asarray(hum, dtype=np.float32)


def with_noise(speech: Audio, noise: Audio, snr_db: float) -> tuple[Audio, Audio]:
    """The clean and the noisy recording, both with a moment of noise alone before the speech.

    The ratio is that of the speech's own stretch, as everybody means it.
    """
    lead = round(NOISE_ALONE_SECONDS * RATE)
    clean = np.concatenate([np.zeros(lead, np.float32), speech])
    added = add_noise(speech, noise[lead : lead + len(speech)], snr_db) - speech
    scale = np.linalg.norm(added) / np.linalg.norm(noise[lead : lead + len(speech)])
    return clean, (clean + np.float32(scale) * noise[: len(clean)]).astype(np.float32)


def noise_alone(audio: Audio) -> Audio:
    """The longest stretch without speech. ``InputError`` when there is not enough of it."""
    frame = RATE // 100
    quiet = np.concatenate(([False], ~voice_activity(audio, RATE), [False])).astype(np.int8)
    edges = np.flatnonzero(np.diff(quiet)).reshape(-1, 2)
    longest = max(edges, key=lambda edge: edge[1] - edge[0], default=np.array([0, 0]))
    stretch = audio[longest[0] * frame : longest[1] * frame]
    if len(stretch) < 4 * N_FFT:
        raise InputError(
            "there is no 0.2 s without speech from which to learn the noise. Record half a second "
            "of silence before you speak."
        )
    return stretch


def compare(
    speech: Audio, noise: Audio, snrs_db: Sequence[int]
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """After each method at each SNR: the true SNR, and the distance to the clean mel, in dB."""
    after: dict[str, list[float]] = {name: [] for name in METHODS}
    distance: dict[str, list[float]] = {name: [] for name in METHODS}
    lead = round(NOISE_ALONE_SECONDS * RATE)
    for snr_db in snrs_db:
        clean, noisy = with_noise(speech, noise, snr_db)
        gated = gate_by_hand(noisy, profile_by_hand(noisy[:lead]))
        for name, result in zip(METHODS, (noisy, gated, reduce_noise(noisy, RATE)), strict=True):
            after[name].append(true_snr_db(clean[lead:], result[lead:]))
            mels = (mel_spectrogram(sound, DEFAULT_SPEC) for sound in (result, clean))
            distance[name].append(mel_distance_db(*mels))
    return after, distance


def draw_gain(
    snrs_db: Sequence[int],
    after: dict[str, list[float]],
    distance: dict[str, list[float]],
    path: Path,
) -> None:
    """Both measures against the SNR before."""
    figure = new_figure(8.0, 3.6)
    left, right = figure.subplots(1, 2)
    for i, name in enumerate(METHODS):
        style = "--" if name == "nothing" else "o-"
        for axes, values in ((left, after), (right, distance)):
            axes.plot(snrs_db, values[name], style, color=COLOURS[(6, 1, 0)[i]], label=name)
    left.set(xlabel="SNR before (dB)", ylabel="SNR after (dB)", title="Higher is better")
    right.set(xlabel="SNR before (dB)", ylabel="distance to the clean mel (dB)")
    right.set_title("Lower is better: good recordings lose")
    for axes in (left, right):
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    save_plot(figure, path)


def draw_profile(noisy: Audio, profile: Profile, path: Path) -> None:
    """The mean spectrum of everything, over that of the noise alone."""
    khz = np.arange(N_FFT // 2 + 1) * RATE / N_FFT / 1000
    everything = np.mean(np.abs(stft_by_hand(noisy)) ** 2, axis=1)
    figure = new_figure(8.0, 3.0)
    axes = figure.subplots()
    for power, name, colour in ((everything, "recording", 0), (profile, "noise profile", 1)):
        axes.plot(khz, 10 * np.log10(power + 1e-12), color=COLOURS[colour], label=name)
    axes.set(xlabel="frequency (kHz)", ylabel="mean power (dB)")
    axes.set_title("Where the two curves meet, the speech lies under the noise")
    axes.legend()
    save_plot(figure, path)


def options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = add_speech_options(lesson_parser("04_speech_audio_processing", __doc__))
    parser.add_argument("--snr", type=float, default=5.0, help="of the noisy speech, dB (5)")
    parser.add_argument("--noise", choices=["white", "pink", "hum"], default="pink")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Add noise to speech (or take a recording as it is), remove it in two ways, and measure."""
    args = options(argv)
    rng = seed_everything(args.seed)
    folder: Path = args.output_dir
    speech = practice_speech(args).samples
    noise = make_noise(args.noise, len(speech) + RATE, rng)
    measured: dict[str, object] = {}
    if args.input is None:
        clean, noisy = with_noise(speech, noise, args.snr)
        print(f"{args.noise} noise added at {args.snr:g} dB; the first 0.6 s are noise alone.")
    else:
        clean, noisy = None, speech
    profile = profile_by_hand(noise_alone(noisy))
    gated, faded = gate_by_hand(noisy, profile), reduce_noise(noisy, RATE)

    print(f"\n{'SNR in dB':<14} {'estimated':>10} {'true':>8}")
    for name, result in zip(METHODS, (noisy, gated, faded), strict=True):
        estimate = measure_quality(result, RATE).snr_db
        truth = None
        if clean is not None:
            lead = len(clean) - len(speech)
            truth = true_snr_db(clean[lead:], result[lead:])
        print(f"{name:<14} {estimate:>10.1f} {'unknown' if truth is None else f'{truth:8.1f}':>8}")
        measured[name.replace(" ", "_")] = {"estimated_db": estimate, "true_db": truth}
    print("The estimate compares speech with pauses. A gate silences pauses, so it flatters;")
    print("the true ratio counts everything that is not the clean speech, damage included.")

    if clean is not None:
        snrs_db = SNRS_DB[1::4] if args.smoke else SNRS_DB
        after, distance = compare(speech, noise, snrs_db)
        measured.update(snrs_db=list(snrs_db), after_db=after, mel_distance_db=distance)
        for what, values in (("true SNR after", after), ("distance to clean mel", distance)):
            print(f"\n{what + ' (dB)':<28}" + "".join(f"{value:7d}" for value in snrs_db))
            for name in METHODS:
                print(f"  {name:<26}" + "".join(f"{value:7.1f}" for value in values[name]))
        draw_gain(snrs_db, after, distance, folder / "noise_gain.png")

    save_audio(folder / "noisy.wav", noisy, RATE)
    save_audio(folder / "denoised.wav", faded, RATE)
    draw_profile(noisy, profile, folder / "noise_profile.png")
    versions = {"noisy": noisy, "gate by hand: islands that chirp": gated, "reduce_noise": faded}
    if clean is not None:
        versions["clean"] = clean
    plot_spectrograms(
        {name: (audio, RATE) for name, audio in versions.items()},
        folder / "noise_spectrograms.png",
        title="What is left of noise, and what is missing of speech",
    )
    harsh = gate_by_hand(noisy, profile, threshold_db=15.0, reduction_db=60.0)
    clips = [Clip(name, audio, RATE) for name, audio in versions.items()]
    clips.append(Clip("gate by hand, 15 dB and 60 dB", harsh, RATE,
                      "Too much: consonants are gone, and the rest rings."))  # fmt: skip
    clips.append(Clip("what the gate took away", noisy - gated, RATE,
                      "Listen for words in it: that is the damage.",
                      folder / "noise_spectrograms.png"))  # fmt: skip
    intro = "The same recording, cleaned in several ways. Compare the s and f sounds."
    write_listening_page(folder / "04_listen.html", "04.4 Noise", intro, clips)
    print(f"\nListen: {folder}/04_listen.html; see: noise_spectrograms.png, noise_profile.png")
    return measured


# Try this next
#  1. --noise hum --snr 0: why is a gate so much better at this than at white noise?
#  2. threshold_db=0 in gate_by_hand: more than a third of the points of pure noise stay open, and
#     with them three quarters of its power. Why so much? (The power of one noisy point scatters
#     around its mean with an exponential distribution: exp(-1) and 2 exp(-1).)
#  3. Give it your own recording with --input, then again with music playing. What does a noise
#     profile know about music?

if __name__ == "__main__":
    run_lesson(main)
