"""Inputs that break speech systems: one word, five hundred, capitals, digits, pictures only.

Handled means: either speech without a failure and of a plausible length, or an error that is one
clear sentence (where there is nothing to speak).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from env_utils import VoiceReplicationError

from voice_replication.evaluation.failures import find_failures
from voice_replication.evaluation.judging import aligner
from voice_replication.evaluation.systems import System

RATE = 24_000  # Hz

_PARAGRAPH = (
    "The morning train was late again, and the people on the platform began to talk to each other. "
    "An old man with a brown suitcase said that he had waited here every day for thirty years. "
    "A woman asked him where he was going. He smiled, looked at his watch, and would not answer. "
    "When the train finally came, everybody stepped inside at once, but the old man "
    "stayed where he was. "
)

HARD_INPUTS: dict[str, tuple[str, bool]] = {
    # name: (text, whether there is something to speak)
    "one word": ("Yes.", True),
    "one letter": ("A", True),
    "500 words": (_PARAGRAPH * 7, True),
    "all capitals": ("PLEASE READ THE WHOLE MESSAGE BEFORE YOU PRESS THE BUTTON", True),
    "digits only": ("1984 42 7 100000", True),
    "emoji only": ("😀🎉🚀", False),
    "punctuation only": ("... !? --", False),
    "empty": ("", False),
    "no punctuation": (
        "she took the bus to the market and bought some bread and then she walked home again",
        True,
    ),
    "a word twenty times": (" ".join(["again"] * 20) + ".", True),
    "an invented word": ("The brillig snarkwort flumbered past.", True),
    "another script": ("Привет", False),
    "a very long word": ("Antidisestablishmentarianism", True),
}


@dataclass(frozen=True)
class HardResult:
    """What became of one hard input; ``gaps`` counts pauses above 0.6 s that nobody asked for."""

    name: str
    handled: bool
    what: str
    gaps: int = 0


def try_hard_inputs(
    system: System, voice: str, inputs: Mapping[str, tuple[str, bool]] = HARD_INPUTS
) -> list[HardResult]:
    """Speak all of ``inputs`` in ``voice``."""
    return [
        _try(system, voice, name, text, speakable) for name, (text, speakable) in inputs.items()
    ]


def _try(system: System, voice: str, name: str, text: str, speakable: bool) -> HardResult:
    try:
        audio = system.speak(text, voice).audio
    except VoiceReplicationError as error:
        return HardResult(name, not speakable, f"refused: {error}")
    except Exception as error:  # what must never happen is exactly what is looked for here
        return HardResult(name, False, f"{type(error).__name__}: {error}")
    seconds = len(audio) / RATE
    if not speakable:  # read by name (an emoji's, say) or refused: both are fine; noise is not
        bad = [f.kind for f in find_failures(audio) if f.kind != "silence"]
        return HardResult(name, not bad, f"{seconds:.1f} s; {', '.join(bad) or 'no failure'}")
    aligned = aligner().align(audio, RATE, text)
    # A word said twenty times over is a loop that was asked for.
    failures = [
        f for f in find_failures(audio, text, aligned)
        if not (f.kind == "looping" and name == "a word twenty times")
    ]  # fmt: skip
    kinds = [f"{f.kind} at {f.start:.1f} s ({f.detail})" for f in failures]
    gaps = sum(f.kind == "gap" for f in failures)
    return HardResult(name, not failures, f"{seconds:.1f} s; {'; '.join(kinds) or 'fine'}", gaps)
