"""Judging a take, and the folder in which the takes of a voice are kept."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from audio_utils import measure_quality, rms_dbfs, save_audio, voice_activity
from data_utils import read_rows
from env_utils import atomic_write_json, atomic_write_text, read_json

from voice_replication.recording_prompts import Prompt
from voice_replication.voice import Consent

Audio = npt.NDArray[np.float32]
METADATA = "metadata.csv"
CONSENT = "consent.json"
COLUMNS = ("file", "text", "speaker")


@dataclass(frozen=True)
class TakeLimits:
    """What a recording has to reach to be worth keeping as the model of a voice."""

    max_clipped_share: float = 0.001
    min_level_dbfs: float = -42.0  # RMS while speaking
    min_snr_db: float = 15.0
    max_characters_per_second: float = 26.0  # nobody reads faster; then something is missing
    min_seconds: float = 0.3  # of speech

    def seconds_for(self, text: str) -> float:
        """The shortest time in which ``text`` can be read."""
        letters = len(re.sub(r"[^\w ]", "", text))
        return max(self.min_seconds, letters / self.max_characters_per_second)


@dataclass(frozen=True)
class Verdict:
    """Measurements of a take and what is wrong with it, a sentence each; none: keep it."""

    seconds: float  # from the first to the last sound of the voice
    level_dbfs: float  # RMS while speaking
    snr_db: float
    clipped_share: float
    problems: tuple[str, ...]

    def numbers(self) -> str:
        """The measurements on one line."""
        return (
            f"{self.seconds:.1f} s, level {self.level_dbfs:.0f} dBFS, noise {self.snr_db:.0f} dB "
            f"below the voice, {self.clipped_share:.2%} clipped"
        )


def judge_take(
    audio: Audio, sample_rate: int, text: str = "", limits: TakeLimits | None = None
) -> Verdict:
    """Measure ``(T,)`` audio in which ``text`` should have been read (if there is a text)."""
    limits = limits or TakeLimits()
    if len(audio) == 0:
        return Verdict(0.0, -120.0, 0.0, 0.0, ("nothing was recorded.",))
    quality = measure_quality(audio, sample_rate)
    active = voice_activity(audio, sample_rate)
    spoken = np.flatnonzero(active)
    seconds = float(spoken[-1] + 1 - spoken[0]) / 100 if spoken.size else 0.0
    samples = np.repeat(active, round(sample_rate / 100))[: len(audio)]
    level = rms_dbfs(audio[: len(samples)][samples])
    problems = []
    if quality.clipped_share > limits.max_clipped_share:
        problems.append(
            f"{quality.clipped_share:.2%} of the samples are clipped (at most "
            f"{limits.max_clipped_share:.2%}): turn the microphone down or move away from it."
        )
    if spoken.size == 0 or level < limits.min_level_dbfs:
        shown = f"{level:.0f} dBFS" if spoken.size else "no voice above the noise"
        problems.append(
            f"the level is too low: {shown} (at least {limits.min_level_dbfs:.0f} dBFS): turn the "
            "microphone up or come closer."
        )
    if spoken.size and quality.snr_db < limits.min_snr_db:
        problems.append(
            f"the noise is only {quality.snr_db:.0f} dB below the voice (at least "
            f"{limits.min_snr_db:.0f} dB): find a quieter place or come closer."
        )
    needed = limits.seconds_for(text) if text else limits.min_seconds
    if spoken.size and seconds < needed:
        what = "for this text" if text else "to be of use"
        problems.append(
            f"{seconds:.1f} s of speech are too short {what} (at least {needed:.1f} s): read all "
            "of it, at your own pace."
        )
    return Verdict(seconds, level, quality.snr_db, quality.clipped_share, tuple(problems))


class TakeFolder:
    """``FOLDER/metadata.csv``, one sound file a take, and ``consent.json``.

    The layout is that of own recordings: `voiceclone preprocess FOLDER OUT` and `voiceclone
    finetune NAME FOLDER` read it. A take counts from the moment its row is in the table, and the
    table is replaced in one step, so an interruption never leaves half a take.
    """

    def __init__(self, folder: Path, speaker: str) -> None:
        self.folder, self.speaker = folder, speaker
        self.rows: dict[str, tuple[str, str]] = {}  # file -> (text, speaker)
        if (folder / METADATA).is_file():
            for row in read_rows(folder / METADATA, ("file", "text")):
                self.rows[row["file"]] = (row["text"], row.get("speaker") or speaker)

    def has(self, file: str, text: str) -> bool:
        """Whether this file was recorded, with this text, and is still there."""
        known = self.rows.get(file)
        return known is not None and known[0] == text and (self.folder / file).is_file()

    def remaining(self, prompts: Sequence[Prompt]) -> list[Prompt]:
        """The prompts that have no take yet, in order."""
        return [p for p in prompts if not self.has(f"{p.id}.wav", p.text)]

    def keep(self, prompt: Prompt, audio: Audio, sample_rate: int) -> Path:
        """Store a take as 24-bit WAV at the microphone's own rate, replacing an earlier one."""
        path = self.folder / f"{prompt.id}.wav"
        save_audio(path, audio, sample_rate, "PCM_24")
        self.note(path.name, prompt.text)
        return path

    def note(self, file: str, text: str, speaker: str | None = None) -> None:
        """Write the row of a file that lies in the folder."""
        self.rows[file] = (text, speaker or self.speaker)
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((name, *row) for name, row in self.rows.items())
        atomic_write_text(self.folder / METADATA, stream.getvalue())

    def give_consent(self, statement: str, given: str, how: str) -> Path:
        """Store the consent record beside the recordings; ``ConsentError`` if it says nothing."""
        consent = Consent(self.speaker, statement.strip(), given, how)
        atomic_write_json(self.folder / CONSENT, consent.to_dict())
        return self.folder / CONSENT

    def consent(self) -> Consent | None:
        """The consent record, if there is one."""
        path = self.folder / CONSENT
        return Consent.from_dict(read_json(path), str(path)) if path.is_file() else None
