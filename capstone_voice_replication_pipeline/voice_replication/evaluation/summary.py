"""From many verdicts to a few numbers: one summary per row, and the bars they are held against.

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

from voice_replication.evaluation.failures import KINDS
from voice_replication.evaluation.judging import Verdict
from voice_replication.evaluation.similarity import Embedding, cosine, verify

DRAWS = 1000
MEANS = (
    *("mcd_db", "f0_rmse_hz", "f0_rmse_cents", "voicing_error", "duration_ratio", "pesq", "stoi"),
    *("hnr_db", "high_band_db", "voiced_share", "f0_median_hz", "rms_dbfs"),
)
"""Measures of a verdict of which a row shows the mean, over the sentences where they exist."""

ALIGNED_BAR = 0.97
WER_POINTS_BAR = 0.05
SENTENCES_BAR = 100


@dataclass(frozen=True)
class Bar:
    """A number of the row ``system`` and what it has to reach. ``met`` is None if unknown."""

    what: str
    wanted: str
    measured: str
    met: bool | None


def summarize(
    verdicts: Sequence[Verdict], centroids: Mapping[str, Embedding]
) -> dict[str, dict[str, Any]]:
    """Row name -> summary, in the order in which rows first appear."""
    rows: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        rows[verdict["row"]].append(verdict)
    return {row: summarize_row(members, centroids) for row, members in rows.items()}


def summarize_row(
    verdicts: Sequence[Verdict], centroids: Mapping[str, Embedding]
) -> dict[str, Any]:
    """The numbers of one row; None where nothing of the kind was measured.

    ``centroids`` are the judge's embeddings of the speakers' training recordings.
    """
    wrong = np.array([v["wrong_words"] for v in verdicts], dtype=float)
    words = np.array([v["words"] for v in verdicts], dtype=float)
    kinds = Counter(f["kind"] for v in verdicts for f in v["failures"])
    summary: dict[str, Any] = {
        "sentences": len(verdicts),
        "seconds": sum(v["seconds"] for v in verdicts),
        "word_error_rate": _ratio(wrong.sum(), words.sum()),
        "word_error_rate_interval": bootstrap(
            lambda i: _ratio(wrong[i].sum(), words[i].sum()), len(verdicts)
        ),
        "aligned": float(np.mean([v["aligned"] for v in verdicts])),
        "failures": {kind: kinds.get(kind, 0) for kind in KINDS},
        "failed_sentences": sum(bool(v["failures"]) for v in verdicts),
        "times_real_time": _speed(verdicts),
        "mel_std": _mean_std(verdicts),
        **{name: _mean([v[name] for v in verdicts]) for name in MEANS},
        **similarity_of(verdicts, centroids),
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
    verdicts: Sequence[Verdict], centroids: Mapping[str, Embedding]
) -> list[dict[str, Any]]:
    """Sentences, word error rate, similarity and failures of each voice, best similarity first."""
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
            }
        )
    return sorted(table, key=lambda row: -(row["similarity"] or 0.0))


def bars(summaries: Mapping[str, Mapping[str, Any]], hard: Sequence[Any]) -> list[Bar]:
    """What the system has to reach, and whether it does. ``hard`` are the hard inputs' results."""
    system, real = summaries.get("system"), summaries.get("real")
    if system is None:
        return []
    rate, count = system["word_error_rate"], system["sentences"]
    result = [
        Bar("new sentences", f"at least {SENTENCES_BAR}", str(count), count >= SENTENCES_BAR),
        Bar("forced alignment succeeds", f"at least {ALIGNED_BAR:.0%}", f"{system['aligned']:.1%}",
            system["aligned"] >= ALIGNED_BAR),
    ]  # fmt: skip
    if real is None:
        result.append(Bar("word error rate", "at most 5 points above real recordings",
                          f"{rate:.1%} (no recordings to compare with)", None))  # fmt: skip
    else:
        limit = real["word_error_rate"] + WER_POINTS_BAR
        result.append(
            Bar("word error rate", f"at most {limit:.1%} (real {real['word_error_rate']:.1%} + 5)",
                f"{rate:.1%}", rate <= limit)
        )  # fmt: skip
    gaps = system["failures"]["gap"] + sum(r.gaps for r in hard)
    result.append(Bar("pauses above 0.6 s nobody asked for", "none", str(gaps), gaps == 0))
    if hard:
        handled = sum(r.handled for r in hard)
        result.append(Bar("hard inputs handled", "all", f"{handled} of {len(hard)}",
                          handled == len(hard)))  # fmt: skip
    return result


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
    known = [v["mel_std"] for v in verdicts if v["mel_std"] and None not in v["mel_std"]]
    return [float(x) for x in np.mean(known, axis=0)] if known else None


def _speed(verdicts: Sequence[Verdict]) -> float | None:
    """Times real time: all audio / all computing."""
    timed = [v for v in verdicts if v["compute_seconds"]]
    if not timed:
        return None
    return float(sum(v["seconds"] for v in timed) / sum(v["compute_seconds"] for v in timed))
