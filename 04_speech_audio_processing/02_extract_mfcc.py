"""04.2  MFCCs by hand

What you will learn: the road from samples to thirteen numbers a frame, every step in NumPy: frames,
window, Fourier transform, mel filters, logarithm, cosine transform; and what each step throws away.
Needs: nothing but the installation; librosa (extra "course") for the comparison, whose first use on
a machine takes about 20 s because it compiles itself.
Writes to outputs/04_speech_audio_processing/: mfcc_steps.png, mfcc.png
Look for: the numbers made by hand, by audio_utils and by librosa are the same; the smooth curve
that 13 coefficients keep of a spectrum: the shape of the mouth stays, the pitch is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, AudioSpec, mel_spectrogram, mfcc
from audio_utils.mel import mel_centers_hz
from audio_utils.practice import add_speech_options, practice_speech
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import lesson_parser, run_lesson, seed_everything

N_MFCC = 13

Array = npt.NDArray[np.float64]


def frames_by_hand(audio: npt.NDArray[np.float32], spec: AudioSpec) -> Array:
    """Step 1: overlapping pieces, ``(T,) -> (F, n_fft)``. Frame i is centred on sample i * hop.

    The signal is mirrored at both ends, so that the first and last frame are whole.
    """
    half = spec.n_fft // 2
    padded = np.pad(audio.astype(np.float64), half, mode="reflect")
    starts = np.arange(spec.frames(len(audio))) * spec.hop_length
    return np.stack([padded[start : start + spec.n_fft] for start in starts])


def hann_by_hand(length: int) -> Array:
    """Step 2: fades each frame in and out. Periodic: copies that overlap by half add up to one."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def magnitudes_by_hand(frames: Array) -> Array:
    """Step 3: how much of each frequency is in each frame, ``(F, n_fft) -> (K, F)``."""
    return np.abs(np.fft.rfft(frames * hann_by_hand(frames.shape[1]), axis=1)).T


