"""Many sentences to files, one after another, so that the work can stop and go on at any time.

Every sentence is one WAV file. Beside it a small JSON file says what was spoken, by whom; the next
run keeps the sound if that is still what is wanted, and speaks only what is new or has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from env_utils import InputError, atomic_write_json, read_json
from tqdm import tqdm

from tts_utils.protocol import Audio, TTSEngine
from tts_utils.wav import load_wav, save_wav


@dataclass(frozen=True)
class SpokenSentence:
    """One sentence, its file, and whether it was spoken now or found from an earlier run."""

    text: str
    path: Path
    audio: Audio
    reused: bool


@dataclass(frozen=True)
class _Wish:
    """What is written beside a sound: if it is the same again, so would the sound be."""

    text: str
    engine: str
    voice: str


def speak_sentences(
    sentences: Sequence[str], engine: TTSEngine, voice: str, folder: Path
) -> list[SpokenSentence]:
    """Speak ``sentences`` into ``folder`` as ``0001.wav``, ``0002.wav`` …; what is there is kept.

    A sentence without a word (a row of stars) is left out. Raises ``InputError`` when no sentence
    is left, or when ``voice`` is unknown. An interruption loses at most the sentence being spoken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [text for text in sentences if any(letter.isalnum() for letter in text)]
    if not wanted:
        raise InputError("there is no sentence with a word in it, so there is nothing to speak.")
    spoken = []
    for number, text in enumerate(
        tqdm(wanted, desc="speaking", unit="sentence", disable=None, leave=False), 1
    ):
        path = folder / f"{number:04d}.wav"
        wish = _Wish(text, engine.name, voice)
        kept = _kept(path, wish)
        audio = kept or engine.synthesize(text, voice)
        if kept is None:
            save_wav(path, audio)  # sound first: a note without its sound would be a lie
            atomic_write_json(_note(path), asdict(wish))
        spoken.append(SpokenSentence(text, path, audio, reused=kept is not None))
    _remove_surplus(folder, len(wanted))
    return spoken


def _note(path: Path) -> Path:
    return path.with_suffix(".json")


def _kept(path: Path, wish: _Wish) -> Audio | None:
    """The sound that is there, if it says what is wished and can be read."""
    try:
        if read_json(_note(path)) != asdict(wish):
            return None
        return load_wav(path)
    except InputError:  # missing or damaged: speak it again
        return None


def _remove_surplus(folder: Path, count: int) -> None:
    """Files of an earlier, longer text would be read as part of this one."""
    for path in folder.glob("[0-9][0-9][0-9][0-9].*"):
        if path.suffix in {".wav", ".json"} and int(path.stem) > count:
            path.unlink()
