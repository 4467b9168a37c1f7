"""04.3  A recording as a model wants it

What you will learn: from whatever a microphone or phone gave to 24 kHz, mono, trimmed, at a known
loudness and without clipping; RMS (dBFS) against loudness (LUFS), which is worked out by hand; why
one gain is often not enough, and what a limiter does.
Needs: nothing but the installation; `--input me.m4a` prepares your own recording instead (formats
beyond wav, flac, ogg and mp3 need FFmpeg, which the extra "course" brings along).
Writes to outputs/04_speech_audio_processing/: raw.wav, preprocessed.wav, preprocess.png,
03_listen.html
Look for: the gain that the target needs and the peaks forbid; the few milliseconds that the limiter
touches.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from audio_utils import (
    change_gain,
    limit_peaks,
    load_audio,
    loudness_lufs,
    measure_quality,
    peak_dbfs,
    resample,
    rms_dbfs,
    save_audio,
    trim_silence,
    true_peak_dbtp,
)
from audio_utils.practice import add_speech_options, practice_speech
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import InputError, atomic_path, lesson_parser, run_lesson, seed_everything
from tts_utils.listening_page import Clip, write_listening_page

RATE = 24_000
RAW_RATE = 44_100  # what a phone or a sound card gives
HIGH_PASS_HZ = 60.0  # below every voice: rumble, steps, wind, a constant offset

Audio = npt.NDArray[np.float32]


def bad_recording(speech: Audio, path: Path, rng: np.random.Generator) -> None:
    """Write speech as careless people record it: 44.1 kHz stereo, far too quiet, off centre.

    Half a second of silence before and one after, 50 Hz hum, a constant offset, faint noise, and
    one loud tap on the table that will stand in the way of loudness.
    """
    silence = np.zeros(RATE // 2, np.float32)
    voice = resample(np.concatenate([silence, speech, silence, silence]), RATE, RAW_RATE)
    time = np.arange(len(voice)) / RAW_RATE
    voice = change_gain(voice, -35.0 - rms_dbfs(voice))
    tap = np.exp(-time[: RAW_RATE // 20] * 300) * np.sin(2 * np.pi * 900 * time[: RAW_RATE // 20])
    start = len(voice) // 2
    voice[start : start + len(tap)] += 0.5 * tap
    room = 0.002 * np.sin(2 * np.pi * 50 * time) + 0.01 + 2e-4 * rng.standard_normal(len(time))
    stereo = np.stack([voice + room, 0.6 * voice + room], axis=1)
    with atomic_path(path) as temporary:
        soundfile.write(str(temporary), np.clip(stereo, -1, 1), RAW_RATE, format="WAV")


def high_pass(audio: Audio, cutoff_hz: float = HIGH_PASS_HZ) -> Audio:
    """Without what lies below ``cutoff_hz``: forwards and backwards, so nothing is delayed."""
    from scipy.signal import butter, sosfiltfilt

    filtered = sosfiltfilt(butter(2, cutoff_hz, "highpass", fs=RATE, output="sos"), audio)
    return np.asarray(filtered, dtype=np.float32)


def rms_by_hand(audio: Audio) -> float:
    """Root mean square in dB of full scale: the level of a steady signal of the same power."""
    return float(20 * np.log10(np.sqrt(np.mean(audio.astype(np.float64) ** 2))))


def loudness_by_hand(audio: Audio, sample_rate: int) -> float:
    """Loudness in LUFS, as ITU-R BS.1770-4 words it, with the standard's filters for 48 kHz."""
    from scipy.signal import lfilter

    signal = resample(audio, sample_rate, 48_000).astype(np.float64)
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285],
             [1.0, -1.69065929318241, 0.73248077421585])  # the head: highs count more  # fmt: skip
    low_cut = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])  # lows count less
    for numerator, denominator in (shelf, low_cut):
        signal = lfilter(numerator, denominator, signal)
    block, step = 19_200, 4_800  # 400 ms, every 100 ms
    starts = range(0, max(1, len(signal) - block + 1), step)
    power = np.array([np.mean(signal[start : start + block] ** 2) for start in starts])
    levels = -0.691 + 10 * np.log10(np.maximum(power, 1e-15))
    heard = power[levels > -70]  # the first gate: silence does not count
    gate = -0.691 + 10 * np.log10(heard.mean()) - 10  # the second: nor do pauses
    return float(-0.691 + 10 * np.log10(power[(levels > -70) & (levels > gate)].mean()))


def to_target(audio: Audio, target: float, unit: str, ceiling_db: float) -> tuple[Audio, float]:
    """Bring audio to a loudness (``lufs``) or level (``dbfs``); limit what then stands out.

    Limiting takes away a little of the loudness, so measure and correct a few times. Also returns
    the gain in dB.
    """
    measure = rms_dbfs if unit == "dbfs" else lambda sound: loudness_lufs(sound, RATE)
    gain_db = target - measure(audio)
    for _ in range(4):
        result = limit_peaks(change_gain(audio, gain_db), RATE, ceiling_db)
        missing = target - measure(result)
        if abs(missing) < 0.05:
            break
        gain_db += missing
    return result, gain_db


