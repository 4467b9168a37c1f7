"""What is evaluated, behind one small interface: our pipeline, and the anchors beside it.

    System.speak(text, voice) -> audio and the seconds it took

``fingerprint`` changes whenever the audio may change, so it is part of the cache key.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, load_audio, mel_spectrogram, resample
from training_utils import file_fingerprint

from voice_replication.evaluation.recordings import HeardSpeaker
from voice_replication.home import checkpoint_path
from voice_replication.voices import Consent, Voice

if TYPE_CHECKING:
    from voice_replication.narration.text_to_speech import Speaker

Audio = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Spoken:
    """``(T,)`` audio at 24 kHz and the seconds of computing it cost."""

    audio: Audio
    compute_seconds: float


class System(Protocol):
    """Something that speaks."""

    name: str

    @property
    def fingerprint(self) -> str:
        """Differs whenever the audio may differ."""
        ...

    @property
    def voices(self) -> Sequence[str]:
        """The names it can speak as; never empty."""
        ...

    def speak(self, text: str, voice: str) -> Spoken:
        """Speak ``text`` in one of ``voices``; raises ``VoiceReplicationError`` if it cannot."""
        ...


class Pipeline:
    """Our three models, speaking in given voices."""

    name = "voiceclone"

    def __init__(self, speaker: Speaker, voices: Mapping[str, Voice], seed: int = 0) -> None:
        self._speaker, self._voices, self._seed = speaker, dict(voices), seed
        self.voices: Sequence[str] = list(self._voices)

    @cached_property
    def fingerprint(self) -> str:
        """Twelve digits over the weights, the voices and the seed."""
        digest = hashlib.sha256(repr(sorted(self._speaker.fingerprints.items())).encode())
        for name, voice in sorted(self._voices.items()):
            digest.update(name.encode() + voice.embedding.tobytes())
            digest.update(voice.delta.read_bytes() if voice.delta else b"")
        digest.update(str(self._seed).encode())
        return digest.hexdigest()[:12]

    def speak(self, text: str, voice: str) -> Spoken:
        """See :class:`System`."""
        start = time.perf_counter()
        speech = self._speaker.speak(text, self._voices[voice], seed=self._seed)
        return Spoken(speech.audio, time.perf_counter() - start)


class Espeak:
    """espeak-ng (from its wheel): rule-based, robotic, always intelligible. The lower anchor."""

    name = "espeak-ng"
    fingerprint = "espeak-ng-en-us"
    voices: Sequence[str] = ("en-us",)

    def __init__(self) -> None:
        from tts_utils import EspeakEngine

        self._engine = EspeakEngine()

    def speak(self, text: str, voice: str) -> Spoken:
        """See :class:`System`."""
        start = time.perf_counter()
        audio, rate = self._engine.synthesize(text, voice)
        seconds = time.perf_counter() - start
        return Spoken(
            resample(np.asarray(audio, np.float32), rate, DEFAULT_SPEC.sample_rate), seconds
        )


class CopySynthesis:
    """The vocoder alone on the mel of a real recording: the best any synthesizer could reach."""

    name = "copy-synthesis"

    def __init__(self, models_dir: Path | None = None) -> None:
        from voice_replication.vocoder.inference import Vocoder

        path = checkpoint_path("vocoder", models_dir)
        self._vocoder = Vocoder.load(path)
        self.fingerprint = file_fingerprint(path)

    def copy(self, recording: Path) -> Spoken:
        """Mel of ``recording`` and back to audio."""
        mel = mel_spectrogram(load_audio(recording), DEFAULT_SPEC)
        start = time.perf_counter()
        audio = self._vocoder.decode(mel)
        return Spoken(audio, time.perf_counter() - start)


def heard_voice(speaker: HeardSpeaker, engine: Speaker, models_dir: Path | None = None) -> Voice:
    """A voice, in memory only, from up to ten training recordings of one speaker.

    The consent it carries is the licence under which the corpus was published.
    """
    from voice_replication.enrollment import load_reference, statistics_of

    references = [load_reference(utterance.path) for utterance in speaker.references]
    consent = Consent(
        speaker=speaker.name,
        statement=f"Recordings published under the licence {speaker.references[0].licence or '?'}; "
        "used to measure the models trained on them.",
        given=date.today().isoformat(),
        how="licence of the corpus",
    )
    return Voice(
        name=f"heard-{speaker.name}",
        embedding=engine.encoder.embed_many([reference.audio for reference in references]),
        encoder=file_fingerprint(checkpoint_path("encoder", models_dir)),
        audio=DEFAULT_SPEC.to_dict(),
        consent=consent,
        statistics=statistics_of(references),
    )
