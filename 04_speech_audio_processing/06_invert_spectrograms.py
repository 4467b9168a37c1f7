"""04.6  From picture to sound: the phase

What you will learn: a spectrogram has lost the phase; what sound becomes without it; how Griffin
and Lim find one that fits (by hand, against audio_utils); what a mel loses on top; and so what the
job of a neural vocoder is.
Needs: nothing but the installation; `--input me.wav` inverts your own voice.
Writes to outputs/04_speech_audio_processing/: phase_search.png, inverted.png, inverted.wav,
06_listen.html
Look for: the true magnitudes with a wrong phase sound broken; the inconsistency falls steeply in
the first iterations, then ever more slowly, and never to zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import (
    DEFAULT_SPEC,
    AudioSpec,
    griffin_lim,
    mel_distance_db,
    mel_spectrogram,
    save_audio,
)
from audio_utils.griffin_lim import find_phase, mel_to_magnitude
from audio_utils.panels import plot_spectrograms
from audio_utils.practice import add_speech_options, practice_speech
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import lesson_parser, run_lesson, seed_everything
from tts_utils.listening_page import Clip, write_listening_page

ITERATIONS = 60

Audio = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]


def window_of(spec: AudioSpec) -> Array:
    """The periodic Hann window of the spec."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(spec.n_fft) / spec.n_fft)


def stft(audio: npt.NDArray[np.floating], spec: AudioSpec) -> Spectrum:
    """Complex spectrogram ``(K, F)``: magnitude times e^(i phase) at each point."""
    padded = np.pad(audio.astype(np.float64), spec.n_fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, spec.n_fft)[:: spec.hop_length]
    return np.fft.rfft(frames * window_of(spec), axis=1).T


def istft(spectrum: Spectrum, spec: AudioSpec) -> Array:
    """The signal whose spectrogram lies nearest to ``spectrum``: ``((F - 1) * hop,)``."""
    frames = np.fft.irfft(spectrum.T, spec.n_fft, axis=1) * window_of(spec)
    total = np.zeros(spec.n_fft + spec.hop_length * (len(frames) - 1))
    weight = np.zeros_like(total)
    for i, frame in enumerate(frames):
        here = slice(i * spec.hop_length, i * spec.hop_length + spec.n_fft)
        total[here] += frame
        weight[here] += window_of(spec) ** 2
    half = spec.n_fft // 2
    return (total / np.maximum(weight, 1e-10))[half : len(total) - half]


def griffin_lim_step(magnitude: Array, phase: Spectrum, spec: AudioSpec) -> tuple[Spectrum, float]:
    """One step: to a real signal and back; its phase is kept, its magnitude is thrown away.

    Not every picture is the spectrogram of a sound: neighbouring frames overlap and must agree.
    Going through a signal makes them agree; putting the wanted magnitude back spoils it a little
    less each time. Also returns the spectral convergence: how far the two magnitudes are apart.
    """
    rebuilt = stft(istft(magnitude * phase, spec), spec)
    distance = np.linalg.norm(np.abs(rebuilt) - magnitude) / np.linalg.norm(magnitude)
    return rebuilt / np.maximum(np.abs(rebuilt), 1e-12), float(distance)


def search_by_hand(
    magnitude: Array, phase: Spectrum, spec: AudioSpec, iterations: int
) -> tuple[Audio, list[float]]:
    """``iterations`` steps from a given start: the signal ``(T,)`` and the way there."""
    history = []
    for _ in range(iterations):
        phase, distance = griffin_lim_step(magnitude, phase, spec)
        history.append(distance)
    return istft(magnitude * phase, spec).astype(np.float32), history


def random_phase(shape: tuple[int, ...], rng: np.random.Generator) -> Spectrum:
    """Numbers of length one in any direction."""
    return np.exp(2j * np.pi * rng.random(shape))