def draw_stages(stages: dict[str, Audio], ceiling_db: float, path: Path) -> None:
    """The waveform after each step, all on one scale."""
    figure = new_figure(8.0, 1.5 * len(stages) + 0.6)
    rows = figure.subplots(len(stages), 1, sharex=True, sharey=True)
    for axes, (name, audio) in zip(rows, stages.items(), strict=True):
        axes.plot(np.arange(len(audio)) / RATE, audio, color=COLOURS[0], linewidth=0.4)
        for sign in (-1, 1):
            axes.axhline(sign * 10 ** (ceiling_db / 20), color=COLOURS[1], linewidth=0.8)
        title = f"{name}: {loudness_lufs(audio, RATE):.1f} LUFS, peak {peak_dbfs(audio):.1f} dBFS"
        axes.set_title(title, fontsize=9, loc="left")
        axes.set_ylim(-1.1, 1.1)
    figure.supylabel("amplitude (1 = full scale)", fontsize=9)
    rows[-1].set_xlabel(f"time (s); orange: the ceiling of {ceiling_db:g} dBFS")
    save_plot(figure, path)


def report(name: str, audio: Audio) -> None:
    """One line about one stage."""
    print(
        f"  {name:<22} {len(audio) / RATE:5.2f} s  RMS {rms_dbfs(audio):6.1f} dBFS  "
        f"{loudness_lufs(audio, RATE):6.1f} LUFS  peak {peak_dbfs(audio):6.1f} dBFS"
    )


def options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = add_speech_options(lesson_parser("04_speech_audio_processing", __doc__))
    parser.add_argument("--target", type=float, help="default: -23 (lufs) or -20 (dbfs)")
    parser.add_argument("--unit", choices=["lufs", "dbfs"], default="lufs")
    parser.add_argument("--ceiling", type=float, default=-1.0, help="highest peak, dBFS (-1)")
    args = parser.parse_args(argv)
    if args.target is None:
        args.target = -23.0 if args.unit == "lufs" else -20.0
    return args


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Prepare one recording, step by step."""
    args = options(argv)
    rng = seed_everything(args.seed)
    folder: Path = args.output_dir
    source = args.input
    if source is None:
        source = folder / "raw.wav"
        bad_recording(practice_speech(args).samples, source, rng)
    raw = load_audio(source, RATE)  # any format and rate; channels are averaged
    if loudness_lufs(raw, RATE) <= -70:
        raise InputError(f"{source}: the recording is silent. Is the microphone switched on?")
    print(f"{source.name} as 24 kHz mono, and what each step makes of it:")
    report("loaded", raw)
    clean = high_pass(raw)
    report(f"high-pass at {HIGH_PASS_HZ:.0f} Hz", clean)
    trimmed = trim_silence(clean, RATE, keep_seconds=0.1)
    if not len(trimmed):
        print("  nothing in it sounds like speech: not trimmed")
        trimmed = clean
    report("trimmed", trimmed)
    by_hand = loudness_by_hand(trimmed, RATE), rms_by_hand(trimmed)
    result, gain_db = to_target(trimmed, args.target, args.unit, args.ceiling)
    report("gain and limiter", result)
    save_audio(folder / "preprocessed.wav", result, RATE)

    print(f"\nBy hand: {by_hand[0]:.2f} LUFS and {by_hand[1]:.2f} dBFS before the gain;")
    print(f"         audio_utils: {loudness_lufs(trimmed, RATE):.2f} and {rms_dbfs(trimmed):.2f}")
    allowed_db = args.ceiling - peak_dbfs(trimmed)
    gained = change_gain(trimmed, gain_db)
    touched = float(np.mean(np.abs(result - gained) > 1e-3 * np.abs(gained).max()))
    print(f"The target needs {gain_db:+.1f} dB; the highest peak allows {allowed_db:+.1f} dB.")
    print(
        f"The limiter changed {touched:.1%} of the samples by more than a thousandth of the peak."
    )
    true_peak = true_peak_dbtp(result, RATE)
    print(
        f"True peak {true_peak:.2f} dBTP; {measure_quality(result, RATE).clipped_share:.2%} clipped"
    )
    draw_stages(
        {"loaded": raw, "high-pass": clean, "trimmed": trimmed, "gain and limiter": result},
        args.ceiling,
        folder / "preprocess.png",
    )
    one_gain = change_gain(trimmed, min(gain_db, allowed_db))
    clips = [
        Clip("As recorded", raw, RATE, "Turn up the volume, then down again before the last two."),
        Clip("One gain, as far as the highest peak allows", one_gain, RATE),
        Clip("At the target, peaks limited", result, RATE, picture=folder / "preprocess.png"),
        Clip("At the target, peaks clipped instead", np.clip(gained, -0.9, 0.9), RATE,
             "The tap tears. With more gain, every vowel would."),
    ]  # fmt: skip
    intro = "One recording on its way to a training set: level, trim, loudness, peaks."
    write_listening_page(folder / "03_listen.html", "04.3 Preprocessing", intro, clips)
    print(f"\nResult: {folder}/preprocessed.wav; listen: 03_listen.html; see: preprocess.png")
    return {
        "target": args.target,
        "loudness_lufs": loudness_lufs(result, RATE),
        "rms_dbfs": rms_dbfs(result),
        "peak_dbfs": peak_dbfs(result),
        "true_peak_dbtp": true_peak,
        "loudness_by_hand": by_hand[0],
        "loudness_before": loudness_lufs(trimmed, RATE),
        "gain_db": gain_db,
        "gain_allowed_db": allowed_db,
        "seconds_before": len(raw) / RATE,
        "seconds_after": len(result) / RATE,
    }


# Try this next
#  1. --target -12: as loud as an advertisement. How many samples does the limiter change now?
#  2. --unit dbfs --target -20, the convention of module 07. Which of two voices of equal RMS sounds
#     louder, the dull or the bright one? Compare their LUFS.
#  3. Leave out the high-pass: what do the offset and the hum do to RMS, and what to LUFS?

if __name__ == "__main__":
    run_lesson(main)
