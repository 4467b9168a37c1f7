"""The tables of the report that need an explanation: sound, zero-shot voices, voice by voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from voice_replication.evaluation.objective import MCD_COEFFICIENTS
from voice_replication.evaluation.smoothness import FIFTHS, Smoothness
from voice_replication.evaluation.zero_shot import Trials

if TYPE_CHECKING:
    from voice_replication.evaluation.run import Evaluation

# summary key, heading, format; None prints as a dash
TEXT_COLUMNS = (
    ("mcd_db", f"MCD-{MCD_COEFFICIENTS} (dB)", "{:.2f}"),
    ("f0_rmse_hz", "F0 RMSE (Hz)", "{:.1f}"),
    ("f0_rmse_cents", "F0 RMSE (cents)", "{:.0f}"),
    ("voicing_error", "voicing error", "{:.1%}"),
    ("duration_ratio", "duration ratio", "{:.2f}"),
    ("voiced_share", "voiced", "{:.0%}"),
    ("f0_median_hz", "F0 (Hz)", "{:.0f}"),
)
COPY_COLUMNS = (
    ("pesq", "PESQ-WB", "{:.2f}"),
    ("stoi", "STOI", "{:.3f}"),
    ("mcd_db", f"MCD-{MCD_COEFFICIENTS} (dB)", "{:.2f}"),
    ("voiced_lost", "voiced frames lost", "{:.1%}"),
    ("hnr_difference_db", "HNR against real (dB)", "{:+.1f}"),
    ("stripes_db", "stripes (dB)", "{:.2f}"),
)
TREBLE_COLUMNS = (
    ("hnr_db", "HNR (dB)", "{:.1f}"),
    ("high_band_db", "above 8 kHz (dB)", "{:.1f}"),
)
SOUND_LEGEND = (
    f"MCD: mel-cepstral distortion, coefficients 1–{MCD_COEFFICIENTS} of our log-mel below 7 kHz, "
    "warped in time, against the real recording of the same text, as are F0, voicing and duration."
)
COPY_LEGEND = (
    "Only copies have the timing of their recordings, so only they have these numbers (MCD and "
    "stripes: all rows that repeat recordings). Voiced frames lost: share of the recording's "
    "voiced frames that are unvoiced in the copy. HNR: harmonics to noise at the recording's "
    "pitch, where both are voiced. Stripes: how unevenly single frequencies (23 Hz wide) are off, "
    "averaged over all sentences: the root mean square of the difference of the mean spectra after "
    "a running mean over 17 bins is taken off; in a few recordings, chance alone leaves some "
    "tenths of a dB."
)
MOVEMENT_LEGEND = (
    "Standard deviation over time of the log-mel, in each fifth of the mel axis, and the variance "
    "of 13 MFCCs (below 7 kHz), relative to real speech (1 = moves as much): to the recording of "
    "the same words where there is one, else to up to ten recordings of the speaker. Frames within "
    "40 dB of the loudest; mel bins above 0.47 of the source's sample rate are left out. "
    "*Predicted*: the synthesizer's own mel; *spoken*: the mel of the audio."
)
TRIALS_LEGEND = (
    "Each trial is the cosine to the mean of real recordings that hold nothing of the reference; "
    "impostors are all other unseen and all training speakers. Of training speakers with less than "
    "two minutes one excerpt of six seconds is known. The references are real, and many are cut "
    "from the recording whose rest they are compared with: a ceiling, not a bar."
)
TREBLE_LEGEND = (
    "Energy above 8 kHz relative to all of it; recordings made at 16 kHz have none of their own. "
    "HNR: harmonics to noise over all voiced frames."
)
VOICES_LEGEND = (
    "F0 range: 5th to 95th percentile over all voiced frames; its ratio to the range of up to ten "
    "of the speaker's recordings is one of intervals (semitones). Movement: standard deviation of "
    "the predicted mel, relative to real, mean over its fifths."
)


def sound_section(evaluation: Evaluation) -> list[str]:
    """The parts of the report about sound, each by row and voice group."""
    rows = grouped(evaluation)
    parts = ["## Sound", columns_table(rows, TEXT_COLUMNS), SOUND_LEGEND]
    copies = {name: row for name, row in rows.items() if row["stripes_db"] is not None}
    if copies:
        parts += ["### Against the recording that is repeated", columns_table(copies, COPY_COLUMNS)]
        parts += [COPY_LEGEND]
    moving = movement_table(rows)
    if moving:
        parts += ["### Over-smoothing", moving, MOVEMENT_LEGEND]
    parts += ["### Treble", columns_table(rows, TREBLE_COLUMNS), TREBLE_LEGEND]
    if evaluation.full_band_db is not None:
        parts += [f"Full-band recordings: {evaluation.full_band_db:.1f} dB above 8 kHz."]
    return parts


def grouped(evaluation: Evaluation) -> dict[str, Mapping[str, Any]]:
    """Every row, followed by its voice groups if it has more than one."""
    result: dict[str, Mapping[str, Any]] = {}
    for name, row in evaluation.summaries.items():
        result[name] = row
        groups = evaluation.groups.get(name, {})
        if len(groups) > 1:
            result |= {f"{name}, {group}": summary for group, summary in groups.items()}
    return result


def columns_table(
    rows: Mapping[str, Mapping[str, Any]], columns: Sequence[tuple[str, str, str]]
) -> str:
    """One line per row; rows of which none of the columns is known are left out."""
    lines = [
        [name, f"{row['sentences']:.0f}", *(form(row[key], pattern) for key, _, pattern in columns)]
        for name, row in rows.items()
        if any(row[key] is not None for key, _, _ in columns)
    ]
    return table(["row", "sentences", *(heading for _, heading, _ in columns)], lines)


def movement_table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Over-smoothing of predicted and of spoken mels; empty without real speech."""
    lines = []
    for name, row in rows.items():
        for key, kind in (("predicted_smoothness", "predicted"), ("smoothness", "spoken")):
            measured: Smoothness | None = row[key]
            if measured is not None:
                values = [*measured.mel_std, measured.global_variance]
                lines.append([name, kind, *(ratio(value) for value in values)])
    parts = ["lowest fifth", *(f"{i}." for i in range(2, FIFTHS)), "highest", "variance of MFCCs"]
    return table(["row", "mel", *parts], lines) if lines else ""


