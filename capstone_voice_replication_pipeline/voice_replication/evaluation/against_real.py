"""Our speech held against real speech of the same people: over-smoothing, stripes, pitch, treble.

Where a row repeats a real recording (same speaker, same words: ``same-text``, the copies), it is
compared with that recording; where it speaks something new (``system``, ``zero-shot``), with the
profile of its speaker (:mod:`real_voices`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from voice_replication.evaluation.copy_measures import stripes_db
from voice_replication.evaluation.judging import Verdict
from voice_replication.evaluation.real_voices import RealVoice, is_full_band
from voice_replication.evaluation.signal_measures import pitch_range
from voice_replication.evaluation.smoothness import Movement, Smoothness, compare_movement

REAL_ROWS = ("real", "real-unseen")
GROUPS = ("full band", "16 kHz")
BULKY = ("embedding", "f0_hz", "spectrum_db", "movement", "predicted")
"""Keys of a verdict that are long lists of numbers, of no use to a reader."""


@dataclass(frozen=True)
class RealSide:
    """Everything real: verdicts on the recordings, and the profiles of the speakers."""

    recordings: Mapping[tuple[str, str], Verdict]  # by speaker and text
    voices: Mapping[str, RealVoice]


def real_side(verdicts: Iterable[Verdict], voices: Mapping[str, RealVoice]) -> RealSide:
    """The real recordings among ``verdicts``, and the profiles."""
    real = {(v["speaker"], v["text"]): v for v in verdicts if v["row"] in REAL_ROWS}
    return RealSide(real, voices)


def group_of(verdict: Mapping[str, Any]) -> str | None:
    """Its voice group: "full band", "16 kHz", or None for nobody's voice."""
    rate = verdict["source_rate"]
    return None if not rate else GROUPS[0] if is_full_band(rate) else GROUPS[1]


def compare_row(verdicts: Sequence[Verdict], real: RealSide) -> dict[str, Any]:
    """The comparisons of one row (or a group of it); None where there is nothing to compare.

    ``smoothness`` of the spoken audio's mel; ``predicted_smoothness`` of the synthesizer's own mel;
    ``stripes_db`` (only of rows that repeat recordings).
    """
    spoken = [(movement_of(v["movement"]), v) for v in verdicts]
    predicted = [(movement_of(v["predicted"]), v) for v in verdicts if v["predicted"]]
    pairs = [(v, real.recordings.get((v["speaker"], v["text"]))) for v in verdicts]
    stripes = [
        (v["spectrum_db"], r["spectrum_db"], v["source_rate"])
        for v, r in pairs
        if r is not None and r["row"] != v["row"]
    ]
    return {
        "smoothness": _smoothness(spoken, real),
        "predicted_smoothness": _smoothness(predicted, real),
        "stripes_db": stripes_db(stripes),
    }


def movement_of(values: Mapping[str, Any]) -> Movement:
    """A :class:`Movement` from its JSON."""
    return Movement(tuple(values["mel_std"]), tuple(values["cepstral_variance"]))


def _smoothness(measured: Sequence[tuple[Movement, Verdict]], real: RealSide) -> Smoothness | None:
    triples = []
    for movement, verdict in measured:
        recording = real.recordings.get((verdict["speaker"], verdict["text"]))
        voice = real.voices.get(verdict["speaker"])
        if recording is not None:
            if recording["row"] == verdict["row"]:  # itself
                continue
            base = movement_of(recording["movement"])
        elif voice is not None:
            base = voice.movement
        else:
            continue
        triples.append((movement, base, verdict["source_rate"]))
    return compare_movement(triples)


def compare_voices(verdicts: Sequence[Verdict], real: RealSide) -> dict[str, dict[str, Any]]:
    """Voice -> its group, pitch range, treble and smoothness beside the real ones.

    ``f0_range_ratio``: 5th to 95th percentile in semitones over all given sentences, divided by
    that of the speaker's recordings; ``high_band_db``: energy above 8 kHz relative to all of it,
    mean in dB.
    """
    by_voice: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_voice[verdict["speaker"]].append(verdict)
    return {
        name: _compare_voice(members, real.voices[name], real)
        for name, members in by_voice.items()
        if name in real.voices
    }


def _compare_voice(verdicts: Sequence[Verdict], voice: RealVoice, real: RealSide) -> dict[str, Any]:
    low, high = pitch_range([v["f0_hz"] for v in verdicts])
    levels = [v["high_band_db"] for v in verdicts if v["high_band_db"] is not None]
    smoothness = compare_row(verdicts, real)["predicted_smoothness"]
    ratio = semitones(low, high) / semitones(voice.f0_low_hz, voice.f0_high_hz)
    return {
        "group": GROUPS[0] if voice.full_band else GROUPS[1],
        "f0_low_hz": low,
        "f0_high_hz": high,
        "real_f0_low_hz": voice.f0_low_hz,
        "real_f0_high_hz": voice.f0_high_hz,
        "f0_range_ratio": ratio if np.isfinite(ratio) else None,
        "high_band_db": float(np.mean(levels)) if levels else None,
        "real_high_band_db": voice.high_band_db if voice.full_band else None,
        "mel_std_ratio": float(np.nanmean(smoothness.mel_std)) if smoothness else None,
    }


def semitones(low_hz: float, high_hz: float) -> float:
    """The interval between two frequencies; NaN without one, or if they are equal.

    >>> semitones(100.0, 200.0)
    12.0
    """
    interval = 12.0 * float(np.log2(high_hz / low_hz)) if low_hz > 0 else float("nan")
    return interval if interval > 0 else float("nan")


def full_band_level_db(voices: Mapping[str, RealVoice]) -> float | None:
    """Energy above 8 kHz in recordings made in full band: the mean over their speakers, in dB."""
    levels = [voice.high_band_db for voice in voices.values() if voice.full_band]
    return float(np.mean(levels)) if levels else None
