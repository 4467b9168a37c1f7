"""A sentence of speech to work on: the reader's own recording, or the best voice installed here.

The course ships no recording of a person, so its lessons let an engine speak: the course's own
voice where the capstone and its models are installed (found by name among the entry points, never
imported), espeak-ng otherwise. Which one it was is always said, never hidden.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from env_utils import InputError, VoiceReplicationError
from tts_utils import TTSEngine, engine_names, load_engine

from audio_utils.io import load_audio, resample

PREFERRED = ("voiceclone", "espeak-ng")  # by name: the capstone's own engine, then the rules
SHORT_TEXT = "Six ships slipped past the shore, and nobody noticed."
PRACTICE_TEXT = (
    "Six ships slipped past the shore, and nobody noticed. "
    "Or almost nobody: a girl on the quay, with a brass whistle, counted them twice."
)
MIN_SECONDS = 0.5
MAX_SECONDS = 20.0  # of the reader's own recording; more would only make the pictures unreadable

Audio = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PracticeSpeech:
    """Speech and where it comes from."""

    samples: Audio  # (T,) mono in [-1, 1]
    sample_rate: int  # Hz
    source: str  # "the engine voiceclone, voice ada" or "the file me.wav"


class PracticeVoice:
    """An engine, loaded once, that speaks at one sample rate."""

    def __init__(
        self, engine: str | None = None, voice: str | None = None, sample_rate: int = 24_000
    ) -> None:
        """``engine``: a name, or ``None`` for the first of ``PREFERRED`` that works here.

        Raises ``InputError`` or ``MissingDependencyError`` when the engine named, or none at all,
        can be used.
        """
        self.sample_rate = sample_rate
        self._engine, why_not = _usable_engine(engine)
        self.voice = voice or self._engine.voices()[0]
        self.source = f"the engine {self._engine.name}, voice {self.voice}{why_not}"

    def say(self, text: str) -> Audio:
        """``text``, spoken: ``(T,)`` float32 in [-1, 1] at :attr:`sample_rate`."""
        samples, rate = self._engine.synthesize(text, self.voice)
        return np.clip(resample(samples, rate, self.sample_rate), -1.0, 1.0)


def add_speech_options(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Give a lesson ``--input FILE``, ``--engine NAME``, ``--voice NAME``; returns ``parser``."""
    parser.add_argument("--input", type=Path, metavar="FILE", help="your own recording to work on")
    parser.add_argument(
        "--engine", metavar="NAME", help="who speaks when there is no --input (default: the best)"
    )
    parser.add_argument("--voice", metavar="NAME", help="a voice of that engine")
    return parser


def practice_speech(
    args: argparse.Namespace, text: str | None = None, sample_rate: int = 24_000
) -> PracticeSpeech:
    """What the options of :func:`add_speech_options` ask for, at ``sample_rate``, and say what.

    Without ``--input`` an engine speaks ``text`` (default: two sentences; under ``--smoke`` one).
    A recording is cut to its first 20 s. Raises ``InputError`` when it is unreadable, silent or
    shorter than half a second.
    """
    if args.input is not None:
        samples = load_audio(args.input, sample_rate)[: round(MAX_SECONDS * sample_rate)]
        if len(samples) < MIN_SECONDS * sample_rate:
            raise InputError(f"{args.input}: shorter than {MIN_SECONDS:g} s. Record a sentence.")
        if not np.any(samples):
            raise InputError(f"{args.input}: the first {MAX_SECONDS:.0f} s are silent.")
        speech = PracticeSpeech(samples, sample_rate, f"the file {args.input.name}")
    else:
        voice = PracticeVoice(args.engine, args.voice, sample_rate)
        words = text or (SHORT_TEXT if args.smoke else PRACTICE_TEXT)
        speech = PracticeSpeech(voice.say(words), sample_rate, voice.source)
    print(f"Speech: {len(speech.samples) / sample_rate:.1f} s from {speech.source}.")
    return speech


def _usable_engine(name: str | None) -> tuple[TTSEngine, str]:
    """The engine, and why it is not the preferred one (empty when it is)."""
    if name is not None:
        return load_engine(name), ""
    why_not = ""
    installed = engine_names()
    for candidate in PREFERRED:
        if candidate not in installed:
            why_not += f"; {candidate} is not installed"
            continue
        try:
            engine = load_engine(candidate)
            engine.synthesize("Yes.")  # engines load when first used: only speaking proves it
            return engine, why_not and f" ({why_not[2:]})"
        except VoiceReplicationError as error:
            why_not += f"; {candidate}: {str(error).rstrip('.')}"
    raise InputError(f"no speech engine can be used here ({why_not[2:]}). Pass --input FILE.")
