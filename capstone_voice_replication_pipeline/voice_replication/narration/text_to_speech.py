"""Text to speech in a voice: ``Speaker`` loads the models once and speaks line by line.

    Line ─ synthesizer ─► mel, durations ─ shorten silences ─► vocoder ─► gain, limiter ─► audio
                                                │
                                                └─► word times, exact to the frame

Every line is made by the same steps whether it is spoken at once, streamed or cached for a book, so
all three give the same audio.

Shapes: ``M`` mel bins, ``F`` frames, ``L`` symbols, ``T = (F - 1) * hop_length`` samples.
"""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC
from env_utils import InputError
from tqdm import tqdm
from training_utils import file_fingerprint

from voice_replication.home import checkpoint_path
from voice_replication.narration import script
from voice_replication.narration.line_audio import Pacing, PreparedLine, prepare
from voice_replication.narration.settings import Pauses, Settings
from voice_replication.narration.speech import Clock, Speech, SpokenLine
from voice_replication.narration.streaming import stream_lines
from voice_replication.voice import VoiceNotFoundError
from voice_replication.voices import Voice, VoiceStore

if TYPE_CHECKING:
    from voice_replication.speaker_encoder.inference import SpeakerEncoder
    from voice_replication.synthesizer.inference import Request, Synthesizer
    from voice_replication.vocoder.inference import Vocoder

__all__ = ["Clock", "Speaker", "Speech", "SpokenLine"]

Audio = npt.NDArray[np.float32]

LONG_TEXT_LINES = 20  # worth a progress bar
KEPT_DELTAS = 8  # fine-tuned synthesizers held in memory: about 30 MB each


