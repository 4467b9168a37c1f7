"""What a user of floor 03's lessons cares about, checked on a --smoke run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

LESSON = "03_tts_systems"


def speech(path: Path, rate: int | None = None) -> tuple[np.ndarray, int]:
    """A mono WAV that is not silent and not clipped for long."""
    samples, found = soundfile.read(path)
    assert samples.ndim == 1 and (rate is None or found == rate)
    assert np.sqrt(np.mean(samples**2)) > 0.01 and (np.abs(samples) > 0.999).mean() < 0.01
    return samples, found


def sounds_on(page: Path) -> int:
    """How many sounds a self-contained page carries."""
    text = page.read_text("utf-8")
    assert not re.search(r'(?:src|href)="(?!data:)', text), "the page needs another file"
    return text.count("data:audio/wav")


def basic(result: dict[str, Any], folder: Path) -> None:
    samples, rate = speech(folder / "first_speech.wav", 22_050)
    assert abs(len(samples) / rate - result["seconds"]) < 0.01
    assert 1.5 < result["seconds"] < 5 and result["times_real_time"] > 5
    assert result["same_samples_twice"] and result["engines_usable"] >= 1
    assert result["slow_seconds"] > 1.8 * result["fast_seconds"]
    assert sounds_on(folder / "first_speech.html") == 10


def comparison(result: dict[str, Any], folder: Path) -> None:
    voices = result["voices"]
    assert len(voices) >= 3 and json.loads((folder / "voices.json").read_text()) == voices
    high, low = voices["espeak-ng:en-us+f2"], voices["espeak-ng:en-us"]
    assert 1.8 < high["median_f0_hz"] / low["median_f0_hz"] < 2.1  # nearly an octave
    assert high["formants_hz"][2] > low["formants_hz"][2]
    assert all(3 < facts["syllables_per_second"] < 10 for facts in voices.values())
    apart = result["distance_to_first"]
    assert apart["espeak-ng:en-us"]["spectrum_db"] == 0 < apart["espeak-ng:en-us+f2"]["spectrum_db"]
    assert sounds_on(folder / "voices.html") == len(voices)


def clone(result: dict[str, Any], folder: Path) -> None:
    before, after = result["before"], result["after"]
    assert result["method"] in {"xtts", "adaptation"}
    assert after["pitch_semitones"] < 0.3 * before["pitch_semitones"]
    assert after["formants_percent"] < before["formants_percent"]
    assert after["spectrum_db"] < 0.6 * before["spectrum_db"]
    for name in ("reference", "before", "cloned"):
        speech(folder / f"{name}.wav")
    assert json.loads((folder / "clone.json").read_text())["method"] == result["method"]
    assert sounds_on(folder / "clone.html") == 3


def batch(result: dict[str, Any], folder: Path) -> None:
    samples, rate = speech(folder / "chapter.wav", 22_050)
    assert result["sentences"] >= 5 and result["spoken_in_second_run"] == 1
    assert len(list((folder / "sentences").glob("*.wav"))) == result["sentences"]
    assert abs(len(samples) / rate - result["speech_seconds"] - result["pause_seconds"]) < 0.01
    rows = json.loads((folder / "chapter.json").read_text("utf-8"))["sentences"]
    assert len(rows) == result["sentences"] and all(row["text"] for row in rows)
    gaps = [(a["end"], b["start"]) for a, b in pairwise(rows)]
    for end, start in gaps:  # where the timetable says silence, there is silence
        assert start > end
        assert not samples[round(end * rate) + 2 : round(start * rate) - 2].any()


def languages(result: dict[str, Any], folder: Path) -> None:
    found = result["languages"]
    assert {"en-gb", "de", "fr-fr", "ru"} <= set(found)
    assert len({facts["ipa"] for facts in found.values()}) == len(found)
    assert all(1 < facts["seconds"] < 6 for facts in found.values())
    assert result["wrong_sounds"] and min(result["wrong_sounds"].values()) > 0.3
    pages = folder / "languages.html"
    assert sounds_on(pages) == len(found) + len(result["wrong_sounds"])


EXPECTATIONS: dict[str, Callable[[dict[str, Any], Path], None]] = {
    "03.1": basic,
    "03.2": comparison,
    "03.3": clone,
    "03.4": batch,
    "03.5": languages,
}
