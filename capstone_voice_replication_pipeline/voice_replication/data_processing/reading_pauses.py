"""Learning where readers pause although nothing is written there, from aligned recordings.

    python -m voice_replication.data_processing.reading_pauses DATA

``DATA`` is a preprocessed folder with alignments (``voiceclone align``). A model of four fifths of
the speakers is measured on the others; the model that ships with ``text_utils`` is then learned
from all of them.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from data_utils import read_manifest
from text_utils import Symbols
from text_utils.phrasing import MODEL_PATH, SHORTEST, Phrasing, Stretch, fit_phrasing

from voice_replication.data_processing.alignment import Alignment, read_alignments
from voice_replication.synthesizer.data import HEARD_PAUSE_FRAMES

LEARNERS = "speechocean762"  # people who learn English also pause to look for a word
HELD_OUT = 52  # of 256


def read_stretches(data: Path) -> dict[str, list[Stretch]]:
    """What each speaker of the split ``train`` read between two marks, and where they paused."""
    alignments = read_alignments(data)
    by_speaker: dict[str, list[Stretch]] = {}
    for utterance in read_manifest(data / "manifest.csv"):
        alignment = alignments.get(utterance.id)
        used = utterance.split == "train" and utterance.corpus != LEARNERS
        if alignment is None or not alignment.fits or not used:
            continue
        by_speaker.setdefault(utterance.speaker, []).extend(_stretches(alignment))
    return by_speaker


def _stretches(alignment: Alignment) -> Iterator[Stretch]:
    symbols = Symbols()
    gaps = [
        (symbols.decode([symbol])[0], frames >= HEARD_PAUSE_FRAMES)
        for symbol, frames in zip(alignment.ids, alignment.durations, strict=True)
        if symbols.is_pause(symbol)
    ]
    start = 0
    for end, (mark, _) in enumerate(gaps, 1):
        if mark != " " or end == len(gaps):
            words = tuple(word.lower() for word in alignment.words[start:end])
            yield Stretch(words, tuple(paused for _, paused in gaps[start : end - 1]))
            start = end


def agreement(model: Phrasing, stretches: Sequence[Stretch]) -> tuple[float, float, float]:
    """In long stretches: precision and recall of the pauses of ``model``, and how many it makes for
    each that was made."""
    both = made = real = 0
    for stretch in stretches:
        if len(stretch.words) < SHORTEST:
            continue
        pauses = model.pauses(stretch.words)
        both += sum(a and b for a, b in zip(pauses, stretch.pauses, strict=True))
        made += sum(pauses)
        real += sum(stretch.pauses)
    return both / max(made, 1), both / max(real, 1), made / max(real, 1)


def main() -> None:
    """Measure on held-out speakers, then write the model of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a preprocessed and aligned data folder")
    parser.add_argument("--out", type=Path, default=MODEL_PATH, help="default: the one that ships")
    args = parser.parse_args()
    train: list[Stretch] = []
    held_out: list[Stretch] = []
    for name, stretches in read_stretches(args.data).items():
        apart = hashlib.sha256(name.encode()).digest()[0] < HELD_OUT
        (held_out if apart else train).extend(stretches)
    precision, recall, ratio = agreement(fit_phrasing(train), held_out)
    print(f"held-out speakers: {precision:.0%} of the pauses of the model are theirs, it finds")
    print(f"{recall:.0%} of theirs, and makes {ratio:.2f} for each of theirs")
    fit_phrasing([*train, *held_out]).save(args.out)
    print(f"{args.out} ({args.out.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
