"""The numbers to reach, what was measured, and by how much each is missed.

Three are measured elsewhere: naturalness (by a predictor that is not part of this package), our own
speaker encoder (its training prints the verification on unseen speakers), and speed
(``voiceclone bench``). A fine-tuned voice is measured like any other, when it is among the voices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from voice_replication.evaluation.summary import Bar
from voice_replication.evaluation.zero_shot import Trials

SENTENCES = 100
ALIGNED, ZERO_SHOT_ALIGNED = 0.99, 0.98
WER_POINTS = 0.02
SIMILARITY_SHARE = 0.95
PESQ, MCD_DB, VOICED_LOST, HNR_DB, STRIPES_DB = 3.4, 2.0, 0.04, 1.0, 1.0
MEL_STD_WITHIN, VARIANCE_WITHIN = 0.05, 0.10
EER, NEARER = 0.15, 0.70
HIGH_BAND_WITHIN_DB = 6.0
F0_RANGE_WITHIN = 0.15

Summary = Mapping[str, Any]


def limit(
    what: str, value: float | None, bound: float, pattern: str, at_least: bool = False
) -> Bar:
    """A number that must be at most (or at least) ``bound``; ``pattern`` writes both."""
    wanted = f"{'at least' if at_least else 'at most'} {pattern.format(bound)}"
    if value is None:
        return Bar(what, wanted, "not measured", None)
    missing = bound - value if at_least else value - bound
    missed = pattern.format(missing) if missing > 0 else ""
    return Bar(what, wanted, pattern.format(value), missing <= 0, missed)


def within(what: str, values: Sequence[float], share: float, note: str = "") -> Bar:
    """Ratios that must all lie within ``share`` of 1; missed by how far the worst lies outside."""
    known = [value for value in values if np.isfinite(value)]
    wanted = f"within {share:.0%} of real"
    if not known:
        return Bar(what, wanted, "not measured", None)
    worst = max(abs(value - 1.0) for value in known)
    measured = " ".join(f"{value:.2f}" for value in known) + note
    missed = f"{worst - share:.0%}" if worst > share else ""
    return Bar(what, wanted, measured, worst <= share, missed)


def all_bars(
    rows: Mapping[str, Summary],
    groups: Mapping[str, Mapping[str, Summary]],
    voices: Sequence[Summary],
    trials: Sequence[Trials] = (),
    hard: Sequence[Any] = (),
    full_band_db: float | None = None,
) -> list[Bar]:
    """Every bar for whose row there is something; ``groups`` are row -> voice group -> summary."""
    found = [*copies(rows, groups)]
    if "system" in rows:
        found += [*words(rows, hard), *smoothness(rows), *sound(voices, full_band_db)]
    if "zero-shot" in rows:
        found += unseen(rows["zero-shot"], trials)
    return found


def copies(
    rows: Mapping[str, Summary], groups: Mapping[str, Mapping[str, Summary]]
) -> Iterator[Bar]:
    """Copy-synthesis of unseen speakers and of the full-band held-out recordings."""
    chosen = {
        "unseen speakers": rows.get("copy-unseen"),
        "full-band dev": groups.get("copy", {}).get("full band"),
    }
    for name, row in chosen.items():
        if row is None:
            continue
        start = f"copy-synthesis, {name}: "
        yield limit(start + "PESQ-WB", row["pesq"], PESQ, "{:.2f}", at_least=True)
        yield limit(start + "MCD", row["mcd_db"], MCD_DB, "{:.2f} dB")
        yield limit(start + "voiced frames lost", row["voiced_lost"], VOICED_LOST, "{:.1%}")
        yield off_by(start + "harmonics-to-noise", row["hnr_difference_db"], HNR_DB)
        yield limit(start + "spectral stripes", row["stripes_db"], STRIPES_DB, "{:.2f} dB")


def off_by(what: str, difference_db: float | None, bound_db: float) -> Bar:
    """A level that must lie within ``bound_db`` of the real one, above or below."""
    wanted = f"within {bound_db:g} dB of real"
    if difference_db is None:
        return Bar(what, wanted, "not measured", None)
    excess = abs(difference_db) - bound_db
    missed = f"{excess:.1f} dB" if excess > 0 else ""
    return Bar(what, wanted, f"{difference_db:+.1f} dB", excess <= 0, missed)


def words(rows: Mapping[str, Summary], hard: Sequence[Any]) -> Iterator[Bar]:
    """Intelligibility, similarity, pauses and odd inputs in heard voices."""
    system, real, same = rows["system"], rows.get("real"), rows.get("same-text")
    ours = [row for row in (system, same) if row is not None]
    count = sum(row["sentences"] for row in ours)
    aligned = sum(row["aligned"] * row["sentences"] for row in ours) / count
    yield limit("sentences in heard voices", count, SENTENCES, "{:.0f}", at_least=True)
    yield limit("forced alignment succeeds", aligned, ALIGNED, "{:.1%}", at_least=True)
    what = "word error rate, same sentences as real recordings"
    if real is None or same is None:
        rate = f"{system['word_error_rate']:.1%} (no recordings to compare with)"
        yield Bar(what, f"at most {100 * WER_POINTS:.0f} points above real", rate, None)
    else:
        yield limit(what, same["word_error_rate"], real["word_error_rate"] + WER_POINTS, "{:.1%}")
        yield similarity(system, real)
    gaps = system["failures"]["gap"] + sum(result.gaps for result in hard)
    yield limit("pauses above 0.6 s nobody asked for", gaps, 0, "{:.0f}")
    if hard:
        handled = sum(result.handled for result in hard)
        yield limit("hard inputs handled", handled, len(hard), "{:.0f}", at_least=True)


def similarity(system: Summary, real: Summary) -> Bar:
    """New sentences against real excerpts that are as short; without those, whole recordings."""
    what = "similarity, share of the real same-speaker cosine"
    reached, whole = system["similarity"], real["similarity"]
    short = system["similarity_as_short"]
    if reached is None or not whole:
        return limit(what, None, SIMILARITY_SHARE, "{:.1%}", at_least=True)
    bar = limit(what, reached / (short or whole), SIMILARITY_SHARE, "{:.1%}", at_least=True)
    note = f" (of whole recordings {reached / whole:.1%})" if short else ""
    return replace(bar, measured=bar.measured + note)


def smoothness(rows: Mapping[str, Summary]) -> Iterator[Bar]:
    """Movement of the predicted mel; of the same sentences as the recordings, if they were spoken.

    The synthesizer's own mel is judged, not the vocoder's rendering of it.
    """
    name = "same-text" if rows.get("same-text") else "system"
    measured = rows[name]["predicted_smoothness"]
    fifths = measured.mel_std if measured else ()
    variance = (measured.global_variance,) if measured else ()
    yield within(f"movement of the predicted mel, every fifth ({name})", fifths, MEL_STD_WITHIN)
    yield within(f"global variance of its MFCCs ({name})", variance, VARIANCE_WITHIN)


def sound(voices: Sequence[Summary], full_band_db: float | None) -> Iterator[Bar]:
    """Treble and pitch range of every voice."""
    levels = {v["voice"]: v["high_band_db"] for v in voices if v.get("high_band_db") is not None}
    if levels and full_band_db is not None:
        worst = max(levels, key=lambda name: abs(levels[name] - full_band_db))
        off = abs(levels[worst] - full_band_db)
        good = sum(abs(x - full_band_db) <= HIGH_BAND_WITHIN_DB for x in levels.values())
        yield Bar(
            "energy above 8 kHz in every voice",
            f"within {HIGH_BAND_WITHIN_DB:g} dB of full-band recordings ({full_band_db:.1f} dB)",
            f"{good} of {len(levels)} voices; worst {worst}: {levels[worst]:.1f} dB",
            off <= HIGH_BAND_WITHIN_DB,
            f"{off - HIGH_BAND_WITHIN_DB:.1f} dB" if off > HIGH_BAND_WITHIN_DB else "",
        )
    ratios = [v["f0_range_ratio"] for v in voices if v.get("f0_range_ratio") is not None]
    if ratios:
        good = sum(abs(ratio - 1.0) <= F0_RANGE_WITHIN for ratio in ratios)
        note = f" (mean; {good} of {len(ratios)} voices within)"
        yield within("F0 range in semitones", [float(np.mean(ratios))], F0_RANGE_WITHIN, note)


def unseen(row: Summary, trials: Sequence[Trials]) -> Iterator[Bar]:
    """Voices from one reference of 5 to 10 s."""
    spoken = next((t for t in trials if t.what == "zero-shot speech"), None)
    rate, nearer = (spoken.equal_error_rate, spoken.nearer) if spoken else (None, None)
    yield limit("zero-shot: verification EER", rate, EER, "{:.1%}")
    what = "zero-shot: nearer to the speaker than to every training speaker"
    yield limit(what, nearer, NEARER, "{:.1%}", at_least=True)
    what = "zero-shot: forced alignment succeeds"
    yield limit(what, row["aligned"], ZERO_SHOT_ALIGNED, "{:.1%}", at_least=True)
