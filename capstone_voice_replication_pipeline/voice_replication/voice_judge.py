"""How good a voice is, by our own models: like its recordings, and still saying the words.

Quick enough to decide whether an adapted voice may replace the one before; what is published is
measured with judges that are not ours (``evaluation``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC
from data_utils.phone_hmm import PhoneHmm, alignment_features, speaker_statistics
from text_utils import Symbols, pronounce

from voice_replication.data_processing.alignment import align_utterance
from voice_replication.home import checkpoint_path
from voice_replication.speaker_encoder.inference import SpeakerEncoder
from voice_replication.synthesizer.inference import Synthesizer
from voice_replication.timbre import Timbre
from voice_replication.vocoder.inference import Vocoder

Floats = npt.NDArray[np.float32]

SIMILARITY_SLACK = 0.005  # a new voice may be this much below the old one and still replace it
CONFIDENCE_SLACK = 0.5
NOTHING_SAID = -50.0  # confidence where the sentence does not fit into the audio at all


@dataclass(frozen=True)
class VoiceQuality:
    """Measured on sentences not trained on: ``similarity`` cosine to the mean of the recordings
    with our encoder; ``confidence`` of the phone HMM that the sentence was said (0 is best)."""

    similarity: float
    confidence: float

    def is_worse_than(self, before: VoiceQuality, slack: float = SIMILARITY_SLACK) -> bool:
        """Whether a voice of ``before`` should not be replaced by one of this quality, which is
        less similar by more than ``slack``, or less intelligible."""
        return (
            self.similarity < before.similarity - slack
            or self.confidence < before.confidence - CONFIDENCE_SLACK
        )


class VoiceJudge:
    """Speaks ``texts`` and measures them against ``recordings``, each ``(T,)`` at 24 kHz."""

    def __init__(
        self,
        recordings: Sequence[Floats],
        texts: Sequence[str],
        hmm: PhoneHmm,
        models_dir: Path | None,
    ) -> None:
        self.encoder = SpeakerEncoder.load(checkpoint_path("encoder", models_dir))
        self.vocoder = Vocoder.load(checkpoint_path("vocoder", models_dir))
        self.hmm, self.texts = hmm, list(texts)
        self.target = self.encoder.embed_many(list(recordings))

    def measure(
        self,
        synthesizer: Synthesizer,
        embedding: Floats,
        f0_median_hz: float | None,
        f0_spread: float | None,
        timbre: Timbre | None,
    ) -> VoiceQuality:
        """Similarity and confidence of this synthesizer with this embedding."""
        symbols = Symbols()
        spoken = []
        for text in self.texts:
            words = pronounce(text)
            result = synthesizer.synthesize(
                words,
                embedding,
                f0_median_hz=f0_median_hz,
                f0_spread=f0_spread,
                timbre=timbre,
            )
            spoken.append((words, self.vocoder.decode(result.mel, result.f0_hz)))
        features = [alignment_features(audio) for _, audio in spoken]
        mean, std = speaker_statistics(features)
        confidences, similarities = [], []
        for (words, audio), raw in zip(spoken, features, strict=True):
            frames = DEFAULT_SPEC.frames(len(audio))
            aligned = align_utterance(self.hmm, "", words, (raw - mean) / std, frames, symbols)
            confidences.append(aligned.confidence if aligned else NOTHING_SAID)
            similarities.append(float(self.encoder.embed(audio) @ self.target))
        return VoiceQuality(float(np.mean(similarities)), float(np.mean(confidences)))
