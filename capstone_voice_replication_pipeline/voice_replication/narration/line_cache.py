"""Spoken lines on disk, named after everything that shaped them.

A line is stored as ``<key>.flac`` with its word times in ``<key>.json``; the sound comes last and
in one step, so where it exists the line is complete. The key is a hash of the words with their
phones and pauses, the voice, the settings and the models: change any of them and the line is spoken
anew, change anything else and it is not.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from audio_utils import DEFAULT_SPEC
from env_utils import InputError, atomic_write_json, read_json

from voice_replication.narration.formats import Tags, write_audio
from voice_replication.narration.script import Line
from voice_replication.narration.settings import Settings
from voice_replication.narration.timestamps import WordTime
from voice_replication.voices import Voice

Audio = npt.NDArray[np.float32]

LEFTOVER_SECONDS = 600.0  # what is younger may belong to another process that is still writing
FORMAT = 4  # raise it when the same inputs begin to give other audio


@dataclass(frozen=True)
class CachedLine:
    """A spoken line: ``words`` in seconds of its audio, which has ``samples`` samples."""

    key: str
    words: tuple[WordTime, ...]
    samples: int
    path: Path

    def audio(self) -> Audio:
        """Read the audio, ``(samples,)`` float32."""
        try:
            audio, _ = soundfile.read(str(self.path), dtype="float32")
        except soundfile.LibsndfileError as error:
            raise InputError(
                f"{self.path}: this cached sentence is damaged ({error}). Delete the file and run "
                "the same command again."
            ) from error
        return np.asarray(audio, dtype=np.float32)


class LineCache:
    """The folder of spoken lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)

    def get(self, key: str) -> CachedLine | None:
        """The line stored under ``key``; ``None`` if there is none, or none that can be read."""
        path = self.folder / f"{key}.flac"
        if not path.is_file():
            return None
        try:
            rows = read_json(path.with_suffix(".json"))["words"]
            words = tuple(WordTime(**row) for row in rows)
            samples = int(soundfile.info(str(path)).frames)
        except (InputError, soundfile.LibsndfileError, KeyError, TypeError):
            return None  # spoken again
        return CachedLine(key, words, samples, path) if words and samples else None

    def put(self, key: str, audio: Audio, words: tuple[WordTime, ...]) -> CachedLine:
        """Store a line."""
        path = self.folder / f"{key}.flac"
        atomic_write_json(path.with_suffix(".json"), {"words": [asdict(w) for w in words]})
        write_audio(path, audio, DEFAULT_SPEC.sample_rate, Tags())
        return CachedLine(key, words, len(audio), path)


def remove_leftovers(folder: Path) -> None:
    """Remove half-written files of processes that were killed."""
    for leftover in folder.glob(".*.part.*"):
        if time.time() - leftover.stat().st_mtime > LEFTOVER_SECONDS:
            leftover.unlink(missing_ok=True)


def voice_fingerprint(voice: Voice) -> str:
    """Sixteen hexadecimal digits of everything about ``voice`` that can be heard."""
    digest = hashlib.sha256(voice.embedding.tobytes())
    digest.update(repr((voice.statistics.f0_median_hz, voice.statistics.f0_spread)).encode())
    if voice.timbre is not None:
        digest.update(voice.timbre.to_array().tobytes())
    if voice.delta is not None:
        digest.update(voice.delta.read_bytes())
    return digest.hexdigest()[:16]


def line_key(line: Line, voice: str, settings: Settings, models: Mapping[str, str]) -> str:
    """The key of ``line`` spoken by the voice with fingerprint ``voice``."""
    pauses = settings.pauses
    content = {
        "format": FORMAT,
        "audio": DEFAULT_SPEC.fingerprint,
        "words": [[word.text, *word.phones, word.pause] for word in line.words],
        "voice": voice,
        "speed": settings.speed,
        "pitch": settings.pitch_semitones,
        "seed": settings.seed,
        "inner pauses": [pauses.longest_inner, pauses.longest_unwritten],
        "models": dict(models),
    }
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
