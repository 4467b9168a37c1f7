"""The sentences of this floor: 620 of them, each dialogue or narration, written for the course.

Quotation marks are left out: with them a rule would do (``book_utils.extract_dialogue``). The
sentences come from 62 little scenes of ten. Those of one scene share their people and things, so
a scene must stay whole when the data is split, or the test would ask about what was learned.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from env_utils import InputError

LABELS = ("narration", "dialogue")  # the place of a label in this tuple is its number


@dataclass(frozen=True)
class Sentence:
    """A sentence, which of :data:`LABELS` it is, and the scene it comes from."""

    text: str
    label: int
    scene: str


@dataclass(frozen=True)
class Split:
    """Three parts that share no scene."""

    train: list[Sentence]
    validation: list[Sentence]
    test: list[Sentence]

    def parts(self) -> dict[str, list[Sentence]]:
        """The parts with their names, in order."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def load_sentences(path: str | Path | None = None) -> list[Sentence]:
    """The sentences of the course, or those of another table of the same form.

    A table is tab-separated UTF-8 with the columns ``scene``, ``label`` and ``text``. Raises
    ``InputError`` for a missing file, column or text, or a label that is not in ``LABELS``.
    """
    path = Path(path) if path is not None else Path(__file__).with_name("sentences.tsv")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
    sentences = [_sentence(path, number, row) for number, row in enumerate(rows, 2)]
    if not sentences:
        raise InputError(f"{path}: there is no sentence in this table.")
    return sentences


def _sentence(path: Path, line: int, row: dict[str, str]) -> Sentence:
    scene, label, text = (str(row.get(key) or "").strip() for key in ("scene", "label", "text"))
    if label not in LABELS or not text or not scene:
        raise InputError(
            f"{path}, line {line}: needs a scene, a label ({' or '.join(LABELS)}) and a text, "
            "separated by tabs."
        )
    return Sentence(text, LABELS.index(label), scene)


def split_by_scene(
    sentences: Sequence[Sentence],
    *,
    validation_share: float = 0.15,
    test_share: float = 0.25,
    seed: int = 0,
) -> Split:
    """Train, validation and test parts made of whole scenes, in a seeded order.

    The shares are of scenes. Raises ``InputError`` when a part would be empty.
    """
    scenes = sorted({sentence.scene for sentence in sentences})
    random.Random(seed).shuffle(scenes)
    n_test = round(len(scenes) * test_share)
    n_validation = round(len(scenes) * validation_share)
    test = set(scenes[:n_test])
    validation = set(scenes[n_test : n_test + n_validation])
    train = set(scenes[n_test + n_validation :])
    if not (train and validation and test):
        raise InputError(
            f"{len(scenes)} scenes cannot be split into {validation_share:.0%} validation, "
            f"{test_share:.0%} test and the rest for training: one part would be empty."
        )
    return Split(*([s for s in sentences if s.scene in part] for part in (train, validation, test)))


def split_by_sentence(
    sentences: Sequence[Sentence],
    *,
    validation_share: float = 0.15,
    test_share: float = 0.25,
    seed: int = 0,
) -> Split:
    """The split that looks harmless: single sentences drawn, scenes torn apart (06.3)."""
    mixed = list(sentences)
    random.Random(seed).shuffle(mixed)
    n_test, n_validation = (round(len(mixed) * share) for share in (test_share, validation_share))
    return Split(
        mixed[n_test + n_validation :], mixed[n_test : n_test + n_validation], mixed[:n_test]
    )
