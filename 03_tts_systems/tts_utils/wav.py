"""Sound files at this floor: 16-bit WAV in and out, one channel, the rate that the engine has.

Floor 04 (``audio_utils``) has the real thing: other formats, other rates, loudness.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from env_utils import InputError, atomic_write_bytes

from tts_utils.protocol import Audio


def wav_bytes(samples: npt.NDArray[np.floating], sample_rate: int) -> bytes:
    """``samples`` (``(T,)`` mono, clipped to [-1, 1]) as the bytes of a 16-bit WAV file."""
    import soundfile

    buffer = io.BytesIO()
    clipped = np.clip(samples, -1.0, 1.0)
    soundfile.write(buffer, clipped, sample_rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def save_wav(path: str | Path, audio: Audio) -> None:
    """Write ``audio`` as 16-bit mono WAV, atomically. Raises ``InputError`` if there is nothing."""
    samples, sample_rate = audio
    if samples.ndim != 1 or len(samples) == 0 or not np.isfinite(samples).all():
        raise InputError(f"{path}: a WAV file needs finite mono samples, shape (T,) with T > 0.")
    atomic_write_bytes(path, wav_bytes(samples, sample_rate))


def load_wav(path: str | Path) -> Audio:
    """A sound file as mono float32 at its own rate; several channels are averaged.

    WAV, FLAC, OGG and MP3 work. Raises ``InputError`` for a file that is missing, empty or no
    sound.
    """
    import soundfile

    if not Path(path).is_file():
        raise InputError(f"{path}: there is no such file.")
    try:
        samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise InputError(f"{path}: this cannot be read as sound ({error}).") from error
    if len(samples) == 0:
        raise InputError(f"{path}: there is no sound in this file.")
    return Audio(samples.mean(axis=1), int(sample_rate))


def join_with_pauses(parts: list[Audio], pauses_seconds: list[float]) -> Audio:
    """The ``parts`` one after another, with ``pauses_seconds[i]`` of silence after part ``i``.

    All parts must have one sample rate: glued at different rates, one of them would come out too
    slow and too deep, or too fast and too high. Raises ``InputError`` if they do not.
    """
    rates = {part.sample_rate for part in parts}
    if len(rates) != 1 or len(parts) != len(pauses_seconds):
        raise InputError(
            f"cannot join {len(parts)} parts with {len(pauses_seconds)} pauses and the sample "
            f"rates {sorted(rates)} Hz: it takes one pause a part, and one rate."
        )
    rate = rates.pop()
    pieces = []
    for part, pause in zip(parts, pauses_seconds, strict=True):
        pieces += [part.samples, np.zeros(round(pause * rate), dtype=np.float32)]
    return Audio(np.concatenate(pieces), rate)