def filters_by_hand(spec: AudioSpec) -> Array:
    """Step 4: triangles, evenly spaced in mel and so ever wider in Hz: ``(M, K)``."""
    lowest, highest = (2595 * np.log10(1 + hz / 700) for hz in (spec.f_min_hz, spec.f_max_hz))
    corners = 700 * (10 ** (np.linspace(lowest, highest, spec.n_mels + 2) / 2595) - 1)
    bins_hz = np.arange(spec.n_fft // 2 + 1) * spec.sample_rate / spec.n_fft
    filters = np.zeros((spec.n_mels, len(bins_hz)))
    for m in range(spec.n_mels):
        left, centre, right = corners[m : m + 3]
        rising = (bins_hz - left) / (centre - left)
        falling = (right - bins_hz) / (right - centre)
        filters[m] = np.clip(np.minimum(rising, falling), 0.0, None)
    return filters


def log_mel_by_hand(audio: npt.NDArray[np.float32], spec: AudioSpec) -> Array:
    """Steps 1 to 5: ``(T,) -> (M, F)``. The logarithm is natural, with a floor against log(0)."""
    mel = filters_by_hand(spec) @ magnitudes_by_hand(frames_by_hand(audio, spec))
    return np.log(np.maximum(mel, spec.log_floor))


def dct_by_hand(bins: int, count: int) -> Array:
    """Step 6: ``count`` cosines, each a longer look at how the mel bins vary, ``(count, M)``.

    The orthonormal DCT-II: rows have length one and are at right angles to each other.
    """
    k, m = np.arange(count)[:, None], np.arange(bins)[None]
    cosines = np.cos(np.pi * k * (m + 0.5) / bins) * np.sqrt(2 / bins)
    cosines[0] /= np.sqrt(2)
    return cosines


def mfcc_by_hand(audio: npt.NDArray[np.float32], spec: AudioSpec, count: int = N_MFCC) -> Array:
    """All six steps: ``(T,) -> (count, F)``."""
    return dct_by_hand(spec.n_mels, count) @ log_mel_by_hand(audio, spec)


def librosa_mfcc(audio: npt.NDArray[np.float32], spec: AudioSpec) -> Array | None:
    """The same from librosa, told to use our conventions; ``None`` when it is not installed."""
    try:
        import librosa

        print("Asking librosa (about 20 s the first time on a machine: it compiles itself) …")
        mel = librosa.feature.melspectrogram(
            y=audio, sr=spec.sample_rate, n_fft=spec.n_fft, hop_length=spec.hop_length,
            n_mels=spec.n_mels, fmin=spec.f_min_hz, fmax=spec.f_max_hz,
            power=1.0, htk=True, norm=None, pad_mode="reflect",  # none of these is its default
        )  # fmt: skip
        log_mel = np.log(np.maximum(mel, spec.log_floor))
        return np.asarray(librosa.feature.mfcc(S=log_mel, n_mfcc=N_MFCC), dtype=np.float64)
    except ImportError:
        print('librosa is not installed (pip install "voice-cloning-pipeline[course]"): left out.')
        return None


def draw_steps(audio: npt.NDArray[np.float32], frame: int, spec: AudioSpec, path: Path) -> None:
    """One frame on its way: samples, spectrum, mel bins, and what the coefficients remember."""
    pieces = frames_by_hand(audio, spec)[frame : frame + 1]
    spectrum = magnitudes_by_hand(pieces)[:, 0]
    log_mel = np.log(np.maximum(filters_by_hand(spec) @ spectrum, spec.log_floor))
    cosines = dct_by_hand(spec.n_mels, N_MFCC)
    coefficients = cosines @ log_mel
    centres = mel_centers_hz(spec)
    figure = new_figure(8.0, 5.6)
    (wave, linear), (mel, cepstrum) = figure.subplots(2, 2)
    time = np.arange(spec.n_fft) / spec.sample_rate * 1000
    wave.plot(time, pieces[0], color=COLOURS[5], linewidth=0.8, label="frame")
    windowed = pieces[0] * hann_by_hand(spec.n_fft)
    wave.plot(time, windowed, color=COLOURS[0], linewidth=0.8, label="times the window")
    wave.set(title="1, 2: a frame and its window", xlabel="time (ms)", ylabel="amplitude")
    bins_khz = np.arange(len(spectrum)) * spec.sample_rate / spec.n_fft / 1000
    linear.plot(bins_khz, np.log(np.maximum(spectrum, 1e-5)), color=COLOURS[0], linewidth=0.8)
    linear.set(title="3: spectrum, harmonics as teeth", xlabel="frequency (kHz)")
    linear.set_xlim(0, 6)
    mel.plot(centres / 1000, log_mel, color=COLOURS[0], linewidth=0.8, label="100 mel bins")
    smooth = cosines.T @ coefficients
    mel.plot(centres / 1000, smooth, color=COLOURS[1], label=f"what {N_MFCC} MFCCs keep")
    mel.set(title="4, 5: log-mel; the smooth curve is the mouth", xlabel="frequency (kHz)")
    cepstrum.bar(range(1, N_MFCC), coefficients[1:], color=COLOURS[1])
    cepstrum.set(title="6: coefficients 1 to 12", xlabel="coefficient", ylabel="value")
    for axes in (linear, mel):
        axes.set_ylabel("ln magnitude")
    for axes in (wave, mel):
        axes.legend(fontsize=8)
    save_plot(figure, path)


def draw_mfcc(coefficients: Array, spec: AudioSpec, path: Path) -> None:
    """Coefficients over time, each on its own scale: they differ by a factor of ten and more."""
    scaled = coefficients - coefficients.mean(axis=1, keepdims=True)
    scaled /= scaled.std(axis=1, keepdims=True) + 1e-9
    figure = new_figure(8.0, 3.0)
    axes = figure.subplots()
    seconds = coefficients.shape[1] / spec.frames_per_second
    extent = (0.0, seconds, -0.5, len(scaled) - 0.5)
    image = axes.imshow(
        scaled, origin="lower", aspect="auto", cmap="PuOr", vmin=-3, vmax=3, extent=extent
    )
    axes.set(xlabel="time (s)", ylabel="coefficient", title="13 numbers a frame: MFCCs over time")
    figure.colorbar(image, ax=axes, label="standard deviations from the mean")
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Make MFCCs by hand and compare them with two libraries."""
    parser = add_speech_options(lesson_parser("04_speech_audio_processing", __doc__))
    args = parser.parse_args(argv)
    seed_everything(args.seed)
    spec, folder = DEFAULT_SPEC, args.output_dir
    audio = practice_speech(args).samples

    frames = frames_by_hand(audio, spec)
    print(f"1 frames      {frames.shape}: {spec.n_fft} samples every {spec.hop_length}")
    magnitudes = magnitudes_by_hand(frames)
    print(f"2, 3 spectrum {magnitudes.shape}: {spec.n_fft // 2 + 1} frequencies in each")
    log_mel = log_mel_by_hand(audio, spec)
    print(f"4, 5 log-mel  {log_mel.shape}: the phase is gone, and fine detail in the highs")
    ours = mfcc_by_hand(audio, spec)
    kept = dct_by_hand(spec.n_mels, N_MFCC).T @ ours  # what 13 numbers say about 100
    variance = 1 - np.sum((log_mel - kept) ** 2) / np.sum((log_mel - log_mel.mean()) ** 2)
    print(f"6 MFCC        {ours.shape}: the harmonics are gone; {variance:.0%} of the variance of")
    print("              the log-mel is left in 13 numbers instead of 100\n")

    from_utils = np.abs(ours - mfcc(audio, spec, N_MFCC))
    audible = log_mel > -6.0
    from_mel = float(np.abs(log_mel - mel_spectrogram(audio, spec))[audible].max())
    theirs = librosa_mfcc(audio, spec)
    from_librosa = None if theirs is None else float(np.abs(ours - theirs).max())
    print(f"Values up to {np.abs(ours).max():.1f}. By hand against the libraries, they differ by")
    if from_librosa is not None:
        print(f"  librosa      at most {from_librosa:.6f}")
    print(f"  audio_utils  at most {from_utils.max():.6f}, typically {np.median(from_utils):.6f}")
    print(
        "  (it computes in 32 bits: errors of 0.00001 in magnitude, which the logarithm shows only"
    )
    print(f"  near silence; where there is sound, its log-mel differs by at most {from_mel:.6f})")

    vowel = int(np.argmax(np.exp(log_mel[:30]).sum(axis=0)))  # most energy below 1.3 kHz
    draw_steps(audio, vowel, spec, folder / "mfcc_steps.png")
    draw_mfcc(ours, spec, folder / "mfcc.png")
    print(f"\nPictures: {folder}/mfcc_steps.png, mfcc.png")
    return {
        "shape": list(ours.shape),
        "mel_difference": from_mel,
        "utils_difference": float(np.median(from_utils)),
        "librosa_difference": from_librosa,
        "variance_kept": float(variance),
    }


# Try this next
#  1. Take htk=True or norm=None away from the call of librosa. How far apart are the two now?
#     Nobody would see it in the plot; a model trained on one and fed the other speaks noise.
#  2. Set N_MFCC to 40: which details come back in the curve of mfcc_steps.png?
#  3. Speak the same word high and low (--input) and compare coefficients 1 to 12 with the pitch.

if __name__ == "__main__":
    run_lesson(main)
