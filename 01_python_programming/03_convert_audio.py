"""01.3  Convert audio files

What you will learn: what a sound file holds (a rate, channels, numbers), how to bring any format to
  the one that the course uses (24 kHz, mono, 16-bit WAV), and how to work through a folder: with
  several workers, without stopping at a bad file, and going on where an interrupted run stopped.
Needs: nothing but the installation. Give files or folders to convert your own; without, it makes
  its own test sounds. m4a needs FFmpeg (on the PATH, or pip install imageio-ffmpeg).
Writes to outputs/01_python_programming/: converted/*.wav, conversions.json
Look for: the second run converts nothing, because it is all there. The file that is no sound is
  reported with its name at the end, and stops nobody.
"""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from env_utils import (
    InputError,
    MissingDependencyError,
    atomic_path,
    atomic_write_json,
    ffmpeg_path,
    lesson_parser,
    run_lesson,
    usable_cores,
)

SAMPLE_RATE = 24_000
SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac", ".aiff")
Audio = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Conversion:
    """What became of one file: ``converted``, ``kept`` from an earlier run, or ``failed``."""

    source: str
    target: str
    state: str
    seconds_of_audio: float = 0.0
    message: str = ""


# --- one file -----------------------------------------------------------------------------------


def read_mono(path: Path) -> Audio:
    """Any sound file as one channel of floats in [-1, 1] at 24 kHz: ``(T,)``.

    Channels are averaged first (resampling two channels is twice the work), and then resampled with
    a filter: keeping every second sample instead would fold everything above 12 kHz down into the
    speech, as whistling that was not there before ("aliasing").
    """
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)  # (T, channels)
    except (soundfile.LibsndfileError, RuntimeError):
        return read_with_ffmpeg(path)
    if len(samples) == 0:
        raise InputError(f"{path}: the file holds no audio samples.")
    return np.asarray(soxr.resample(samples.mean(axis=1), rate, SAMPLE_RATE), dtype=np.float32)


def read_with_ffmpeg(path: Path) -> Audio:
    """What libsndfile can not read (m4a, aac): FFmpeg decodes to raw floats on its output."""
    program = ffmpeg_path()
    if program is None:
        raise MissingDependencyError(
            f"{path}: this format needs FFmpeg. Install it, or: pip install imageio-ffmpeg"
        )
    command = [program, "-v", "error", "-i", str(path), "-f", "f32le", "-ac", "1"]
    done = subprocess.run([*command, "-ar", str(SAMPLE_RATE), "-"], capture_output=True)
    if done.returncode != 0 or not done.stdout:
        raise InputError(f"{path}: this is not a sound file that FFmpeg or libsndfile can read.")
    return np.frombuffer(done.stdout, dtype="<f4").astype(np.float32)


def convert(source: Path, target: Path) -> Conversion:
    """Convert one file unless its result is there and newer. Never raises for a bad file.

    The result appears under its name only when it is complete, so "it exists" means "it is whole",
    and a run that was interrupted can be repeated without a second thought.
    """
    names = {"source": str(source), "target": str(target)}
    if target.is_file() and target.stat().st_mtime >= source.stat().st_mtime:
        return Conversion(**names, state="kept", seconds_of_audio=soundfile.info(target).duration)
    try:
        audio = read_mono(source)
        if not np.isfinite(audio).all():
            raise InputError(f"{source}: the audio contains NaN or infinite samples.")
        with atomic_path(target) as temporary:
            clipped = np.clip(audio, -1.0, 1.0)  # resampling may overshoot the loudest samples
            soundfile.write(temporary, clipped, SAMPLE_RATE, subtype="PCM_16")
    except (InputError, MissingDependencyError, OSError) as error:
        return Conversion(**names, state="failed", message=str(error))
    return Conversion(**names, state="converted", seconds_of_audio=len(audio) / SAMPLE_RATE)


# --- many files ---------------------------------------------------------------------------------


def find_sounds(inputs: Iterable[Path]) -> list[tuple[Path, Path]]:
    """All sound files with the folder that each was found under, in a fixed order."""
    found: list[tuple[Path, Path]] = []
    for item in inputs:
        if item.is_dir():
            inside = sorted(p for p in item.rglob("*") if p.suffix.lower() in SUFFIXES)
            found += [(path, item) for path in inside]
        elif item.is_file():
            found.append((item, item.parent))
        else:
            raise InputError(f"{item}: there is no such file or folder.")
    return found


def target_names(found: Sequence[tuple[Path, Path]], folder: Path) -> list[Path]:
    """A name for every result: that of the source, with its old suffix where two would collide."""
    relative = [path.relative_to(root) for path, root in found]
    stems = Counter(path.with_suffix("") for path in relative)
    return [
        folder / (path.with_suffix(".wav") if stems[path.with_suffix("")] == 1
                  else path.with_name(f"{path.stem}_{path.suffix[1:]}.wav"))
        for path in relative
    ]  # fmt: skip


