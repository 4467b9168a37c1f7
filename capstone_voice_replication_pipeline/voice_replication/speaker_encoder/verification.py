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


def trials_eer(embeddings: Floats, trials: Trials) -> float:
    """Equal error rate of unit-length ``embeddings (U, D)`` under the cosine, 0 .. 0.5."""
    cosine = embeddings @ embeddings.T
    return equal_error_rate(cosine[tuple(trials.genuine.T)], cosine[tuple(trials.impostor.T)])[0]


def balanced_eer(embeddings: Floats, utterances: Sequence[Utterance], trials: Trials) -> float:
    """As :func:`trials_eer`, but every pair of speakers counts alike, however much they recorded.

    Each pair's scores are resampled at 50 evenly spaced quantiles.
    """
    cosine = embeddings @ embeddings.T
    speakers = [u.speaker for u in utterances]

    def scores(pairs: npt.NDArray[np.int64]) -> list[float]:
        groups: dict[tuple[str, str], list[float]] = {}
        for a, b in pairs:
            low, high = sorted((speakers[a], speakers[b]))
            groups.setdefault((low, high), []).append(float(cosine[a, b]))
        levels = (np.arange(50) + 0.5) / 50
        return [float(s) for g in groups.values() for s in np.quantile(g, levels)]

    return equal_error_rate(scores(trials.genuine), scores(trials.impostor))[0]


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
