"""Corpus layouts: each reader turns a folder as it was downloaded into ``Utterance`` objects.

A reader looks at names and transcripts only; whether the audio can be used is for preprocessing to
find out. Every reader returns its utterances in a fixed order (by path), on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from env_utils import InputError

from data_utils.manifest import read_manifest, read_rows
from data_utils.utterance import Utterance

AUDIO_SUFFIXES = frozenset(
    ".wav .flac .ogg .opus .oga .mp3 .m4a .m4b .mp4 .aac .wma .aif .aiff .aifc .au .caf .webm"
    " .mkv .mov .amr .3gp .w64 .rf64".split()
)
_CHAPTER = re.compile(r"\d+[-_]\d+")


def read_text(path: Path) -> str:
    """A transcript file as one line. Raises ``InputError`` when it is not UTF-8."""
    try:
        return " ".join(path.read_text(encoding="utf-8-sig").split())
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text. Save the transcript as UTF-8.") from None


def audio_files(folder: Path) -> list[Path]:
    """All sound files below ``folder`` by suffix, sorted; hidden ones are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in AUDIO_SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def read_ljspeech(folder: Path) -> list[Utterance]:
    """LJ Speech: ``metadata.csv`` of ``id|text|normalized text`` and ``wavs/<id>.wav``."""
    utterances = []
    table = folder / "metadata.csv"
    for number, line in enumerate(_lines(table), start=1):
        name, _, rest = line.partition("|")
        if not rest:
            raise InputError(f"{table}, line {number}: expected 'id|text|normalized text'.")
        text = rest.rpartition("|")[2] or rest.partition("|")[0]
        utterances.append(
            Utterance(
                id=name,
                path=(folder / "wavs" / f"{name}.wav").resolve(),
                text=text,
                speaker="LJ",
                corpus="ljspeech",
                source_rate=22_050,
                gender="F",
                licence="public domain",
            )
        )
    return utterances


def read_vctk(folder: Path) -> list[Utterance]:
    """VCTK: ``txt/p225/p225_001.txt``, ``wav48…/p225/p225_001[_mic1].wav|flac``, speaker-info.

    Of the two microphones of version 0.92 the first is used. A recording without transcript
    (speaker p315) is read with an empty text.
    """
    sounds = next(p for p in sorted(folder.glob("wav48*")) if p.is_dir())
    genders = {
        fields[0]: fields[2]
        for fields in (line.split() for line in _lines(folder / "speaker-info.txt", optional=True))
        if len(fields) > 2
    }
    utterances = []
    for path in audio_files(sounds):
        if path.stem.endswith("_mic2"):
            continue
        name, speaker = path.stem.removesuffix("_mic1"), path.parent.name
        transcript = folder / "txt" / speaker / f"{name}.txt"
        utterances.append(
            Utterance(
                id=name,
                path=path.resolve(),
                text=read_text(transcript) if transcript.is_file() else "",
                speaker=speaker,
                corpus="vctk",
                source_rate=48_000,
                gender=_gender(genders.get(speaker) or genders.get(speaker[1:], "")),
                licence="CC BY 4.0",
            )
        )
    return utterances


def read_librispeech(folder: Path) -> list[Utterance]:
    """LibriSpeech: ``<subset>/84/121123/84-121123-0000.flac`` and ``84-121123.trans.txt``."""
    utterances = []
    for table in sorted(folder.rglob("*.trans.txt")):
        texts = {}
        for line in _lines(table):
            name, _, text = line.partition(" ")
            texts[name] = text.strip()
        for path in audio_files(table.parent):
            utterances.append(_libri(folder, path, texts.get(path.stem, ""), "librispeech", 16_000))
    return _with_genders(folder, utterances)


def read_libritts(folder: Path) -> list[Utterance]:
    """LibriTTS: ``<subset>/84/121123/84_121123_000007_000001.wav`` and ``.normalized.txt``."""
    utterances = []
    for path in audio_files(folder):
        transcript = path.with_suffix(".normalized.txt")
        text = read_text(transcript) if transcript.is_file() else ""
        utterances.append(_libri(folder, path, text, "libritts", 24_000))
    return _with_genders(folder, utterances)


def _libri(folder: Path, path: Path, text: str, corpus: str, rate: int) -> Utterance:
    above = path.relative_to(folder).parts[:-3]  # the subset, when `folder` holds several
    return Utterance(
        id=path.stem,
        path=path.resolve(),
        text=text,
        speaker=path.parent.parent.name,
        corpus="-".join([corpus, *above[-1:]]),
        source_rate=rate,
        licence="CC BY 4.0",
    )


