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
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, load_audio, mel_spectrogram, resample
from tqdm import tqdm
from training_utils import file_fingerprint

from voice_replication.evaluation.recordings import HeardSpeaker
from voice_replication.home import checkpoint_path
from voice_replication.voices import Consent, Voice

if TYPE_CHECKING:
    from voice_replication.narration.text_to_speech import Speaker

Audio = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Spoken:
    """``(T,)`` audio at 24 kHz, the seconds of computing it cost, and the log-mel ``(M, F)`` that
    the synthesizer predicted, where there is one."""

    audio: Audio
    compute_seconds: float
    mel: npt.NDArray[np.float32] | None = None


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


@runtime_checkable
class Cloner(Protocol):
    """A system that can speak as somebody of whom there is one recording."""

    def clone(self, references: Mapping[str, tuple[Path, str]]) -> System:
        """The same system in new voices: name -> (reference recording, its licence)."""
        ...


@cache
def code_fingerprint(*packages: str) -> str:
    """Twelve digits over the Python files of packages of ``voice_replication``, and over all that
    decides how a text is read.

    The same weights speak differently after a change of the code around them.
    """
    digest = hashlib.sha256()
    root, reading = (Path(str(files(name))) for name in ("voice_replication", "text_utils"))
    sources = [path for package in packages for path in sorted((root / package).rglob("*.py"))]
    learned = (path for kind in ("*.json", "*.npz") for path in sorted(reading.glob(kind)))
    for path in (*sources, *sorted(reading.glob("*.py")), *learned):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class Pipeline:
    """Our three models, speaking in given voices."""

    name = "voiceclone"

    def __init__(self, speaker: Speaker, voices: Mapping[str, Voice], seed: int = 0) -> None:
        self._speaker, self._voices, self._seed = speaker, dict(voices), seed
        self.voices: Sequence[str] = list(self._voices)

    @cached_property
    def fingerprint(self) -> str:
        """Twelve digits over the weights, the code, the voices and the seed."""
        digest = hashlib.sha256(repr(sorted(self._speaker.fingerprints.items())).encode())
        digest.update(code_fingerprint("synthesizer", "vocoder", "narration").encode())
        for name, voice in sorted(self._voices.items()):
            digest.update(name.encode() + voice.embedding.tobytes())
            digest.update(voice.timbre.to_array().tobytes() if voice.timbre else b"")
            digest.update(voice.delta.read_bytes() if voice.delta else b"")
        digest.update(str(self._seed).encode())
        return digest.hexdigest()[:12]

    def speak(self, text: str, voice: str) -> Spoken:
        """See :class:`System`."""
        start = time.perf_counter()
        speech = self._speaker.speak(text, self._voices[voice], seed=self._seed)
        return Spoken(speech.audio, time.perf_counter() - start, speech.mel)

    def clone(self, references: Mapping[str, tuple[Path, str]]) -> Pipeline:
        """See :class:`Cloner`; the voices are adapted and kept beside their references."""
        from voice_replication.evaluation.cloning import cloned_voice

        voices = {
            name: cloned_voice(name, path, licence, self._speaker)
            for name, (path, licence) in tqdm(
                references.items(), desc="cloning", unit="voice", disable=None
            )
        }
        return Pipeline(self._speaker, voices, self._seed)


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
        self.fingerprint = f"{file_fingerprint(path)}-{code_fingerprint('vocoder')}"

    def copy(self, recording: Path) -> Spoken:
        """Mel of ``recording`` and back to audio."""
        mel = mel_spectrogram(load_audio(recording), DEFAULT_SPEC)
        start = time.perf_counter()
        audio = self._vocoder.decode(mel)
        return Spoken(audio, time.perf_counter() - start)


def heard_voice(speaker: HeardSpeaker, engine: Speaker, models_dir: Path | None = None) -> Voice:
    """A voice, in memory only, from up to ten training recordings of one speaker."""
    paths = [utterance.path for utterance in speaker.references]
    return voice_from(speaker.name, paths, speaker.references[0].licence, engine, models_dir)


def voice_from(
    name: str,
    paths: Sequence[Path],
    licence: str,
    engine: Speaker,
    models_dir: Path | None = None,
) -> Voice:
    """A voice, in memory only, from recordings of one speaker of a corpus.

    The consent it carries is the licence under which the corpus was published.
    """
    from voice_replication.enrollment import load_reference, statistics_of, timbre_of

    references = [load_reference(path) for path in paths]
    consent = Consent(
        speaker=name,
        statement=f"Recordings published under the licence {licence or '?'}; "
        "used to measure the models trained on them.",
        given=date.today().isoformat(),
        how="licence of the corpus",
    )
    return Voice(
        name=f"heard-{name}",
        embedding=engine.encoder.embed_many([reference.audio for reference in references]),
        encoder=file_fingerprint(checkpoint_path("encoder", models_dir or engine.models_dir)),
        audio=DEFAULT_SPEC.to_dict(),
        consent=consent,
        statistics=statistics_of(references),
        timbre=timbre_of(references),
    )