def draw_search(curves: dict[str, list[float]], path: Path) -> None:
    """Spectral convergence over the iterations."""
    figure = new_figure(8.0, 3.4)
    axes = figure.subplots()
    for i, (name, values) in enumerate(curves.items()):
        axes.plot(range(1, len(values) + 1), values, color=COLOURS[i], label=name)
    axes.set(xlabel="iteration", ylabel="spectral convergence (0 = a real sound)", yscale="log")
    axes.set_title("The search for a phase: quick at first, and never finished")
    axes.legend()
    axes.grid(alpha=0.3, which="both")
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Take the phase away from speech and look for another one."""
    parser = add_speech_options(lesson_parser("04_speech_audio_processing", __doc__))
    args = parser.parse_args(argv)
    rng = seed_everything(args.seed)
    spec, folder = DEFAULT_SPEC, args.output_dir
    iterations = 20 if args.smoke else ITERATIONS
    speech = practice_speech(args).samples
    speech = speech[: (len(speech) // spec.hop_length) * spec.hop_length]
    log_mel, complex_spectrum = mel_spectrogram(speech, spec), stft(speech, spec)
    magnitude = np.abs(complex_spectrum)
    true_phase = complex_spectrum / np.maximum(magnitude, 1e-12)

    sounds: dict[str, Audio] = {}
    sounds["true magnitude, true phase"] = istft(magnitude * true_phase, spec).astype(np.float32)
    sounds["true magnitude, phase 0"] = istft(magnitude + 0j, spec).astype(np.float32)
    start = random_phase(magnitude.shape, rng)
    sounds["true magnitude, random phase"] = istft(magnitude * start, spec).astype(np.float32)
    found, plain = search_by_hand(magnitude, start, spec, iterations)
    sounds[f"true magnitude, {iterations} steps by hand"] = found
    tensor = torch.from_numpy(magnitude.astype(np.float32))
    fast, momentum = find_phase(tensor, spec, iterations, args.seed)
    sounds[f"true magnitude, {iterations} fast steps"] = fast.numpy()
    guess = mel_to_magnitude(torch.from_numpy(log_mel), spec)
    sounds["magnitude guessed from the mel, true phase"] = istft(
        guess.numpy() * true_phase, spec
    ).astype(np.float32)
    sounds["from the mel alone: griffin_lim"] = griffin_lim(log_mel, spec, iterations, args.seed)

    perfect = float(np.abs(sounds["true magnitude, true phase"] - speech).max())
    print(f"With its own phase the sound comes back exactly (largest error {perfect:.1e}).")
    print(f"\n{'what is known':<45} mel error (dB)")
    errors = {
        name: mel_distance_db(mel_spectrogram(sound, spec), log_mel)
        for name, sound in sounds.items()
    }
    for name, error in errors.items():
        print(f"{name:<45} {error:8.2f}")
    print(
        f"\nSpectral convergence by hand {plain[0]:.3f} -> {plain[-1]:.3f} in {iterations} steps,"
    )
    print(f"with momentum (audio_utils) {momentum[0]:.3f} -> {momentum[-1]:.3f}.")

    save_audio(folder / "inverted.wav", sounds["from the mel alone: griffin_lim"], spec.sample_rate)
    curves = {"Griffin & Lim 1984, by hand": plain, "with momentum, 2013": momentum}
    draw_search(curves, folder / "phase_search.png")
    shown = ("true magnitude, true phase", "true magnitude, random phase",
             "from the mel alone: griffin_lim")  # fmt: skip
    plot_spectrograms(
        {name: (sounds[name], spec.sample_rate) for name in shown},
        folder / "inverted.png",
        title="The right picture is not enough: without phase the harmonics smear",
        max_hz=6000,
    )
    clips = [Clip(name, sound, spec.sample_rate, f"mel error {errors[name]:.2f} dB")
             for name, sound in sounds.items()]  # fmt: skip
    clips.append(Clip("the original", speech, spec.sample_rate, picture=folder / "inverted.png"))
    intro = (
        "Every clip was made from the same spectrogram; they differ in the phase they were given."
    )
    write_listening_page(folder / "06_listen.html", "04.6 The phase", intro, clips)
    print(f"\nListen: {folder}/06_listen.html; see: phase_search.png, inverted.png")
    return {
        "perfect_error": perfect,
        "convergence_by_hand": [plain[0], plain[-1]],
        "convergence_momentum": [momentum[0], momentum[-1]],
        "mel_error_db": errors,
    }


# Try this next
#  1. Start the search from phase 0 instead of a random one. Is it better after 1 step? After 60?
#  2. Set hop_length to 512 in an AudioSpec of your own: fewer overlaps, fewer constraints. What
#     does it do to the convergence, and what to the sound?
#  3. Give griffin_lim a mel that was shifted by three bins: who is speaking now?

if __name__ == "__main__":
    run_lesson(main)
