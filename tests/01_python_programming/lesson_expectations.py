"""What a user may count on after each lesson of floor 01: results and files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import soundfile
from book_utils import read_text, sample_book_path, split_chapters

Result = dict[str, Any]


def has_picture(folder: Path, name: str) -> None:
    """The PNG decodes, is large enough to read, and is not one color."""
    pixels = matplotlib.image.imread(folder / name)
    assert pixels.shape[1] >= 700 and pixels.shape[0] >= 250, f"{name}: {pixels.shape}"
    assert float(np.std(pixels[..., :3])) > 0.02, f"{name} is blank"


def reading(result: Result, folder: Path) -> None:
    assert all(result["round_trips"].values()) and len(result["round_trips"]) == 5
    assert len(result["messages"]) == 5 and result["same_book"]
    assert "Ã©" in result["mojibake"]["UTF-8 read as Windows-1252"]
    assert (folder / "book_utf8.txt").read_text("utf-8") == read_text(sample_book_path())
    assert (folder / "book_windows.txt").stat().st_size < (folder / "book_utf8.txt").stat().st_size
    assert not list(folder.glob("sentence_*")) and not (folder / "book.pdf").exists()


def counting(result: Result, folder: Path) -> None:
    assert result["by_hand_agrees"]
    assert result["words"] > 500 and result["distinct_words"] < result["words"]
    assert result["closing_marks"] > result["sentences"] > 30, "abbreviations are no sentences"
    assert 0.15 < result["ten_most_common_share"] < 0.4
    has_picture(folder, "word_frequencies.png")
    has_picture(folder, "sentence_lengths.png")


def converting(result: Result, folder: Path) -> None:
    assert result["states"]["failed"] == 1 and "not really.mp3" in result["failed"][0]
    assert "converted" not in result["states_again"], "a second run converts nothing"
    assert max(map(abs, result["pitch_errors_hz"].values())) < 2
    sounds = sorted((folder / "converted").glob("*.wav"))
    assert len(sounds) >= 4
    for path in sounds:
        information = soundfile.info(path)
        assert (information.samplerate, information.channels) == (24_000, 1)
        assert information.subtype == "PCM_16" and information.duration > 0.9
        samples, _ = soundfile.read(path)
        assert 0.2 < np.sqrt(np.mean(samples**2)) < 0.5, f"{path.name} is silent or clipped"


def dialogue(result: Result, folder: Path) -> None:
    assert result["book_utils"]["answered"] > result["by hand"]["answered"]
    assert result["book_utils"]["answered"] > 0.4 and result["book_utils"]["right"] > 0.8
    with (folder / "dialogue.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == result["speeches"] > 100
    assert rows[0] == {"chapter": "1", "speaker": "Nell", "speech": "By whose clock?"}
    has_picture(folder, "who_speaks.png")


def chapters(result: Result, folder: Path) -> None:
    assert result["chapters"] == 5 and result["by_hand_agrees"] and result["no_word_lost"]
    assert all(result["styles"].values()) and len(result["styles"]) == 6
    contents = json.loads((folder / "contents.json").read_text("utf-8"))
    files = sorted(path.name for path in (folder / "chapters").iterdir())
    assert files == [entry["file"] for entry in contents]
    book = split_chapters(read_text(sample_book_path()))
    for entry, chapter in zip(contents, book, strict=True):
        assert chapter.text in (folder / "chapters" / entry["file"]).read_text("utf-8")
    has_picture(folder, "chapter_lengths.png")


EXPECTATIONS: dict[str, Callable[[Result, Path], None]] = {
    "01.1": reading,
    "01.2": counting,
    "01.3": converting,
    "01.4": dialogue,
    "01.5": chapters,
}
