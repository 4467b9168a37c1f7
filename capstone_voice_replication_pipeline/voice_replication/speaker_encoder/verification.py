"""How well an encoder tells people apart: equal error rate on cross-session trials.

Two recordings of a person from the same LibriSpeech chapter share room, microphone and mood; a
comparison of MFCC statistics already tells chapters apart. So a genuine trial here joins two
*different* chapters, and the same trials are scored with MFCC statistics as the baseline row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from data_utils import Utterance
from env_utils import InputError

from voice_replication.evaluation.similarity import equal_error_rate
from voice_replication.speaker_encoder.data import session_of

Floats = npt.NDArray[np.float32]

CEPSTRA = 20
NEAREST = 100  # strangers that a score is held against


@dataclass(frozen=True)
class Trials:
    """Pairs of utterance numbers."""

    genuine: npt.NDArray[np.int64]  # (P, 2)
    impostor: npt.NDArray[np.int64]  # (Q, 2)


def cross_session_trials(utterances: Sequence[Utterance], new: int | None = None) -> Trials:
    """All pairs of one speaker in two sessions, and all pairs of two speakers.

    With ``new``, only pairs with at least one of the first ``new`` utterances.

    Raises ``InputError`` if no speaker has two sessions, or if there is only one speaker.
    """
    speakers = np.array([u.speaker for u in utterances])
    sessions = np.array([f"{u.speaker}/{session_of(u)}" for u in utterances])
    first, second = np.triu_indices(len(utterances), k=1)  # first < second
    if new is not None:
        first, second = first[first < new], second[first < new]
    same = speakers[first] == speakers[second]
    pairs = np.stack([first, second], axis=1)
    genuine = pairs[same & (sessions[first] != sessions[second])]
    impostor = pairs[~same]
    if not len(genuine) or not len(impostor):
        raise InputError(
            "verification: no speaker has recordings of two sessions, or there is only one speaker."
        )
    return Trials(genuine, impostor)


def cosines(embeddings: Floats) -> Floats:
    """The score of every pair of unit-length ``embeddings (U, D)``: ``(U, U)``."""
    return np.asarray(embeddings @ embeddings.T)


def normalized_scores(embeddings: Floats, cohort: Floats) -> Floats:
    """As :func:`cosines`, in standard deviations above what strangers reach, ``(U, U)``.

    Some recordings resemble everybody a little, noisy ones nobody. So each score is held against
    those of its two recordings with the :data:`NEAREST` most similar of ``cohort (C, D)``,
    embeddings of speakers who are in no trial: adaptive symmetric score normalization (Cumani et
    al., "Comparison of speaker recognition approaches for real applications", 2011)::

        s' = ((s - mean_a) / std_a + (s - mean_b) / std_b) / 2
    """
    strangers = np.sort(embeddings @ cohort.T, axis=1)[:, -NEAREST:]
    mean, deviation = strangers.mean(axis=1), strangers.std(axis=1) + 1e-9
    one_sided = (cosines(embeddings) - mean[:, None]) / deviation[:, None]
    return np.asarray((one_sided + one_sided.T) / 2)


def trials_eer(scores: Floats, trials: Trials) -> float:
    """Equal error rate of ``trials`` whose scores are in ``scores (U, U)``, 0 .. 0.5."""
    return equal_error_rate(scores[tuple(trials.genuine.T)], scores[tuple(trials.impostor.T)])[0]


def balanced_eer(scores: Floats, utterances: Sequence[Utterance], trials: Trials) -> float:
    """As :func:`trials_eer`, but every pair of speakers counts alike, however much they recorded.

    Each pair's scores are resampled at 50 evenly spaced quantiles.
    """
    speakers = [u.speaker for u in utterances]

    def resampled(pairs: npt.NDArray[np.int64]) -> list[float]:
        groups: dict[tuple[str, str], list[float]] = {}
        for a, b in pairs:
            low, high = sorted((speakers[a], speakers[b]))
            groups.setdefault((low, high), []).append(float(scores[a, b]))
        levels = (np.arange(50) + 0.5) / 50
        return [float(s) for g in groups.values() for s in np.quantile(g, levels)]

    return equal_error_rate(resampled(trials.genuine), resampled(trials.impostor))[0]


def mfcc_statistics(mels: Sequence[Floats]) -> Floats:
    """The baseline: means and deviations of MFCC 1 .. 20 of each log-mel ``(N, F)``, ``(U, 40)``.

    Standardized over the utterances given, then of unit length.
    """
    from scipy.fft import dct

    rows = []
    for mel in mels:
        cepstra = dct(mel, axis=0, norm="ortho")[1 : CEPSTRA + 1]
        rows.append(np.concatenate([cepstra.mean(axis=1), cepstra.std(axis=1)]))
    table = np.stack(rows)
    table = (table - table.mean(axis=0)) / (table.std(axis=0) + 1e-9)
    return np.asarray(table / np.linalg.norm(table, axis=1, keepdims=True), dtype=np.float32)