def convert_all(inputs: Iterable[Path], folder: Path, workers: int) -> list[Conversion]:
    """Convert every sound file in ``inputs`` (files and folders) into ``folder``.

    Threads are enough here, although Python runs one thread at a time: soundfile, soxr and FFmpeg
    let go of the interpreter while they work, so two files are decoded at once.
    """
    found = find_sounds(inputs)
    targets = target_names(found, folder)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(convert, [path for path, _ in found], targets))


# --- test sounds --------------------------------------------------------------------------------


def make_sounds(folder: Path, seconds: float) -> dict[str, float]:
    """Test tones in several formats; returns the pitch in each file, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    formats = [("flac", 44_100, 2), ("ogg", 48_000, 2), ("mp3", 44_100, 1), ("wav", 16_000, 1)]
    pitches = {}
    for number, (suffix, rate, channels) in enumerate(formats):
        pitch = 220.0 * (number + 1)
        moments = np.arange(int(seconds * rate)) / rate
        fade = np.minimum(
            1.0, np.minimum(moments, seconds - moments) / 0.05
        )  # no click at the ends
        tone = 0.5 * fade * np.sin(2 * np.pi * pitch * moments)
        soundfile.write(folder / f"tone.{suffix}", np.stack([tone] * channels, axis=1), rate)
        pitches[f"tone.{suffix}"] = pitch
    program = ffmpeg_path()
    if program is None:
        print("no FFmpeg here: the m4a test sound is left out (pip install imageio-ffmpeg)")
    else:
        made = [program, "-v", "error", "-y", "-i", str(folder / "tone.flac"), "-c:a", "aac"]
        subprocess.run([*made, str(folder / "voice memo.m4a")], check=True)
        pitches["voice memo.m4a"] = 220.0
    (folder / "not really.mp3").write_text("This is a text with the wrong suffix.")
    return pitches


def strongest_hz(path: Path) -> float:
    """The frequency of the largest peak in the spectrum of a sound file."""
    samples, rate = soundfile.read(path)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[spectrum.argmax()])


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Convert, convert again, and check what came out."""
    parser = lesson_parser("01_python_programming", __doc__)
    parser.add_argument("inputs", nargs="*", type=Path, help="sound files or folders of them")
    parser.add_argument("--workers", type=int, default=usable_cores(), help="files at once")
    args = parser.parse_args(argv)
    if args.workers < 1:
        raise InputError(f"--workers {args.workers}: at least one is needed.")
    inputs: list[Path] = args.inputs
    pitches: dict[str, float] = {}
    if not inputs:
        inputs = [args.output_dir / "test_sounds"]
        pitches = make_sounds(inputs[0], 1.0 if args.smoke else 30.0)
    folder = args.output_dir / "converted"

    started = time.perf_counter()
    first = convert_all(inputs, folder, args.workers)
    took = time.perf_counter() - started
    second = convert_all(inputs, folder, args.workers)
    for item in first:
        print(f"{item.state:9} {Path(item.source).name:16} {item.seconds_of_audio:7.2f} s")
    audio = sum(item.seconds_of_audio for item in first)
    print(
        f"{audio:.1f} s of audio in {took:.2f} s with {args.workers} workers; run again:", end=" "
    )
    print(dict(Counter(item.state for item in second)))
    for item in first:
        if item.state == "failed":
            print(f"  {item.message}")

    errors = {}
    for item in first:
        name = Path(item.source).name
        if name in pitches and item.state != "failed":
            errors[name] = strongest_hz(Path(item.target)) - pitches[name]
    if errors:
        print(f"largest change of pitch: {max(map(abs, errors.values())):.2f} Hz")
    measured: dict[str, object] = {
        "states": dict(Counter(item.state for item in first)),
        "states_again": dict(Counter(item.state for item in second)),
        "seconds_of_audio": audio,
        "pitch_errors_hz": errors,
        "failed": [item.message for item in first if item.state == "failed"],
    }
    report = {**measured, "files": [asdict(item) for item in first]}
    atomic_write_json(args.output_dir / "conversions.json", report)
    print(f"The sounds are in {folder}.")
    return measured


# Try this next
#  1. Convert a folder of your own: python 01_python_programming/03_convert_audio.py ~/Music
#  2. Interrupt it with Ctrl-C in the middle and start it again. Which files are kept?
#  3. Replace soxr.resample by samples[::2] for a 48 kHz file with a tone at 13 kHz. What appears?

if __name__ == "__main__":
    run_lesson(main)
