"""Corpus layouts: each reader turns a folder as it was downloaded into ``Utterance`` objects.

A reader looks at names and transcripts only; whether the audio can be used is for preprocessing to
find out. Every reader returns its utterances in a fixed order, the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from env_utils import InputError

from data_utils.corpus_files import (
    audio_files,
    gender_letter,
    is_audio,
    read_lines,
    read_transcript,
    safe_name,
)
from data_utils.manifest import read_manifest
from data_utils.own_recordings import own_file, own_table, read_own
from data_utils.utterance import Utterance

_ORIGINAL_LJ = re.compile(r"LJ\d{3}-\d{4}")
_LIBRITTS = re.compile(r"\d+_\d+_\d+_\d+\.normalized\.txt")


def read_manifest_folder(folder: Path) -> list[Utterance]:
    """The layout of this house: ``manifest.csv`` (see :mod:`data_utils.manifest`)."""
    return read_manifest(folder / "manifest.csv")


def read_ljspeech(folder: Path) -> list[Utterance]:
    """LJ Speech: ``metadata.csv`` of ``id|text|normalized text`` and ``wavs/<id>.wav``.

    The same layout with other ids is another speaker, named after the folder.
    """
    table, utterances = folder / "metadata.csv", []
    for number, line in enumerate(read_lines(table), start=1):
        name, *texts = line.split("|")
        if not texts or not name:
            raise InputError(f"{table}, line {number}: expected 'id|text|normalized text'.")
        original = _ORIGINAL_LJ.fullmatch(name) is not None
        sounds = [folder / "wavs" / f"{name}{suffix}" for suffix in (".wav", ".flac", ".mp3")]
        utterances.append(
            Utterance(
                id=name,
                path=next((p for p in sounds if p.is_file()), sounds[0]).absolute(),
                text=(texts[-1] or texts[0]).strip(),
                speaker="LJ" if original else safe_name(folder.resolve().name),
                corpus="ljspeech" if original else safe_name(folder.resolve().name),
                source_rate=22_050 if original else 0,
                gender="F" if original else "",
                licence="public domain" if original else "",
            )
        )
    return utterances


def read_vctk(folder: Path) -> list[Utterance]:
    """VCTK: ``txt/p225/p225_001.txt``, ``wav48…/p225/p225_001[_mic1].wav|flac``, speaker-info.

    Of the two microphones of version 0.92 the first is used. A recording without transcript
    (speaker p315) is read with an empty text.
    """
    genders: dict[str, str] = {}
    for line in read_lines(folder / "speaker-info.txt", optional=True):
        speaker, *fields = line.split()
        genders["p" + speaker.removeprefix("p")] = fields[1] if len(fields) > 1 else ""
    utterances = []
    for path in (path for sounds in _vctk_sounds(folder)[:1] for path in audio_files(sounds)):
        if path.stem.endswith("_mic2"):
            continue
        name, speaker = path.stem.removesuffix("_mic1"), path.parent.name
        utterances.append(
            Utterance(
                id=name,
                path=path.absolute(),
                text=read_transcript(folder / "txt" / speaker / f"{name}.txt"),
                speaker=speaker,
                corpus="vctk",
                source_rate=48_000,
                gender=gender_letter(genders.get(speaker, "")),
                licence="CC BY 4.0",
            )
        )
    return utterances


def _vctk_sounds(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("wav48*")) if path.is_dir()]


def read_librispeech(folder: Path) -> list[Utterance]:
    """LibriSpeech: ``<subset>/84/121123/84-121123-0000.flac`` and ``84-121123.trans.txt``."""
    utterances = []
    for table in sorted(folder.rglob("*.trans.txt")):
        texts = dict(line.partition(" ")[::2] for line in read_lines(table))
        for path in audio_files(table.parent):
            text = texts.get(path.stem, "").strip()
            utterances.append(_libri(folder, path, text, "librispeech", 16_000))
    return _with_genders(folder, utterances)


def read_libritts(folder: Path) -> list[Utterance]:
    """LibriTTS: ``<subset>/84/121123/84_121123_000007_000001.wav`` and ``.normalized.txt``."""
    utterances = []
    for path in audio_files(folder):
        text = read_transcript(path.with_suffix(".normalized.txt"))
        utterances.append(_libri(folder, path, text, "libritts", 24_000))
    return _with_genders(folder, utterances)


def _libri(folder: Path, path: Path, text: str, corpus: str, rate: int) -> Utterance:
    """The official dev and test sets have speakers of their own, so they are "unseen" here."""
    above = path.relative_to(folder).parts[:-3]
    subset = above[-1] if above else folder.resolve().name
    known = subset.startswith(("train-", "dev-", "test-"))
    return Utterance(
        id=path.stem,
        path=path.absolute(),
        text=text,
        speaker=path.parent.parent.name,
        corpus=f"{corpus}-{subset}" if known else corpus,
        split="unseen" if subset.startswith(("dev-", "test-")) else "",
        source_rate=rate,
        licence="CC BY 4.0",
    )


def _with_genders(folder: Path, utterances: list[Utterance]) -> list[Utterance]:
    """Fill in the genders from ``SPEAKERS.txt`` (``id | F | subset | ...``; tabs in LibriTTS)."""
    genders: dict[str, str] = {}
    names = ("SPEAKERS.TXT", "SPEAKERS.txt", "speakers.tsv")
    for table in (place / name for place in (folder.parent, folder) for name in names):
        for line in read_lines(table, optional=True):
            fields = [field.strip() for field in re.split(r"[|\t]", line)]
            if not line.startswith(";") and len(fields) > 1:
                genders[fields[0]] = fields[1]
    return [replace(u, gender=gender_letter(genders.get(u.speaker, ""))) for u in utterances]


CORPORA: dict[str, Callable[[Path], list[Utterance]]] = {
    "manifest": read_manifest_folder,
    "ljspeech": read_ljspeech,
    "vctk": read_vctk,
    "librispeech": read_librispeech,
    "libritts": read_libritts,
    "own": read_own,
}


def detect_corpus(folder: str | Path) -> str:
    """The layout of ``folder``: a key of :data:`CORPORA`. Raises ``InputError`` if it is none."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder.")
    if (folder / "manifest.csv").is_file():
        return "manifest"
    if (folder / "wavs").is_dir():
        first = next(read_lines(folder / "metadata.csv", optional=True), "")
        if "|" in first and "file" not in first.split("|"):
            return "ljspeech"
    if (folder / "txt").is_dir() and _vctk_sounds(folder):
        return "vctk"
    if any(folder.rglob("*.trans.txt")):
        return "librispeech"
    if any(_LIBRITTS.fullmatch(path.name) for path in folder.rglob("*.normalized.txt")):
        return "libritts"
    if own_table(folder) is not None or audio_files(folder):
        return "own"
    raise InputError(
        f"{folder}: no known corpus layout and no sound files in it. Known layouts: "
        f"{', '.join(CORPORA)}."
    )


def read_corpus(folder: str | Path, corpus: str = "auto") -> list[Utterance]:
    """The utterances of ``folder``, laid out as ``corpus`` (a key of :data:`CORPORA` or "auto").

    ``folder`` may also be a single sound file. Raises ``InputError`` for an unknown layout, a
    folder that does not have it, or one in which there is no utterance.
    """
    folder = Path(folder)
    if folder.is_file() and is_audio(folder):
        return [own_file(folder, folder.parent)]
    name = detect_corpus(folder) if corpus == "auto" else corpus
    if name not in CORPORA:
        raise InputError(f"corpus layout '{corpus}': known are auto, {', '.join(CORPORA)}.")
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder.")
    utterances = CORPORA[name](folder)
    if not utterances:
        raise InputError(f"{folder}: no utterance found under the layout '{name}'.")
    return utterances
