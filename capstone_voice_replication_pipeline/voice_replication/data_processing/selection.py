"""Which utterances of a data folder a stage trains on."""

from __future__ import annotations

from pathlib import Path

from data_utils import Utterance, read_manifest
from env_utils import InputError
from training_utils import StrictModel


class DataSelection(StrictModel):
    """A filter over a manifest."""

    exclude_corpora: tuple[str, ...] = ()
    exclude_utterances: tuple[str, ...] = ()  # for example transcripts that do not fit
    min_source_rate: int = 0  # Hz; what was recorded or encoded with less bandwidth is left out
    min_seconds: float = 0.5
    max_seconds: float = 20.0


def select_utterances(data: Path, selection: DataSelection, split: str) -> list[Utterance]:
    """The utterances of ``data/manifest.csv`` in ``split`` that pass; sorted by id.

    Raises ``InputError`` when nothing is left.
    """
    chosen = [
        u
        for u in read_manifest(data / "manifest.csv")
        if u.split == split
        and u.corpus not in selection.exclude_corpora
        and u.id not in selection.exclude_utterances
        and u.source_rate >= selection.min_source_rate
        and selection.min_seconds <= u.seconds <= selection.max_seconds
    ]
    if not chosen and split == "train":
        raise InputError(f"{data / 'manifest.csv'}: no '{split}' utterance passes the selection.")
    return sorted(chosen, key=lambda u: u.id)