def trials_table(trials: Sequence[Trials]) -> str:
    """Zero-shot voices before the judge, beside their references."""
    first = trials[0]
    lines = [
        [
            t.what,
            f"{t.trials} of {t.speakers} speakers",
            f"{t.similarity:.3f}",
            form(t.equal_error_rate, "{:.1%}"),
            form(t.nearer, "{:.1%}"),
            form(t.nearer_than_heard, "{:.1%}"),
        ]
        for t in trials
    ]
    heading = [
        *("what", "trials", "similarity", "EER"),
        f"nearer than all {first.training_speakers} training speakers",
        f"than the {first.heard_speakers} of two minutes and more",
    ]
    return f"{table(heading, lines)}\n\n{TRIALS_LEGEND}"


def voices_table(evaluation: Evaluation) -> str:
    """One line per voice."""
    lines = [
        [
            v["voice"],
            v.get("group", "–"),
            str(v["sentences"]),
            form(v["word_error_rate"], "{:.1%}"),
            form(v["similarity"], "{:.3f}"),
            str(v["failed_sentences"]),
            _range(v, ""),
            _range(v, "real_"),
            ratio(v.get("f0_range_ratio")),
            form(v.get("high_band_db"), "{:.1f}"),
            form(v.get("real_high_band_db"), "{:.1f}"),
            ratio(v.get("mel_std_ratio")),
        ]
        for v in evaluation.voices
    ]
    heading = [
        *("voice", "group", "sentences", "word error rate", "similarity", "with a failure"),
        *("F0 range (Hz)", "real", "ratio", "above 8 kHz (dB)", "real", "movement"),
    ]
    return f"{table(heading, lines)}\n\n{VOICES_LEGEND}"


def _range(voice: Mapping[str, Any], which: str) -> str:
    low, high = voice.get(f"{which}f0_low_hz"), voice.get(f"{which}f0_high_hz")
    known = low is not None and high is not None and np.isfinite(low)
    return f"{low:.0f}–{high:.0f}" if known else "–"


def ratio(value: float | None) -> str:
    """Two decimals, or a dash for what could not be compared."""
    return "–" if value is None or not np.isfinite(value) else f"{value:.2f}"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are aligned to the right."""
    ruler = [":--", *["--:"] * (len(headings) - 1)]
    cells = [headings, ruler, *([c.replace("|", "\\|") for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def form(value: Any, pattern: str) -> str:
    """``value`` in ``pattern``, or a dash."""
    return "–" if value is None else pattern.format(value)