def _with_genders(folder: Path, utterances: list[Utterance]) -> list[Utterance]:
    """Fill in the genders from ``SPEAKERS.txt`` (``id | F | subset | ...``; tabs in LibriTTS)."""
    from dataclasses import replace

    genders: dict[str, str] = {}
    for name in ("SPEAKERS.TXT", "SPEAKERS.txt", "speakers.tsv"):
        for table in (folder / name, folder.parent / name):
            for line in _lines(table, optional=True):
                fields = [field.strip() for field in re.split(r"[|\t]", line)]
                if not line.startswith(";") and len(fields) > 1:
                    genders[fields[0]] = fields[1]
    return [replace(u, gender=_gender(genders.get(u.speaker, ""))) for u in utterances]


def read_own(folder: Path) -> list[Utterance]:
    """Own recordings: a table, or one ``.txt`` beside each file, or no transcripts at all.

    ``metadata.csv`` (or ``transcripts.csv``) has a header with ``file`` and ``text`` and perhaps
    ``speaker``, ``gender``, ``split``, ``licence``. Without a ``speaker`` it is the name of the
    subfolder, or of ``folder`` itself. Files that a table does not mention are left out.
    """
    table = own_table(folder)
    if table is not None:
        return _from_table(folder, table)
    utterances = []
    for path in audio_files(folder):
        transcript = path.with_suffix(".txt")
        text = read_text(transcript) if transcript.is_file() else ""
        utterances.append(_own(folder, path, text))
    return utterances


def own_table(folder: Path) -> Path | None:
    """The transcript table of own recordings, if there is one."""
    names = ("metadata.csv", "transcripts.csv", "transcript.csv")
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _from_table(folder: Path, table: Path) -> list[Utterance]:
    utterances = []
    for row in read_rows(table, ("file", "text")):
        path = folder / row["file"]
        if not path.suffix:  # "take_01" for take_01.wav
            path = next(iter(sorted(path.parent.glob(f"{path.name}.*"))), path)
        utterances.append(_own(folder, path, row["text"], row))
    return utterances


def _own(folder: Path, path: Path, text: str, row: dict[str, str] | None = None) -> Utterance:
    row = row or {}
    inside = path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)
    parts = inside.with_suffix("").parts
    return Utterance(
        id=safe_name("_".join(parts)),
        path=path.resolve(),
        text=text,
        speaker=row.get("speaker") or safe_name(parts[0] if len(parts) > 1 else folder.name),
        split=row.get("split", ""),
        gender=_gender(row.get("gender", "")),
        licence=row.get("licence", ""),
    )


def safe_name(text: str) -> str:
    """``text`` as a file name on every system: letters, digits, ``.``, ``-`` and ``_``."""
    return re.sub(r"[^\w.-]+", "-", text).strip(".-") or "unnamed"


def _read_manifest_folder(folder: Path) -> list[Utterance]:
    return read_manifest(folder / "manifest.csv")


CORPORA: dict[str, Callable[[Path], list[Utterance]]] = {
    "manifest": _read_manifest_folder,
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
    table = folder / "metadata.csv"
    if table.is_file() and (folder / "wavs").is_dir():
        first = next(_lines(table, optional=True), "")
        if "|" in first:
            return "ljspeech"
    if (folder / "txt").is_dir() and any(p.is_dir() for p in folder.glob("wav48*")):
        return "vctk"
    if next(folder.rglob("*.trans.txt"), None) is not None:
        return "librispeech"
    for path in folder.rglob("*.normalized.txt"):
        if _CHAPTER.match(path.name):
            return "libritts"
    if own_table(folder) is not None or audio_files(folder):
        return "own"
    raise InputError(
        f"{folder}: no known corpus layout and no sound files in it. Known are "
        f"{', '.join(CORPORA)}; see `voiceclone preprocess --help`."
    )


def read_corpus(folder: str | Path, corpus: str = "auto") -> list[Utterance]:
    """The utterances of ``folder``, laid out as ``corpus`` (a key of :data:`CORPORA` or "auto").

    Raises ``InputError`` for an unknown layout, a folder that does not have it, or one in which
    there is no utterance.
    """
    folder = Path(folder)
    name = detect_corpus(folder) if corpus == "auto" else corpus
    if name not in CORPORA:
        raise InputError(f"corpus '{corpus}': known are auto, {', '.join(CORPORA)}.")
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder.")
    try:
        utterances = CORPORA[name](folder)
    except StopIteration:
        utterances = []
    if not utterances:
        raise InputError(f"{folder}: no utterance found under the layout '{name}'.")
    return utterances


def _lines(path: Path, optional: bool = False) -> Iterator[str]:
    """The non-empty lines of a UTF-8 text file."""
    if not path.is_file():
        if optional:
            return
        raise InputError(f"{path}: there is no such file, but this corpus layout needs it.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text. Save it as UTF-8.") from None
    yield from (line.strip() for line in text.splitlines() if line.strip())


def _gender(text: str) -> str:
    letter = text.strip()[:1].upper()
    return letter if letter in ("F", "M") else ""
