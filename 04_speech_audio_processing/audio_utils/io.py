"""Reading and writing sound files.

libsndfile (through ``soundfile``) reads wav, flac, ogg, opus and mp3; FFmpeg, when it is on the
PATH or installed as the ``imageio-ffmpeg`` wheel, reads the rest (m4a, aac, wma, video files ...).
"""

from __future__ import annotations

import subprocess
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from env_utils import InputError, MissingDependencyError, atomic_path, ffmpeg_path

from audio_utils.containers import is_cut_off, length_is_known

Audio = npt.NDArray[np.float32]

MAX_SECONDS = 4 * 3600.0  # four hours of 24 kHz float32 are 1.4 GB: the most that is read at once
_UNKNOWN = 2**62  # samples: libsndfile's "as long as it gets"
# What FFmpeg may take a file for: none of these names other files or addresses, as playlists do.
_DEMUXERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,eac3,flac,flv,gsm,loas,matroska,mov,mp3,"
    "mpc,mpc8,mpeg,mpegts,ogg,oma,rm,tak,tta,voc,w64,wav,wv"
)
_BLOCK_SECONDS = 60.0  # long files are mixed down and resampled in blocks, to save memory


def resample(audio: Audio, source_rate: int, target_rate: int) -> Audio:
    """Band-limited resampling (soxr, high quality): ``(T,)`` or ``(T, channels)``, float32."""
    if source_rate == target_rate:
        return audio
    return np.asarray(soxr.resample(audio, source_rate, target_rate), dtype=np.float32)


def load_audio(path: str | Path, sample_rate: int = 24_000) -> Audio:
    """Read any sound file as mono float32 in [-1, 1] at ``sample_rate`` Hz: ``(T,)``.

    Channels are averaged. Raises ``InputError`` (missing, empty, not audio, cut off, NaN, too long)
    or ``MissingDependencyError`` (a format that needs FFmpeg, and there is none).
    """
    path = Path(path)
    _require_content(path)
    if is_cut_off(path):
        raise InputError(f"{path}: the file is cut off before its end. Copy or download it again.")
    try:
        sound = soundfile.SoundFile(str(path))
    except (soundfile.LibsndfileError, RuntimeError):
        audio = _read_with_ffmpeg(path, sample_rate)
    else:
        with sound:
            # libsndfile fails at the end of a FLAC stream
            streamed = sound.format == "FLAC" and sound.frames >= _UNKNOWN
            read = _read_with_ffmpeg if streamed else partial(_read_with_libsndfile, sound)
            audio = read(path, sample_rate)
    if audio.size == 0:
        raise InputError(f"{path}: the file holds no audio samples.")
    if not np.isfinite([audio.min(), audio.max()]).all():  # without a copy of hours of audio
        raise InputError(f"{path}: the audio contains NaN or infinite samples. Export it again.")
    return audio


def _require_content(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path}: this is a folder, not a sound file.")
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes).")


def _require_length(path: Path, seconds: float) -> None:
    if seconds > MAX_SECONDS:
        raise InputError(
            f"{path}: {seconds / 3600:.1f} hours long; the limit is {MAX_SECONDS / 3600:.0f} "
            "hours. Split the file first."
        )


def _read_with_libsndfile(sound: soundfile.SoundFile, path: Path, sample_rate: int) -> Audio:
    """All samples of an open file, mixed down and resampled block by block: ``(T,)``."""
    promised, rate = sound.frames, sound.samplerate
    if promised >= _UNKNOWN or not length_is_known(path):  # a stream: nothing was promised
        promised = 0
    _require_length(path, promised / rate)
    block = max(1, int(_BLOCK_SECONDS * rate))
    stream = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32")
    parts: list[Audio] = []
    read = 0
    try:
        while True:
            samples = sound.read(block, dtype="float32", always_2d=True)
            read += len(samples)
            _require_length(path, read / rate)
            last = len(samples) < block
            mono = np.ascontiguousarray(samples.mean(axis=1))
            if rate == sample_rate or (last and not parts):
                parts.append(resample(mono, rate, sample_rate))
            else:
                parts.append(stream.resample_chunk(mono, last=last))
            if last:
                break
    except (soundfile.LibsndfileError, RuntimeError):
        raise _damaged(path, promised / rate, "the decoder stopped early") from None
    if read < 0.98 * promised:
        raise _damaged(path, promised / rate, f"only {read / rate:.1f} s are there")
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _damaged(path: Path, promised_seconds: float, have: str) -> InputError:
    promise = f"its header promises {promised_seconds:.1f} s, but " if promised_seconds else ""
    return InputError(
        f"{path}: the file is damaged or cut off: {promise}{have}. Copy or download it again."
    )


def _read_with_ffmpeg(path: Path, sample_rate: int) -> Audio:
    program = ffmpeg_path()
    if program is None:
        raise MissingDependencyError(
            f"{path}: libsndfile cannot read this file and FFmpeg was not found. If it is audio, "
            "install FFmpeg (or `pip install imageio-ffmpeg`) or convert it to WAV."
        )
    command = [program, "-v", "error", "-nostdin", "-xerror", "-protocol_whitelist", "file"]
    command += ["-format_whitelist", _DEMUXERS, "-i", str(path.absolute())]
    command += ["-t", str(MAX_SECONDS + 1), "-vn", "-f", "f32le", "-ac", "1"]
    command += ["-ar", str(sample_rate), "-"]
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode != 0 or not result.stdout:
        reason = result.stderr.decode("utf-8", "replace").strip().splitlines()
        detail = f" ({reason[-1].split(':')[-1].strip()})" if reason else ""
        raise InputError(
            f"{path}: this is not readable audio, or it is damaged{detail}. "
            "Try another copy or format."
        )
    audio = np.frombuffer(result.stdout[: len(result.stdout) // 4 * 4], dtype=np.float32).copy()
    _require_length(path, len(audio) / sample_rate)
    return audio


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
