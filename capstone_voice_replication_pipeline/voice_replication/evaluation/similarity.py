"""Does it sound like the person? Judged by a speaker encoder that is not ours.

Resemblyzer (weights inside its package; a GE2E encoder after L. Wan et al., 2018, 256-d) never
saw our models, and ours never saw it: a synthesizer cannot learn to please its own judge. A cosine
alone says little, so it always stands beside what real recordings of the same person reach with
each other, and beside the equal error rate of a verification test.

Shapes: ``E`` = 256 embedding dimensions.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from audio_utils import resample
from env_utils import InputError

from voice_replication.evaluation.recognition import missing_eval

Audio = npt.NDArray[np.float32]
Embedding = npt.NDArray[np.float32]

_RATE = 16_000  # Hz, Resemblyzer's
# Resemblyzer only raises quiet speech to its level; loud speech then seems to be somebody else.
_LEVEL_DBFS = -30.0
MIN_SECONDS = 0.5


class IndependentEncoder:
    """Resemblyzer's voice encoder on one CPU thread; ``name`` says which judge it was."""

    name = "Resemblyzer"

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it imports through long deprecated names
            try:
                from resemblyzer import VoiceEncoder, audio
            except ImportError as error:
                raise missing_eval("resemblyzer") from error
        self._audio: Any = audio
        self._encoder: Any = VoiceEncoder("cpu", verbose=False)

    def embed(self, audio: Audio, sample_rate: int) -> Embedding:
        """``(T,)`` audio -> ``(E,)``, unit length. Loudness and long silences do not matter.

        Raises ``InputError`` for silence or less than half a second of speech.
        """
        speech = resample(audio, sample_rate, _RATE)
        if speech.size < MIN_SECONDS * _RATE or float(np.abs(speech).max()) < 1e-4:
            raise InputError("speaker similarity: no half second of sound in this recording.")
        level = self._audio.normalize_volume(speech, _LEVEL_DBFS)
        trimmed = self._audio.trim_long_silences(np.clip(level, -1.0, 1.0))
        if trimmed.size < MIN_SECONDS * _RATE:
            trimmed = level  # its activity detector is strict; judge what there is
        return np.asarray(self._encoder.embed_utterance(trimmed), dtype=np.float32)


def cosine(a: Embedding, b: Embedding) -> float:
    """Cosine similarity of two embeddings ``(E,)``, -1 .. 1."""
    return float(np.dot(a, b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12))


def centroid(embeddings: Sequence[Embedding]) -> Embedding:
    """The average direction of unit embeddings, ``(E,)``, unit length."""
    if not embeddings:
        raise InputError("speaker similarity: no recording to average an embedding from.")
    mean = np.mean(np.stack(embeddings), axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), dtype=np.float32)


@dataclass(frozen=True)
class Verification:
    """The result of "is it the same person?" over many trials."""

    equal_error_rate: float  # 0..0.5: misses and false alarms where they are equally frequent
    threshold: float  # the cosine at which they are
    genuine: int  # trials of the same person
    impostor: int  # trials of two people


def equal_error_rate(genuine: Sequence[float], impostor: Sequence[float]) -> tuple[float, float]:
    """Equal error rate and its threshold, from scores of same- and different-speaker trials.

    Between the two thresholds where miss and false-alarm rates cross, both are interpolated
    linearly. Raises ``InputError`` if there is no trial of a kind.
    """
    if not len(genuine) or not len(impostor):
        raise InputError("equal error rate: trials of both kinds, same and different, are needed.")
    same, other = np.sort(np.asarray(genuine)), np.sort(np.asarray(impostor))
    thresholds = np.unique(np.concatenate([same, other]))
    thresholds = np.append(thresholds, thresholds[-1] + 1e-6)
    miss = np.searchsorted(same, thresholds, side="left") / len(same)
    alarm = 1.0 - np.searchsorted(other, thresholds, side="left") / len(other)
    after = int(np.argmax(miss >= alarm))  # the last threshold has miss 1, alarm 0
    if after == 0 or miss[after] == alarm[after]:
        return float((miss[after] + alarm[after]) / 2), float(thresholds[after])
    gap = alarm - miss
    share = gap[after - 1] / (gap[after - 1] - gap[after])
    rate = miss[after - 1] + share * (miss[after] - miss[after - 1])
    threshold = thresholds[after - 1] + share * (thresholds[after] - thresholds[after - 1])
    return float(rate), float(threshold)


def verify(
    trials: Sequence[tuple[str, Embedding]], centroids: Mapping[str, Embedding]
) -> Verification:
    """Score every (speaker, embedding) against every speaker's centroid.

    The speaker's own is a genuine trial, all others are impostors. The centroids must come from
    other recordings than the trials.
    """
    genuine: list[float] = []
    impostor: list[float] = []
    for speaker, embedding in trials:
        for name, center in centroids.items():
            (genuine if name == speaker else impostor).append(cosine(embedding, center))
    rate, threshold = equal_error_rate(genuine, impostor)
    return Verification(rate, threshold, len(genuine), len(impostor))
