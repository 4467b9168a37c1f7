"""Finding engines: every installed package may offer one under ``voice_cloning.tts_engines``.

An entry point names a class that follows :class:`~tts_utils.protocol.TTSEngine`; nothing is
imported before an engine is asked for, and one that cannot be loaded says why instead of vanishing.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from env_utils import InputError, MissingDependencyError, VoiceReplicationError

from tts_utils.protocol import TTSEngine

GROUP = "voice_cloning.tts_engines"


@dataclass(frozen=True)
class EngineStatus:
    """Whether an engine can be used here, and why not."""

    name: str
    available: bool
    reason: str = ""  # empty when available


def engine_names() -> list[str]:
    """Names of all engines that installed packages offer, without loading any."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def load_engine(name: str) -> TTSEngine:
    """The engine called ``name``, ready to use.

    Raises ``InputError`` for an unknown name, and ``MissingDependencyError`` (or the engine's own
    ``VoiceReplicationError``) when it is there but cannot be loaded.
    """
    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in entries:
        known = ", ".join(sorted(entries)) or "none; is the package installed?"
        raise InputError(f"there is no speech engine '{name}'. Known engines: {known}.")
    return _load(entries[name])


def list_engines() -> list[EngineStatus]:
    """Every engine, tried: available or not, and the reason. Loads them, so it may take seconds."""
    found = []
    for name in engine_names():
        try:
            engine = load_engine(name)
            usable = bool(engine.voices())
            found.append(EngineStatus(name, usable, "" if usable else "it has no voices yet"))
        except VoiceReplicationError as error:
            found.append(EngineStatus(name, False, str(error)))
    return found


def _load(entry: EntryPoint) -> TTSEngine:
    try:
        engine = entry.load()()
    except VoiceReplicationError:
        raise
    except (ImportError, AttributeError, OSError, RuntimeError, TypeError) as error:
        raise MissingDependencyError(
            f"the speech engine '{entry.name}' ({entry.value}) cannot be loaded: {error}."
        ) from error
    if not isinstance(engine, TTSEngine):
        raise InputError(
            f"the speech engine '{entry.name}' ({entry.value}) lacks name, sample_rate, voices() "
            "or synthesize()."
        )
    return engine
