"""When each word is spoken: as JSON for programs, as SRT subtitles for players."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from env_utils import InputError, atomic_write_json, atomic_write_text

SUFFIXES = (".json", ".srt")
CUE_CHARACTERS = 84  # two lines of 42, what subtitle guides allow
CUE_SECONDS = 7.0
CUE_GAP_SECONDS = 0.5  # a silence this long starts a new cue


@dataclass(frozen=True)
class WordTime:
    """One spoken word, as normalized for speaking, and the punctuation after it; seconds."""

    text: str
    start: float
    end: float
    mark: str = ""

    def shifted(self, seconds: float) -> WordTime:
        """The same word in audio that starts ``seconds`` earlier."""
        return replace(self, start=self.start + seconds, end=self.end + seconds)


@dataclass(frozen=True)
class Cue:
    """One subtitle."""

    text: str
    start: float
    end: float


def check_suffix(path: Path) -> None:
    """``InputError`` unless ``path`` ends in .json or .srt."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: timestamps are written as {' or '.join(SUFFIXES)}.")


def write_timestamps(path: Path, words: Sequence[WordTime]) -> None:
    """Write ``words`` to ``path`` in the format of its suffix, atomically."""
    check_suffix(path)
    if path.suffix.lower() == ".srt":
        atomic_write_text(path, srt(cues(words)))
    else:
        rows = [{"word": w.text, "start": round(w.start, 4), "end": round(w.end, 4)} for w in words]
        atomic_write_json(path, {"words": rows})


def cues(words: Iterable[WordTime]) -> list[Cue]:
    """Words grouped to subtitles: cut at sentence ends, silences, length and duration limits."""
    result: list[Cue] = []
    group: list[WordTime] = []
    for word in words:
        if group and _ends_before(group, word):
            result.append(_cue(group))
            group = []
        group.append(word)
    return [*result, _cue(group)] if group else result


def _ends_before(group: Sequence[WordTime], word: WordTime) -> bool:
    length = len(" ".join(map(_written, [*group, word])))
    return (
        group[-1].mark in (".", "?", "!")
        or length > CUE_CHARACTERS
        or word.end - group[0].start > CUE_SECONDS
        or word.start - group[-1].end > CUE_GAP_SECONDS
    )


def _cue(group: Sequence[WordTime]) -> Cue:
    return Cue(" ".join(map(_written, group)), group[0].start, group[-1].end)


def _written(word: WordTime) -> str:
    return word.text + (" –" if word.mark == "-" else word.mark)


def srt(subtitles: Sequence[Cue]) -> str:
    """The text of an SRT file: number, times, one or two lines, an empty line."""
    blocks = [
        f"{number}\n{_clock(cue.start)} --> {_clock(cue.end)}\n{_two_lines(cue.text)}\n"
        for number, cue in enumerate(subtitles, 1)
    ]
    return "\n".join(blocks)


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02},{rest % 1000:03}"


def _two_lines(text: str) -> str:
    if len(text) <= CUE_CHARACTERS // 2:
        return text
    spaces = [i for i, character in enumerate(text) if character == " "]
    if not spaces:
        return text
    middle = min(spaces, key=lambda i: abs(i - len(text) / 2))
    return f"{text[:middle]}\n{text[middle + 1 :]}"
