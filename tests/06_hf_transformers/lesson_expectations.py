"""What a user of floor 06 cares about in each lesson's result and files."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

Result = dict[str, Any]


def inference(result: Result, folder: Path) -> None:
    """The pipeline and the three steps by hand agree; the classifier is far from guessing."""
    assert result["hand_difference"] < 1e-5
    assert result["accuracy"] > 0.8
    rows = (folder / "predictions.tsv").read_text("utf-8").splitlines()
    assert rows[0] == "label\tscore\ttext" and len(rows) == 161
    assert {row.split("\t")[0] for row in rows[1:]} == {"dialogue", "narration"}
    assert all(speed > 0 for speed in result["sentences_per_second"].values())


def exploration(result: Result, folder: Path) -> None:
    """Counted parameters are those of the formula; attention rows are distributions."""
    assert result["parameters"] == result["parameters_by_formula"] > 500_000
    assert result["embedding_error"] < 1e-4 and result["row_sum_error"] < 1e-5
    most = math.log2(len(result["tokens"]))
    assert all(0 <= bits <= most + 1e-3 for row in result["entropy_bits"] for bits in row)
    shapes = json.loads((folder / "shapes.json").read_text("utf-8"))["shapes"]
    assert shapes["embeddings (B, L, W)"][1] == len(result["tokens"])


def data_set(result: Result, folder: Path) -> None:
    """No scene on both sides; the torn split does leak; the padding by hand is the tokenizer's."""
    assert result["shared_scenes"] == 0
    assert (
        result["scene_words_seen"]["by scene"]
        == 0
        < 0.3
        < result["scene_words_seen"]["by sentence"]
    )
    assert result["padding_equal"] is True
    assert 0.8 < result["naive_bayes"]["by scene"] < 1
    split = json.loads((folder / "split.json").read_text("utf-8"))
    assert {name: len(rows) for name, rows in split.items()} == result["sizes"]
    texts = [text for rows in split.values() for _, _, text in rows]
    assert len(texts) == len(set(texts)) == 620


def fine_tuning(result: Result, folder: Path) -> None:
    """It learns: from guessing to well above it on scenes it never saw."""
    loss = result["history"]["loss"]
    assert abs(result["first_loss"] - math.log(2)) < 0.3 and loss[-1] < 0.5 * loss[0]
    assert result["accuracy"] > 0.85
    low, high = result["interval"]
    assert low < result["accuracy"] < high
    assert (folder / "classifier" / "model.safetensors").is_file()
    assert not list(folder.rglob("*.bin")), "weights are saved as safetensors, not as pickles"


def evaluation(result: Result, folder: Path) -> None:
    """The same numbers after reloading; text from elsewhere is harder, and is told apart."""
    assert result["reload_difference"] == 0
    scenes, book = result["held_out_scenes"], result["sample_book"]
    assert scenes["accuracy"] > 0.85 and 0.5 < book["accuracy"] <= scenes["accuracy"]
    assert sum(map(sum, scenes["confusion"])) == 160
    errors = (folder / "errors.tsv").read_text("utf-8").splitlines()[1:]
    wrong = scenes["confusion"][0][1] + scenes["confusion"][1][0]
    assert len(errors) == wrong


def attention(result: Result, folder: Path) -> None:
    """Everything by hand is what torch computes; masked places get nothing at all."""
    assert max(result["differences"].values()) < 1e-5
    assert result["weight_on_padding"] == 0 == result["weight_on_future"]
    assert folder.is_dir()


EXPECTATIONS: dict[str, Callable[[Result, Path], None]] = {
    "06.1": inference,
    "06.2": exploration,
    "06.3": data_set,
    "06.4": fine_tuning,
    "06.5": evaluation,
    "06.6": attention,
}
