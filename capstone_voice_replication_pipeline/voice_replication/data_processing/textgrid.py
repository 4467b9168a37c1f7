"""Alignments as Praat TextGrids and as JSON: words and phonemes with start and end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audio_utils import DEFAULT_SPEC, AudioSpec
from env_utils import atomic_write_json, atomic_write_text
from text_utils import Symbols

from voice_replication.data_processing.alignment import Alignment


@dataclass(frozen=True)
class Interval:
    """``[start, end)`` in seconds, and what is spoken in it ("" is silence)."""

    start: float
    end: float
    text: str


def intervals(
    alignment: Alignment, spec: AudioSpec = DEFAULT_SPEC
) -> tuple[list[Interval], list[Interval]]:
    """``(words, phonemes)``, each without gaps from 0 to the end."""
    symbols = Symbols()
    words: list[Interval] = []
    phones: list[Interval] = []
    frame, word_start, word_number = 0, 0, 0
    for symbol, duration in zip(alignment.ids, alignment.durations, strict=True):
        start, end = frame / spec.frames_per_second, (frame + duration) / spec.frames_per_second
        if symbols.is_pause(symbol) or symbol == symbols.id("^"):
            if frame > word_start:
                text = alignment.words[word_number]
                words.append(Interval(word_start / spec.frames_per_second, start, text))
                word_number += 1
            if duration:
                words.append(Interval(start, end, ""))
                phones.append(Interval(start, end, ""))
            word_start = frame + duration
        else:
            phones.append(Interval(start, end, symbols.decode([symbol])[0]))
        frame += duration
    return words, phones


def write_textgrid(path: Path, alignment: Alignment, spec: AudioSpec = DEFAULT_SPEC) -> None:
    """Write ``path`` with the interval tiers "words" and "phones" (Praat's long text format)."""
    tiers = dict(zip(("words", "phones"), intervals(alignment, spec), strict=True))
    end = sum(alignment.durations) / spec.frames_per_second
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += [
        "xmin = 0",
        f"xmax = {end:.6f}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for number, (name, tier) in enumerate(tiers.items(), 1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier"']
        lines += [f'        name = "{name}"', "        xmin = 0", f"        xmax = {end:.6f}"]
        lines += [f"        intervals: size = {len(tier)}"]
        for place, interval in enumerate(tier, 1):
            text = interval.text.replace('"', '""')
            lines += [f"        intervals [{place}]:", f"            xmin = {interval.start:.6f}"]
            lines += [f"            xmax = {interval.end:.6f}", f'            text = "{text}"']
    atomic_write_text(path, "\n".join(lines) + "\n")


def write_alignment_json(path: Path, alignment: Alignment, spec: AudioSpec = DEFAULT_SPEC) -> None:
    """Write words and phonemes with start and end in seconds, and the confidence."""
    words, phones = intervals(alignment, spec)
    value = {
        "id": alignment.id,
        "confidence": alignment.confidence,
        "fits": alignment.fits,
        "words": [vars(i) for i in words if i.text],
        "phones": [vars(i) for i in phones if i.text],
    }
    atomic_write_json(path, value)
