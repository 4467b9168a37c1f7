"""Reading and writing sound files.

libsndfile (through ``soundfile``) reads wav, flac, ogg, opus and mp3; FFmpeg, when it is on the
PATH or installed as the ``imageio-ffmpeg`` wheel, reads the rest (m4a, aac, wma, video files ...).
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from env_utils import InputError, MissingDependencyError, atomic_path

Audio = npt.NDArray[np.float32]

MAX_SECONDS = 4 * 3600.0  # four hours of 24 kHz float32 are 1.4 GB: the most that is read at once


def ffmpeg_path() -> str | None:
    """The FFmpeg program: the one on the PATH, else the one of ``imageio-ffmpeg``, else None."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def resample(audio: Audio, source_rate: int, target_rate: int) -> Audio:
    """Band-limited resampling (soxr, high quality): ``(T,)`` or ``(T, channels)``, float32."""
    if source_rate == target_rate:
        return audio
    return np.asarray(soxr.resample(audio, source_rate, target_rate), dtype=np.float32)


def load_audio(path: str | Path, sample_rate: int = 24_000) -> Audio:
    """Read any sound file as mono float32 in [-1, 1] at ``sample_rate`` Hz: ``(T,)``.

    Channels are averaged. Raises ``InputError`` (missing, empty, not audio, NaN, too long) or
    ``MissingDependencyError`` (a format that needs FFmpeg, and there is none).
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes).")
    try:
        info = soundfile.info(str(path))
        if info.duration > MAX_SECONDS:
            raise InputError(
                f"{path}: {info.duration / 3600:.1f} hours long; the limit is "
                f"{MAX_SECONDS / 3600:.0f} hours. Split the file first."
            )
        audio, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
        mono = np.ascontiguousarray(audio.mean(axis=1))
    except (soundfile.LibsndfileError, RuntimeError):
        mono, rate = _read_with_ffmpeg(path, sample_rate), sample_rate
    if mono.size == 0:
        raise InputError(f"{path}: the file holds no audio samples.")
    if not np.isfinite(mono).all():
        raise InputError(f"{path}: the audio contains NaN or infinite samples. Export it again.")
    return resample(mono, rate, sample_rate)


def _read_with_ffmpeg(path: Path, sample_rate: int) -> Audio:
    program = ffmpeg_path()
    if program is None:
        raise MissingDependencyError(
            f"{path}: libsndfile cannot read this file and FFmpeg was not found. If it is audio, "
            "install FFmpeg (or `pip install imageio-ffmpeg`) or convert it to WAV."
        )
    command = [program, "-v", "error", "-nostdin", "-i", str(path), "-t", str(MAX_SECONDS), "-vn"]
    command += ["-f", "f32le", "-ac", "1", "-ar", str(sample_rate), "-"]
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode != 0 or not result.stdout:
        reason = result.stderr.decode("utf-8", "replace").strip().splitlines()
        detail = f" ({reason[-1].split(':')[-1].strip()})" if reason else ""
        raise InputError(f"{path}: this is not readable audio{detail}. Try another copy or format.")
    return np.frombuffer(result.stdout[: len(result.stdout) // 4 * 4], dtype=np.float32).copy()


def save_audio(
    path: str | Path, audio: Audio, sample_rate: int = 24_000, subtype: str | None = None
) -> None:
    """Write mono float audio in [-1, 1] as WAV, FLAC or OGG, by the suffix, atomically.

    Samples outside [-1, 1] are clipped. WAV is 16-bit unless ``subtype`` says otherwise; FLAC is
    24-bit: 16 bits would add a noise floor above a resampled source's bandwidth.
    """
    path = Path(path)
    formats = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_24"), ".ogg": ("OGG", "OPUS")}
    try:
        container, default = formats[path.suffix.lower()]
    except KeyError:
        raise InputError(
            f"{path}: cannot write '{path.suffix}'; use one of {', '.join(formats)}."
        ) from None
    if not np.isfinite(audio).all():
        raise InputError(f"{path}: refusing to write NaN or infinite samples.")
    clipped = np.clip(audio, -1.0, 1.0)
    with atomic_path(path) as temporary:
        soundfile.write(
            str(temporary), clipped, sample_rate, format=container, subtype=subtype or default
        )
