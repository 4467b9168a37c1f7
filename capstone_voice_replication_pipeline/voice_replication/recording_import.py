"""Recordings that exist already: judged like takes and copied into the folder of a voice."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audio_utils import DEFAULT_SPEC, load_audio
from data_utils import Utterance
from data_utils.own_recordings import read_own
from env_utils import InputError, VoiceReplicationError, atomic_path
from tqdm import tqdm

from voice_replication.recording_takes import TakeFolder, TakeLimits, judge_take


@dataclass(frozen=True)
class Imported:
    """What became of the files of a folder."""

    kept: int
    already_there: int
    without_text: int  # of the kept ones
    refused: tuple[str, ...]  # "FILE: why", one each


def import_recordings(
    source: Path, takes: TakeFolder, limits: TakeLimits | None = None
) -> Imported:
    """Copy every usable recording of ``source`` (byte for byte) and its transcript.

    ``source`` has a ``metadata.csv`` or ``transcripts.csv`` with ``file,text``, a ``.txt`` beside
    each file, or no transcripts. A file that does not reach the limits is refused with the number
    that failed. Files that were imported before are passed over. Raises ``InputError`` when there
    is nothing to import, or nothing usable.
    """
    if not source.is_dir():
        raise InputError(f"{source}: there is no such folder to import from.")
    if takes.folder.resolve() == source.resolve():
        raise InputError(f"{source}: these recordings are in the voice's own folder already.")
    utterances = read_own(source)
    if not utterances:
        raise InputError(f"{source}: there are no sound files in it.")
    names = _file_names(utterances)
    kept = already = without_text = 0
    refused = []
    for utterance in tqdm(utterances, desc="importing", unit="file", disable=None):
        name = names[utterance.path]
        if takes.has(name, utterance.text) and _same_size(utterance.path, takes.folder / name):
            already += 1
            continue
        problem = _problem(utterance, limits or TakeLimits())
        if problem:
            refused.append(f"{utterance.path.name}: {problem}")
            continue
        with atomic_path(takes.folder / name) as temporary:
            shutil.copyfile(utterance.path, temporary)
        takes.note(name, utterance.text)
        kept += 1
        without_text += not utterance.text
    if kept + already == 0:
        raise InputError(f"{source}: none of {len(utterances)} recordings is usable. {refused[0]}")
    return Imported(kept, already, without_text, tuple(refused))


def _file_names(utterances: Sequence[Utterance]) -> dict[Path, str]:
    """A name in the new folder for every file; files of two subfolders may share one."""
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for utterance in utterances:
        suffix, number = utterance.path.suffix.lower(), 2
        name = f"{utterance.id}{suffix}"
        while name.casefold() in taken:
            name, number = f"{utterance.id}-{number}{suffix}", number + 1
        taken.add(name.casefold())
        names[utterance.path] = name
    return names


def _same_size(one: Path, two: Path) -> bool:
    return one.is_file() and one.stat().st_size == two.stat().st_size


def _problem(utterance: Utterance, limits: TakeLimits) -> str:
    try:
        audio = load_audio(utterance.path, DEFAULT_SPEC.sample_rate)
    except VoiceReplicationError as error:
        return str(error).removeprefix(f"{utterance.path}: ")
    verdict = judge_take(audio, DEFAULT_SPEC.sample_rate, utterance.text, limits)
    return " ".join(verdict.problems)
