"""Augmented data folders: reproducible, described, resumable, and what they say they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from audio_utils import load_audio, measure_quality, resample, save_audio
from audio_utils.augmenter import AugmentConfig
from data_utils import Utterance, read_manifest, write_manifest
from env_utils import InputError
from tts_utils.espeak import EspeakEngine
from voice_replication.cli import main
from voice_replication.data_processing.augmentation import augment_folder

RATE = 24_000
OFF = {
    f"{effect}_probability": 0.0
    for effect in ("pitch", "tempo", "reverb", "noise", "telephone", "low_pass", "gain")
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three utterances to copy and one that is held out."""
    folder = tmp_path_factory.mktemp("data")
    utterances = []
    texts = ["The kettle whistles.", "Snow covers the field.", "Bring two chairs.", "Held out."]
    for number, text in enumerate(texts):
        spoken = EspeakEngine().synthesize(text)
        audio = np.float32(0.4) * resample(spoken.samples, spoken.sample_rate, RATE)
        path = folder / "audio" / "own" / f"s{number}" / f"u{number}.flac"
        save_audio(path, audio, RATE)
        split = "dev" if text == "Held out." else "train"
        utterances.append(
            Utterance(
                f"u{number}",
                path,
                text,
                f"s{number}",
                len(audio) / RATE,
                split=split,
                source_rate=22_050,
            )
        )
    write_manifest(folder / "manifest.csv", utterances)
    return folder


def test_the_same_seed_makes_the_same_copies(tmp_path: Path, data: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        augment_folder(data, tmp_path / name, copies=2, seed=seed)
    a, b, c = (
        {p.name: p.read_bytes() for p in (tmp_path / n).rglob("*.flac")} for n in ("a", "b", "c")
    )
    assert a == b and a.keys() == c.keys() and a != c
    assert len(a) == 6 and a["u0_aug1.flac"] != a["u0_aug2.flac"]


def test_the_manifest_and_the_description(tmp_path: Path, data: Path) -> None:
    config = AugmentConfig(**{**OFF, "telephone_probability": 1.0, "tempo_probability": 1.0})
    copies = augment_folder(data, tmp_path / "out", config, with_originals=True)
    listed = read_manifest(tmp_path / "out" / "manifest.csv")
    assert [u.id for u in listed] == ["u0", "u1", "u2", "u0_aug1", "u1_aug1", "u2_aug1"]
    assert all(u.path.is_file() for u in listed)
    described = json.loads((tmp_path / "out" / "augmentation.json").read_text())
    originals = {u.id: u for u in listed[:3]}
    for copy in copies:
        original = originals[copy.id.removesuffix("_aug1")]
        assert (copy.text, copy.speaker, copy.split) == (
            original.text,
            original.speaker,
            original.split,
        )
        effects = described["effects"][copy.id]
        assert set(effects) == {"telephone", "tempo_factor"}
        assert copy.seconds == pytest.approx(original.seconds / effects["tempo_factor"], rel=0.03)
        assert copy.source_rate == 6800  # nothing lies above 3.4 kHz any more
        quality = measure_quality(load_audio(copy.path), RATE)
        assert quality.bandwidth_hz < 4500


def test_noise_is_there_and_nothing_clips(tmp_path: Path, data: Path) -> None:
    config = AugmentConfig(
        **{**OFF, "noise_probability": 1.0, "noise_snr_db": (3.0, 3.0), "gain_probability": 1.0}
    )
    for copy in augment_folder(data, tmp_path / "out", config):
        audio = load_audio(copy.path)
        assert measure_quality(audio, RATE).snr_db < 15
        assert 0.01 < np.abs(audio).max() <= 0.98


def test_babble_is_made_of_the_folder_itself(tmp_path: Path, data: Path) -> None:
    config = AugmentConfig(**{**OFF, "noise_probability": 1.0, "noise_kinds": ("babble",)})
    augment_folder(data, tmp_path / "out", config, limit=1)
    effects = json.loads((tmp_path / "out" / "augmentation.json").read_text())["effects"]
    assert effects["u0_aug1"]["noise_kind"] == "babble"


def test_a_second_run_does_only_what_is_missing(tmp_path: Path, data: Path) -> None:
    out = tmp_path / "out"
    copies = augment_folder(data, out, copies=2)
    before = {u.id: (u.path.stat().st_mtime_ns, u.path.read_bytes()) for u in copies}
    copies[0].path.unlink()
    copies[1].path.write_bytes(b"cut short by a power failure")
    again = augment_folder(data, out, copies=2)
    assert again == copies
    for number, utterance in enumerate(again):
        time, content = before[utterance.id]
        assert utterance.path.read_bytes() == content
        assert (utterance.path.stat().st_mtime_ns == time) is (number > 1)


def test_the_command(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out")
    assert main(["augment", str(data), out, "--copies", "2", "--set", "gain_db=[-3,0]"]) == 0
    assert "6 copies" in capsys.readouterr().out
    assert main(["augment", str(data), out, "--set", "noise_snr_db=[20,0]"]) == 3
    assert "noise_snr_db" in capsys.readouterr().err
    assert main(["augment", str(data), out, "--copies", "0"]) == 2
    assert main(["augment", str(data), out, "--split", "unseen"]) == 2
    assert "no utterance in split unseen" in capsys.readouterr().err


def test_the_shipped_settings_are_the_defaults() -> None:
    from training_utils import load_config
    from voice_replication.home import shipped

    assert load_config(AugmentConfig, shipped("configs") / "augment.yaml") == AugmentConfig()


def test_the_copies_need_a_folder_of_their_own(data: Path) -> None:
    with pytest.raises(InputError, match="a folder of their own"):
        augment_folder(data, data)
