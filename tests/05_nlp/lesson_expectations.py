"""What a user may count on after each lesson of floor 05: results and files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
from env_utils import read_json
from text_utils import BytePairTokenizer

Result = dict[str, Any]


def has_picture(folder: Path, name: str) -> None:
    """The PNG decodes, is large enough to read, and is not one color."""
    pixels = matplotlib.image.imread(folder / name)
    assert pixels.shape[1] >= 600 and pixels.shape[0] >= 250, f"{name}: {pixels.shape}"
    assert float(np.std(pixels[..., :3])) > 0.02, f"{name} is blank"


def has_sounds(folder: Path, name: str, fewest: int) -> None:
    """The listening page holds at least so many sounds."""
    assert (folder / name).read_text(encoding="utf-8").count("<audio") >= fewest


def tokens(result: Result, folder: Path) -> None:
    assert result["by_hand_agrees"] is True and result["round_trip"] is True
    assert result["library_agrees"] is not False, "the tokenizers library learns the same"
    assert result["tokens_per_word"] < 0.6 * result["tokens_per_word_bytes"]
    saved = BytePairTokenizer.from_dict(read_json(folder / "bpe_tokenizer.json"))
    assert len(saved) == result["vocabulary"]
    assert saved.decode(saved.encode("Nell’s clock 🙂")) == "Nell’s clock 🙂"
    assert len((folder / "bpe_merges.tsv").read_text("utf-8").splitlines()) > len(saved.merges)
    has_picture(folder, "tokens_per_word.png")


def names(result: Result, folder: Path) -> None:
    rules = result["pipeline"].startswith("rules")  # a trained one marks dates more widely
    assert result["recall"] > 0.6 and result["unseen_recall"] > 0.5
    assert result["f1"] > 0.9 or not rules
    cast = read_json(folder / "cast.json")
    assert {person["name"].split()[-1] for person in cast} >= {"Nell", "Pym", "Dunmore"}
    assert next(p for p in cast if "Pym" in p["name"])["pronoun"] == "he"
    assert "Boston" in json.dumps(read_json(folder / "entities.json"))
    has_picture(folder, "cast.png")


def moods(result: Result, folder: Path) -> None:
    assert result["energy_accuracy"] > 0.7, "held out; guessing gets a half"
    assert result["valence_accuracy"] > 0.55
    plan = read_json(folder / "narration_pace.json")
    assert len(plan["chapters"]) == len(result["chapter_pace"]) == 5
    paces = [part["pace"] for chapter in plan["chapters"] for part in chapter["passages"]]
    assert all(0.9 <= pace <= 1.1 for pace in paces) and max(paces) - min(paces) > 0.05
    has_picture(folder, "sentiment_arc.png")
    has_sounds(folder, "pace.html", 2)


def summaries(result: Result, folder: Path) -> None:
    assert result["correlation"] > 0.95, "the walker and the equation agree"
    assert result["rouge"]["TextRank"] > 1.5 * result["rouge"]["random"]
    assert (folder / "summaries.md").read_text("utf-8").count("TextRank: ") >= 2
    has_picture(folder, "sentence_ranks.png")


def speakers(result: Result, folder: Path) -> None:
    assert result["by_hand"] < result["tag_dialogue"] < result["all_cues"]
    assert result["all_cues"] > 0.6
    assert result["second_story"] <= result["second_story_cast_given"]
    scripts = read_json(folder / "dialogue.json")
    spoken = [part for script in scripts.values() for part in script if part["speaker"]]
    assert len(spoken) > 20
    has_picture(folder, "speaker_accuracy.png")
    has_sounds(folder, "dialogue.html", 1)


def phones(result: Result, folder: Path) -> None:
    assert result["context_accuracy"] > 0.8 > result["first_entry_accuracy"]
    rates = result["model_error_rates"]
    assert rates == sorted(rates, reverse=True), "more words, fewer errors"
    assert rates[-1] < 0.7 * result["rules_error_rate"]
    table = (folder / "pronunciation_table.tsv").read_text("utf-8")
    assert "three dollars and thirty-five cents" in table
    has_picture(folder, "g2p_learning_curve.png")
    has_sounds(folder, "normalization.html", 12)


EXPECTATIONS: dict[str, Callable[[Result, Path], None]] = {
    "05.1": tokens,
    "05.2": names,
    "05.3": moods,
    "05.4": summaries,
    "05.5": speakers,
    "05.6": phones,
}
