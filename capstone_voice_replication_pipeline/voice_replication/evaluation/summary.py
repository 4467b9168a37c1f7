"""From many verdicts to a few numbers: one summary per row, per voice group, and per voice.

Words are added up before dividing. Where a difference of a few points decides, its uncertainty is
stated: 95 % intervals by resampling sentences (B. Efron's bootstrap, 1000 draws, seeded).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from env_utils import InputError

from voice_replication.evaluation.against_real import (
    GROUPS,
    RealSide,
    compare_row,
    compare_voices,
    group_of,
)
from voice_replication.evaluation.failures import KINDS
from voice_replication.evaluation.judging import Verdict
from voice_replication.evaluation.similarity import Embedding, cosine, verify
from voice_replication.evaluation.smoothness import fifths

DRAWS = 1000
MEANS = (
    *("mcd_db", "f0_rmse_hz", "f0_rmse_cents", "voicing_error", "duration_ratio", "pesq", "stoi"),
    *("hnr_db", "high_band_db", "voiced_share", "f0_median_hz", "rms_dbfs"),
    *("voiced_lost", "hnr_difference_db"),
)
"""Measures of a verdict of which a row shows the mean, over the sentences where they exist."""


@dataclass(frozen=True)
class Bar:
    """A number and what it has to reach. ``met`` is None if unknown."""

    what: str
    wanted: str
    measured: str
    met: bool | None
    missed_by: str = ""  # how far it is from the bar; empty if it is reached or unknown


def by_row(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """Row name -> its verdicts, in the order in which rows first appear."""
    rows: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        rows[verdict["row"]].append(verdict)
    return dict(rows)


def summarize(
    verdicts: Sequence[Verdict], centroids: Mapping[str, Embedding], real: RealSide | None = None
) -> dict[str, dict[str, Any]]:
    """Row name -> summary."""
    rows = by_row(verdicts)
    return {row: summarize_row(members, centroids, real) for row, members in rows.items()}


def summarize_groups(
    verdicts: Sequence[Verdict], centroids: Mapping[str, Embedding], real: RealSide | None = None
) -> dict[str, dict[str, dict[str, Any]]]:
    """Row name -> voice group -> summary; rows in nobody's voice are left out."""
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for row, members in by_row(verdicts).items():
        for group in GROUPS:
            chosen = [v for v in members if group_of(v) == group]
            if chosen:
                result.setdefault(row, {})[group] = summarize_row(chosen, centroids, real)
    return result


def summarize_row(
    verdicts: Sequence[Verdict], centroids: Mapping[str, Embedding], real: RealSide | None = None
) -> dict[str, Any]:
    """The numbers of one row; None where nothing of the kind was measured.

    ``centroids`` are the judge's embeddings of the speakers' own recordings, ``real`` what the
    speech is compared with.
    """
    wrong = np.array([v["wrong_words"] for v in verdicts], dtype=float)
    words = np.array([v["words"] for v in verdicts], dtype=float)
    kinds = Counter(f["kind"] for v in verdicts for f in v["failures"])
    summary: dict[str, Any] = {
        "sentences": len(verdicts),
        "seconds": sum(v["seconds"] for v in verdicts),
        "word_error_rate": _ratio(wrong.sum(), words.sum()) if words.any() else None,
        "word_error_rate_interval": bootstrap(
            lambda i: _ratio(wrong[i].sum(), words[i].sum()), len(verdicts)
        )
        if words.any()
        else None,
        "aligned": float(np.mean([v["aligned"] for v in verdicts])),
        "failures": {kind: kinds.get(kind, 0) for kind in KINDS},
        "failed_sentences": sum(bool(v["failures"]) for v in verdicts),
        "times_real_time": _speed(verdicts),
        "mel_std": _mean_std(verdicts),
        **{name: _mean([v[name] for v in verdicts]) for name in MEANS},
        **similarity_of(verdicts, centroids),
        "similarity_as_short": None,  # of real excerpts; see matched.py
        **compare_row(verdicts, real or RealSide({}, {})),
    }
    return summary


def similarity_of(
    verdicts: Sequence[Verdict], centroids: Mapping[str, Embedding]
) -> dict[str, float | None]:
    """Mean cosine to the own and to the other speakers, and the equal error rate of telling them.

    Only sentences in voices whose recordings are known count.
    """
    trials = [
        (v["speaker"], np.asarray(v["embedding"], dtype=np.float32))
        for v in verdicts
        if v["embedding"] is not None and v["speaker"] in centroids
    ]
    own = [cosine(e, centroids[s]) for s, e in trials]
    other = [cosine(e, c) for s, e in trials for name, c in centroids.items() if name != s]
    try:
        rate: float | None = verify(trials, centroids).equal_error_rate
    except InputError:  # nobody, or nobody else, to compare with
        rate = None
    return {
        "similarity": _mean(own),
        "similarity_to_others": _mean(other),
        "equal_error_rate": rate,
    }


def per_voice(
    verdicts: Sequence[Verdict], centroids: Mapping[str, Embedding], real: RealSide | None = None
) -> list[dict[str, Any]]:
    """Sentences, word error rate, similarity, failures of each voice, and its sound beside that of
    the speaker's recordings (:func:`compare_voices`); best similarity first."""
    sound = compare_voices(verdicts, real) if real else {}
    voices: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        voices[verdict["speaker"]].append(verdict)
    table = []
    for voice, members in voices.items():
        wrong, words = (sum(v[key] for v in members) for key in ("wrong_words", "words"))
        table.append(
            {
                "voice": voice,
                "sentences": len(members),
                "word_error_rate": _ratio(wrong, words),
                "similarity": similarity_of(members, centroids)["similarity"],
                "failed_sentences": sum(bool(v["failures"]) for v in members),
                **sound.get(voice, {}),
            }
        )
    return sorted(table, key=lambda row: -(row["similarity"] or 0.0))


def bootstrap(
    statistic: Callable[[Any], float], count: int, draws: int = DRAWS
) -> tuple[float, float]:
    """95 % interval of ``statistic(indices)`` over resampled indices of ``count`` sentences."""
    rng = np.random.default_rng(0)
    values = [statistic(rng.integers(0, count, count)) for _ in range(draws)]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def _mean_std(verdicts: Sequence[Verdict]) -> list[float] | None:
    """Movement of the spoken mel in each fifth of its axis, bins above the sources' Nyquist left
    out: the mean over sentences."""
    known = [fifths(v["movement"]["mel_std"], v["source_rate"]) for v in verdicts]
    return [float(x) for x in np.mean(known, axis=0)] if known else None


def _speed(verdicts: Sequence[Verdict]) -> float | None:
    """Times real time: all audio / all computing."""
    timed = [v for v in verdicts if v["compute_seconds"]]
    if not timed:
        return None
    return float(sum(v["seconds"] for v in timed) / sum(v["compute_seconds"] for v in timed))
