"""What a listener cares about in the lessons of floor 04."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile


def sound(path: Path) -> np.ndarray:
    """A 24 kHz mono file that is not silent, as samples."""
    audio, rate = soundfile.read(str(path), dtype="float32")
    assert rate == 24_000 and audio.ndim == 1, f"{path.name} is not 24 kHz mono"
    assert np.sqrt(np.mean(audio**2)) > 1e-3, f"{path.name} is silent"
    return audio


def listening_page(path: Path, clips: int) -> None:
    """It holds its sounds itself."""
    text = path.read_text("utf-8")
    assert text.count("<audio") >= clips and text.count("data:audio/wav;base64,") >= clips


def seeing(result: dict[str, Any], folder: Path) -> None:
    assert abs(result["alias_measured_hz"] - result["alias_expected_hz"]) < 2
    assert 60 < result["median_f0_hz"] < 400
    assert result["folded_db"] > -40, "the hisses of the speech fold audibly"
    assert abs(result["mel_frames"] - result["seconds"] * 93.75) < 2
    listening_page(folder / "01_listen.html", 6)


def by_hand(result: dict[str, Any], folder: Path) -> None:
    assert result["shape"][0] == 13 and (folder / "mfcc.png").is_file()
    assert result["mel_difference"] < 2e-3 and result["utils_difference"] < 2e-3
    assert result["librosa_difference"] is None or result["librosa_difference"] < 1e-3
    assert 0.6 < result["variance_kept"] < 1.0


def preprocessed(result: dict[str, Any], folder: Path) -> None:
    audio = sound(folder / "preprocessed.wav")
    assert abs(result["loudness_lufs"] - result["target"]) < 0.2
    assert result["peak_dbfs"] <= -0.99 and np.abs(audio).max() < 0.9
    assert result["gain_db"] > result["gain_allowed_db"] + 1, "a single gain would not do"
    assert abs(result["loudness_by_hand"] - result["loudness_before"]) < 0.1
    assert result["seconds_after"] < result["seconds_before"] - 0.8, "the silence was trimmed"
    listening_page(folder / "03_listen.html", 4)


def denoised(result: dict[str, Any], folder: Path) -> None:
    before = result["nothing"]["true_db"]
    for method in ("gate_by_hand", "reduce_noise"):
        assert result[method]["true_db"] > before + 3, method
    quiet = result["snrs_db"].index(0)
    assert result["after_db"]["reduce_noise"][quiet] > 4
    distances = result["mel_distance_db"]
    assert distances["reduce_noise"][quiet] < distances["nothing"][quiet]
    assert len(sound(folder / "denoised.wav")) == len(sound(folder / "noisy.wav"))
    listening_page(folder / "04_listen.html", 6)


def segmented(result: dict[str, Any], folder: Path) -> None:
    scores = result["accuracy"]
    for name in ("25 dB quieter", "noise at 10 dB"):
        assert scores[name]["adaptive"] > 0.88 > scores[name]["fixed"], name
    assert 2 <= result["segments"] <= 2 * result["sentences"] and result["longest"] <= 4.001
    rows = json.loads((folder / "segments" / "segments.json").read_text("utf-8"))
    with (folder / "segments" / "segments.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(rows) == len(table) == result["segments"]
    for row, line in zip(rows, table, strict=True):
        assert float(line["start"]) == row["start"] < row["end"]
        audio = sound(folder / "segments" / row["file"])
        assert abs(len(audio) / 24_000 - row["seconds"]) < 0.01
    listening_page(folder / "05_listen.html", len(rows) + 1)


def inverted(result: dict[str, Any], folder: Path) -> None:
    assert result["perfect_error"] < 1e-6, "with its own phase nothing is lost"
    first, last = result["convergence_by_hand"]
    assert last < 0.5 * first
    assert result["convergence_momentum"][1] < last, "momentum gets further"
    errors = result["mel_error_db"]
    assert errors["true magnitude, phase 0"] > 3 * errors["from the mel alone: griffin_lim"]
    sound(folder / "inverted.wav")
    listening_page(folder / "06_listen.html", 8)


EXPECTATIONS: dict[str, Callable[[dict[str, Any], Path], None]] = {
    "04.1": seeing,
    "04.2": by_hand,
    "04.3": preprocessed,
    "04.4": denoised,
    "04.5": segmented,
    "04.6": inverted,
}
