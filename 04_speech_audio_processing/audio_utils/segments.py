"""A long recording as a list of segments, each with what is known about it, as JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from env_utils import InputError, atomic_write_json, atomic_write_text

from audio_utils.activity import FRAME_SECONDS, split_at_pauses
from audio_utils.limiter import peak_dbfs
from audio_utils.loudness import loudness_lufs, rms_dbfs
from audio_utils.pitch import f0_contour
from audio_utils.spec import AudioSpec

Audio = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Segment:
    """One stretch of speech. Times are in seconds from the start of the recording."""

    index: int  # from 0
    start: float
    end: float
    seconds: float
    rms_dbfs: float
    peak_dbfs: float
    loudness_lufs: float
    f0_hz: float  # median of the voiced frames; 0 when nothing is voiced
    file: str = ""  # where its samples were written, relative to the list


def spans_of(active: npt.NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Runs of True in 10 ms decisions ``(n,)`` as ``[(start, end), ...]`` in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], active, [False])).astype(np.int8)))
    return [
        (float(start) * FRAME_SECONDS, float(end) * FRAME_SECONDS)
        for start, end in edges.reshape(-1, 2)
    ]


def find_segments(
    audio: Audio, sample_rate: int, max_seconds: float = 10.0, keep_seconds: float = 0.1
) -> list[Segment]:
    """Cut ``(T,)`` audio at its pauses (see ``split_at_pauses``) and measure every piece.

    No piece is longer than ``max_seconds``. Raises ``InputError`` when there is no speech in it.
    """
    spec = AudioSpec(sample_rate=sample_rate, f_max_hz=sample_rate / 2)
    segments: list[Segment] = []
    for start, end in split_at_pauses(audio, sample_rate, max_seconds, keep_seconds):
        piece = audio[round(start * sample_rate) : round(end * sample_rate)]
        pitch = f0_contour(piece, spec)
        voiced = pitch[pitch > 0]
        segments.append(
            Segment(
                index=len(segments),
                start=round(start, 3),
                end=round(end, 3),
                seconds=round(end - start, 3),
                rms_dbfs=round(rms_dbfs(piece), 2),
                peak_dbfs=round(peak_dbfs(piece), 2),
                loudness_lufs=round(loudness_lufs(piece, sample_rate), 2),
                f0_hz=round(float(np.median(voiced)), 1) if voiced.size else 0.0,
            )
        )
    if not segments:
        raise InputError("no speech was found: the recording is silent, or one steady noise.")
    return segments


def write_segments(folder: Path, segments: Sequence[Segment]) -> None:
    """Write ``segments.json`` and ``segments.csv`` (the same rows) into ``folder``, atomically."""
    rows = [asdict(segment) for segment in segments]
    atomic_write_json(folder / "segments.json", rows)
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, [field.name for field in fields(Segment)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    atomic_write_text(folder / "segments.csv", table.getvalue())
