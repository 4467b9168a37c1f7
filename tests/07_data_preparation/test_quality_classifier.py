"""A classifier that learned from damaged copies tells good recordings from bad ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from audio_utils import Quality, measure_quality, resample
from audio_utils.augment import add_noise, low_pass, white_noise
from data_utils import QualityClassifier
from data_utils.quality_classifier import FEATURES
from env_utils import InputError
from tts_utils.espeak import EspeakEngine

Audio = npt.NDArray[np.float32]
SENTENCES = [
    "The morning train was late again.",
    "Nobody had asked for another cup of tea.",
    "A small boat crossed the harbour without a sound.",
    "Seven letters lay on the kitchen table.",
    "He closed the window and listened.",
    "The garden smells of rain and warm stone.",
    "Her brother keeps bees behind the old mill.",
    "We walked home along the frozen canal.",
    "Please put the large box on the lower shelf.",
    "Every clock in the shop showed a different time.",
]


def damaged(audio: Audio, number: int, rng: np.random.Generator) -> Audio:
    """Drowned in noise, clipped, or dull: one after another, each with another strength."""
    if number % 3 == 0:
        return add_noise(audio, white_noise(len(audio), rng), float(rng.uniform(-2, 6)))
    if number % 3 == 1:
        return np.clip(audio * rng.uniform(8, 20), -1.0, 1.0).astype(np.float32)
    return low_pass(audio, 24_000, float(rng.uniform(1200, 2200)))


@pytest.fixture(scope="module")
def measured() -> tuple[list[Quality], list[bool]]:
    rng = np.random.default_rng(5)
    engine = EspeakEngine()
    qualities, labels = [], []
    for number, sentence in enumerate(SENTENCES * 3):
        spoken = engine.synthesize(sentence)
        audio = resample(spoken.samples, spoken.sample_rate, 24_000) * np.float32(
            rng.uniform(0.3, 1)
        )
        clean = add_noise(audio, white_noise(len(audio), rng), float(rng.uniform(25, 50)))
        for version, label in ((clean, True), (damaged(audio, number, rng), False)):
            qualities.append(measure_quality(version, 24_000))
            labels.append(label)
    return qualities, labels


def test_it_recognizes_recordings_it_has_not_seen(
    measured: tuple[list[Quality], list[bool]],
) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn (extra eval) is not installed")
    qualities, labels = measured
    cut = 2 * len(SENTENCES) * 2  # two of three rounds to learn from, the third to judge
    classifier = QualityClassifier.fit(qualities[:cut], labels[:cut])
    judged = [classifier.probability(q) > 0.5 for q in qualities[cut:]]
    right = np.mean(np.array(judged) == np.array(labels[cut:]))
    assert right >= 0.9


def test_it_says_what_is_wrong(measured: tuple[list[Quality], list[bool]]) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn (extra eval) is not installed")
    qualities, labels = measured
    classifier = QualityClassifier.fit(qualities, labels)
    good = next(q for q, label in zip(qualities, labels, strict=True) if label)
    for change, guilty in (
        ({"snr_db": 0.0}, "snr_db"),
        ({"clipped_share": 0.2}, "clipping"),
        ({"bandwidth_hz": 1500.0}, "bandwidth_khz"),
    ):
        bad = replace(good, **change)
        assert classifier.probability(bad) < classifier.probability(good)
        before, after = classifier.contributions(good), classifier.contributions(bad)
        assert min(FEATURES, key=lambda name: after[name] - before[name]) == guilty


def test_it_survives_being_stored(
    tmp_path: Path, measured: tuple[list[Quality], list[bool]]
) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn (extra eval) is not installed")
    qualities, labels = measured
    classifier = QualityClassifier.fit(qualities, labels)
    classifier.save(tmp_path / "judge.json")
    assert QualityClassifier.load(tmp_path / "judge.json") == classifier


@pytest.mark.parametrize(
    "change", [{"weights": [1.0]}, {"features": ["snr_db"]}, {"bias": "much"}, {"means": None}]
)
def test_a_damaged_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    six = (0.0,) * len(FEATURES)
    path = tmp_path / "judge.json"
    QualityClassifier(six, six, six, 0.0).save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=r"judge\.json: not a quality classifier"):
        QualityClassifier.load(path)


@pytest.mark.parametrize("labels", [[True], [True, True], []])
def test_one_kind_alone_teaches_nothing(labels: list[bool]) -> None:
    quality = Quality(3.0, 30.0, 0.0, 12_000.0, -23.0, 0.1)
    with pytest.raises(InputError, match="both usable and unusable"):
        QualityClassifier.fit([quality, quality], labels)
