"""Networks train, files hold them, and the synthesized voices are what they claim to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from dl_utils import (
    MLP,
    digit_loaders,
    fit,
    gradient_error,
    load_mlp,
    load_mnist_data,
    plot_digits,
    read_model_file,
    save_model,
    train_epoch,
)
from dl_utils.voices import HIGH_VOICE, LOW_VOICE, SAMPLE_RATE, Voice, synthesize_vowel
from dl_utils.vowel_data import BANDS, band_levels, draw_voices, standardize, vowel_data
from env_utils import CheckpointError, InputError, TrainingError


def test_parts_of_the_digits_do_not_overlap_and_repeat_with_the_seed() -> None:
    digits = load_mnist_data(source="sklearn-digits").subset(200, 30)
    loaders = digit_loaders(digits, batch_size=32, seed=1)
    parts = [
        torch.cat([images for images, _ in part]) for part in (loaders.train, loaders.validation)
    ]
    assert [len(part) for part in parts] == [180, 20] and len(loaders.test.dataset) == 30
    together = torch.cat(parts).flatten(1)
    assert torch.cdist(together, digits.train_images.flatten(1)).argmin(1).unique().numel() == 200
    again = next(iter(digit_loaders(digits, batch_size=32, seed=1).train))[1]
    assert torch.equal(next(iter(digit_loaders(digits, batch_size=32, seed=1).train))[1], again)
    assert not torch.equal(next(iter(digit_loaders(digits, 32, seed=2).train))[1], again)


def test_insisting_on_mnist_is_an_error_without_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="MNIST is not here"):
        load_mnist_data(tmp_path, source="mnist", download=False)


def test_fit_lowers_the_loss_and_keeps_all_curves() -> None:
    torch.manual_seed(0)
    digits = load_mnist_data(source="sklearn-digits").subset(400, 30)
    loaders = digit_loaders(digits)
    model = MLP([784, 32, 10])
    seen: list[int] = []
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    history = fit(
        model, loaders.train, loaders.validation, optimizer, 8, lambda e, _: seen.append(e)
    )
    assert seen == list(range(1, 9)) and {len(curve) for curve in history.values()} == {8}
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["val_accuracy"][-1] > 0.8


def test_a_loss_that_is_no_number_stops_training() -> None:
    model = MLP([2, 3])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batch = [(torch.full((1, 2), float("nan")), torch.tensor([0]))]
    with pytest.raises(TrainingError, match="batch 0"):
        train_epoch(model, batch, optimizer)
    with pytest.raises(ValueError, match="no sample"):
        train_epoch(model, [], optimizer)


def test_an_mlp_refuses_what_it_can_not_be() -> None:
    with pytest.raises(InputError, match="sizes"):
        MLP([3])
    with pytest.raises(InputError, match="activation 'step'"):
        MLP([3, 2], "step")  # type: ignore[arg-type]
    assert list(MLP([3, 5, 4, 2]).state_dict())[::2] == [
        "hidden1.weight",
        "hidden2.weight",
        "output.weight",
    ], "the names that are in the files"


def test_a_model_file_gives_the_model_back(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    model = MLP([4, 3, 2], "tanh")
    save_model(path, model, {"sizes": [4, 3, 2], "activation": "tanh", "note": "x"})
    loaded, facts = load_mlp(path)
    inputs = torch.randn(5, 4)
    assert torch.equal(loaded(inputs), model(inputs)) and facts["note"] == "x"


@pytest.mark.parametrize("damage", ["cut", "text", "other", "sizes", "missing"])
def test_a_file_that_is_no_model_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "model.pth"
    save_model(path, MLP([4, 3, 2]), {"sizes": [4, 3, 2], "activation": "relu"})
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:200])
    elif damage == "text":
        path.write_text("hello")
    elif damage == "other":
        torch.save({"weights": torch.ones(2)}, path)
    elif damage == "sizes":
        save_model(path, MLP([4, 3, 2]), {"sizes": [5, 3, 2], "activation": "relu"})
    else:
        path.unlink()
    with pytest.raises((CheckpointError, InputError), match=r"model\.pth"):
        load_mlp(path)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.pth"
    torch.save({"state": Path("x"), "facts": {}}, path)  # any object other than plain values
    with pytest.raises(CheckpointError, match="evil"):
        read_model_file(path)


def test_captions_belong_to_images() -> None:
    assert plot_digits(torch.rand(3, 1, 28, 28), ["a", "b", "c"]).startswith(b"\x89PNG")
    with pytest.raises(InputError, match="3 images and 1"):
        plot_digits(torch.rand(3, 1, 28, 28), ["a"])


def test_gradient_error_is_zero_for_equal_and_one_for_opposite() -> None:
    assert gradient_error([1, 2], [1, 2]) == 0 == gradient_error([0, 0], [0, 0])
    assert gradient_error([1, 2], [-1, -2]) == 1


@pytest.mark.parametrize("voice", [LOW_VOICE, HIGH_VOICE])
def test_a_vowel_has_its_pitch(voice: Voice, rng: np.random.Generator) -> None:
    sound = synthesize_vowel(voice, "ah", rng, 0.5).astype(float)
    assert sound.shape == (12_000,) and abs(sound.mean()) < 0.01 and np.abs(sound).max() <= 0.5
    lags = np.arange(SAMPLE_RATE // 400, SAMPLE_RATE // 80)
    found = [np.sum(sound[lag:] * sound[:-lag]) / (len(sound) - lag) for lag in lags]
    f0 = SAMPLE_RATE / lags[int(np.argmax(found))]
    assert f0 == pytest.approx(voice.f0_hz, rel=0.12)


def test_a_vowel_has_its_formants(rng: np.random.Generator) -> None:
    """The second formant: 2.3 kHz in "ee", 0.9 kHz in "oo"; the levels around there tell."""
    levels = {
        vowel: np.mean([band_levels(synthesize_vowel(LOW_VOICE, vowel, rng)) for _ in range(8)], 0)
        for vowel in ("ee", "oo")
    }
    difference = levels["ee"] - levels["oo"]
    assert difference[10:13].max() > 5 > -5 > difference[4]


def test_levels_do_not_depend_on_loudness(rng: np.random.Generator) -> None:
    sound = synthesize_vowel(HIGH_VOICE, "eh", rng)
    np.testing.assert_allclose(band_levels(sound), band_levels(0.1 * sound), atol=1e-4)
    with pytest.raises(InputError, match="known are"):
        synthesize_vowel(HIGH_VOICE, "uh", rng)


def test_vowel_data_is_complete_and_scaled_by_training_only(rng: np.random.Generator) -> None:
    data = vowel_data(draw_voices(3, rng), 2, rng, noise_db=-10)
    assert data.features.shape == (30, BANDS)
    assert np.bincount(data.vowels).tolist() == [6] * 5
    assert np.bincount(data.speakers).tolist() == [10] * 3
    train, other = standardize(data.features[:20], data.features[20:] + 5)
    np.testing.assert_allclose(train.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(train.std(0), 1, atol=1e-9)
    assert other.mean() > 0.2