class Speaker:
    """The three models, loaded when first needed, and everything that speaks with them.

    ``models_dir`` is the folder of a training run; by default the shipped models are used.
    """

    def __init__(
        self, models_dir: Path | None = None, store: VoiceStore | None = None, device: str = "cpu"
    ) -> None:
        self.models_dir, self.device = models_dir, device
        self.store = store or VoiceStore()
        self._synthesizers: dict[tuple[str, int] | None, Synthesizer] = {}
        self._loading = threading.Lock()  # a server's threads share one speaker

    @cached_property
    def encoder(self) -> SpeakerEncoder:
        """The speaker encoder."""
        from voice_replication.speaker_encoder.inference import SpeakerEncoder

        return SpeakerEncoder.load(checkpoint_path("encoder", self.models_dir))

    @cached_property
    def vocoder(self) -> Vocoder:
        """The vocoder."""
        from voice_replication.vocoder.inference import Vocoder

        return Vocoder.load(checkpoint_path("vocoder", self.models_dir), device=self.device)

    def synthesizer(self, voice: Voice) -> Synthesizer:
        """The synthesizer with ``voice``'s fine-tuned weights, if it has any.

        Raises ``CheckpointError`` if voice and synthesizer do not stem from the same encoder, and
        ``VoiceNotFoundError`` if the weights were deleted since ``voice`` was read.
        """
        from voice_replication.synthesizer.inference import Synthesizer

        with self._loading:
            key = _delta_key(voice)
            if key not in self._synthesizers:
                path = checkpoint_path("synthesizer", self.models_dir)
                while len(self._synthesizers) > KEPT_DELTAS:
                    del self._synthesizers[next(k for k in self._synthesizers if k is not None)]
                self._synthesizers[key] = Synthesizer.load(path, voice.delta, self.device)
            synthesizer = self._synthesizers[key]
        voice.require_encoder(synthesizer.encoder)
        return synthesizer

    def forget(self, name: str) -> None:
        """Drop the fine-tuned weights of the voice ``name`` from memory."""
        with self._loading:
            for key in list(self._synthesizers):
                if key is not None and Path(key[0]).parent.name == name:
                    del self._synthesizers[key]

    def voice(self, name: str) -> Voice:
        """The stored voice called ``name``."""
        return self.store.get(name)

    @cached_property
    def fingerprints(self) -> Mapping[str, str]:
        """Stage -> fingerprint of its checkpoint file, for caches and manifests."""
        stages = ("synthesizer", "vocoder")
        return {s: file_fingerprint(checkpoint_path(s, self.models_dir)) for s in stages}

    def prepare(self, line: script.Line, voice: Voice, settings: Settings) -> PreparedLine:
        """Everything about ``line`` but its samples."""
        return self.prepare_many([(line, voice, settings)])[0]

    def prepare_many(
        self, lines: Sequence[tuple[script.Line, Voice, Settings]]
    ) -> list[PreparedLine]:
        """:meth:`prepare` of several lines, of any voices: one pass for each set of weights."""
        groups: dict[Synthesizer, list[int]] = {}
        for place, (_, voice, _) in enumerate(lines):
            groups.setdefault(self.synthesizer(voice), []).append(place)
        prepared: dict[int, PreparedLine] = {}
        for synthesizer, places in groups.items():
            spoken = synthesizer.synthesize_many([_request(*lines[place]) for place in places])
            for place, synthesis in zip(places, spoken, strict=True):
                line, _, settings = lines[place]
                prepared[place] = prepare(line.words, synthesis, settings)
        return [prepared[place] for place in range(len(lines))]

    def paced(
        self, lines: Iterable[script.Line], voice: Voice, settings: Settings
    ) -> Iterator[tuple[int, script.Line, PreparedLine]]:
        """For each line: samples of silence before it, the line, and all but its samples."""
        pacing = Pacing(settings)
        for line in lines:
            prepared = self.prepare(line, voice, settings)
            yield pacing.silence(prepared.words), line, prepared
            pacing.spoken(prepared.words, prepared.samples, line.follows)

    def speak(
        self,
        text: str,
        voice: Voice | str,
        *,
        speed: float = 1.0,
        pitch_semitones: float = 0.0,
        seed: int = 0,
        pauses: Pauses | None = None,
    ) -> Speech:
        """Speak ``text`` (at most 50,000 characters).

        Raises ``InputError`` (nothing to speak, a value out of range), ``CheckpointError`` (a
        model is missing or does not fit the voice).
        """
        chosen = self.voice(voice) if isinstance(voice, str) else voice
        settings = Settings(speed, pitch_semitones, seed, pauses or Pauses())
        return self.speak_with(text, chosen, settings)

    def speak_with(
        self, text: str, voice: Voice, settings: Settings, progress: bool = False
    ) -> Speech:
        """:meth:`speak` with its options in one object; ``progress`` shows a bar if it is long."""
        script.check_text(text)
        clock = Clock()
        lines = script.require_lines(text)
        clock.lap("text")
        vocoder, _ = self.vocoder, self.synthesizer(voice)
        clock.lap("load")
        hide = None if progress and len(lines) >= LONG_TEXT_LINES else True
        shown = tqdm(lines, desc="speaking", unit="line", disable=hide, leave=False)
        pieces: list[Audio] = []
        spoken: list[SpokenLine] = []
        position = 0
        for silence, line, prepared in self.paced(shown, voice, settings):
            clock.lap("synthesizer")
            audio = prepared.finish(vocoder.decode(prepared.mel, prepared.f0_hz))
            clock.lap("vocoder")
            pieces += [np.zeros(silence, np.float32), audio]
            position += silence
            spoken.append(SpokenLine(line, position / DEFAULT_SPEC.sample_rate, prepared))
            position += len(audio)
        return Speech(
            audio=np.concatenate(pieces),
            sample_rate=DEFAULT_SPEC.sample_rate,
            words=[word.shifted(s.start) for s in spoken for word in s.prepared.words],
            lines=spoken,
            stages=clock.stages,
            unreadable=script.unreadable(text),
        )

    def stream(
        self,
        text: str,
        voice: Voice | str,
        *,
        speed: float = 1.0,
        pitch_semitones: float = 0.0,
        seed: int = 0,
        pauses: Pauses | None = None,
    ) -> Iterator[Audio]:
        """Like :meth:`speak`, as chunks of audio that can be played while the rest is made.

        Concatenated they equal what :meth:`speak` gives, within 1e-3. There is no limit on the
        length: memory holds one line at a time. Errors in the arguments are raised at once.
        """
        settings = Settings(speed, pitch_semitones, seed, pauses or Pauses())
        chosen = self.voice(voice) if isinstance(voice, str) else voice
        script.check_text(text, limit=sys.maxsize)
        lines = script.lines(text)
        first = next(lines, None)
        if first is None:
            raise InputError(script.nothing_to_speak(text))
        self.synthesizer(chosen)  # raises now rather than at the first chunk
        paced = self.paced(itertools.chain([first], lines), chosen, settings)
        return stream_lines(((silence, line) for silence, _, line in paced), self.vocoder)


def _request(line: script.Line, voice: Voice, settings: Settings) -> Request:
    """What the synthesizer is asked for."""
    from voice_replication.synthesizer.inference import Request

    return Request(
        line.words,
        voice.embedding,
        speed=settings.speed,
        pitch_semitones=settings.pitch_semitones,
        f0_median_hz=voice.statistics.f0_median_hz or None,
        f0_spread=voice.statistics.f0_spread,
        timbre=voice.timbre,
        seed=settings.seed,
    )


def _delta_key(voice: Voice) -> tuple[str, int] | None:
    if voice.delta is None:
        return None
    try:
        return str(voice.delta), voice.delta.stat().st_mtime_ns
    except FileNotFoundError:
        raise VoiceNotFoundError(
            f"voice '{voice.name}' was deleted or replaced while it was being used."
        ) from None
