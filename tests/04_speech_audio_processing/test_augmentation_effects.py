"""Every effect does what its numbers say, and the mixture is the same under the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from audio_utils import (
    AugmentConfig,
    Augmenter,
    add_noise,
    change_gain,
    change_tempo,
    f0_contour,
    low_pass,
    pitch_shift,
    rms_dbfs,
    room_reverb,
    telephone_band,
)
from audio_utils.augment import babble_noise, pink_noise, room_response, white_noise
from env_utils import ConfigError, InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

RATE = 24_000


def band_db(audio: np.ndarray, low: float, high: float) -> float:
    """Mean power between two frequencies, in dB (windowed: the signal's ends are no sound)."""
    power = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
    hz = np.fft.rfftfreq(len(audio), 1 / RATE)
    return float(10 * np.log10(power[(hz >= low) & (hz < high)].mean() + 1e-20))


@given(snr_db=st.floats(-20, 60), kind=st.sampled_from(["white", "pink", "babble"]))
@settings(max_examples=25, deadline=None)
def test_the_snr_asked_for_is_the_snr_made(spoken, snr_db: float, kind: str) -> None:
    rng = np.random.default_rng(3)
    noise = {
        "white": lambda: white_noise(len(spoken), rng),
        "pink": lambda: pink_noise(len(spoken) // 3, rng),  # shorter: it is repeated
        "babble": lambda: babble_noise([spoken, spoken[::-1]], len(spoken), rng),
    }[kind]()
    noisy = add_noise(spoken, noise, snr_db)
    added = noisy.astype(np.float64) - spoken
    measured = 10 * np.log10(np.mean(spoken.astype(np.float64) ** 2) / np.mean(added**2))
    assert noisy.shape == spoken.shape
    assert measured == pytest.approx(snr_db, abs=0.5)


def test_pink_noise_falls_by_3_db_per_octave(rng) -> None:
    noise = pink_noise(10 * RATE, rng)
    levels = [band_db(noise, low, 2 * low) for low in (100, 200, 400, 800, 1600, 3200)]
    np.testing.assert_allclose(np.diff(levels), -3.01, atol=0.6)
    assert noise.std() == pytest.approx(1, abs=0.01)


@given(gain_db=st.floats(-60, 30))
@settings(max_examples=20, deadline=None)
def test_gain_is_exact_and_can_be_undone(spoken, gain_db: float) -> None:
    louder = change_gain(spoken, gain_db)
    assert rms_dbfs(louder) - rms_dbfs(spoken) == pytest.approx(gain_db, abs=0.01)
    np.testing.assert_allclose(change_gain(louder, -gain_db), spoken, atol=1e-5)


@given(factor=st.floats(0.5, 2.0), samples=st.integers(0, 20_000))
@settings(max_examples=25, deadline=None)
def test_tempo_changes_the_length_exactly(spoken, factor: float, samples: int) -> None:
    audio = spoken[12_000 : 12_000 + samples]
    result = change_tempo(audio, RATE, factor)
    assert len(result) == round(samples / factor)
    assert np.abs(result).max(initial=0) <= 1.05 * np.abs(audio).max(initial=0)


@pytest.mark.parametrize("factor", [0.7, 0.9, 1.15, 1.6])
def test_tempo_keeps_pitch_level_and_the_order_of_events(
    spoken, spoken_spans, factor: float
) -> None:
    result = change_tempo(spoken, RATE, factor)
    before, after = f0_contour(spoken), f0_contour(result)
    assert np.median(after[after > 0]) == pytest.approx(np.median(before[before > 0]), rel=0.02)
    assert rms_dbfs(result) == pytest.approx(rms_dbfs(spoken), abs=0.7)
    start, end = (round(seconds * RATE / factor) for seconds in (2.6, 3.1))
    assert np.abs(result[start:end]).max() < 1e-3, "the pause is where it belongs"
    for begin, finish in spoken_spans:
        part = result[round(begin * RATE / factor) : round(finish * RATE / factor)]
        assert rms_dbfs(part) > -25


@pytest.mark.parametrize("semitones", [-7.0, -2.0, 1.0, 4.0, 12.0])
def test_pitch_moves_by_the_semitones_at_the_same_length(spoken, semitones: float) -> None:
    audio = spoken[: int(2.6 * RATE)]
    shifted = pitch_shift(audio, RATE, semitones)
    assert shifted.shape == audio.shape and shifted.dtype == np.float32
    before, after = f0_contour(audio), f0_contour(shifted)
    moved = 12 * np.log2(np.median(after[after > 0]) / np.median(before[before > 0]))
    assert moved == pytest.approx(semitones, abs=0.35)


def test_factors_that_make_no_sense_are_refused(spoken, rng) -> None:
    for call in (
        lambda: change_tempo(spoken, RATE, 0.4),
        lambda: pitch_shift(spoken, RATE, 13),
        lambda: add_noise(spoken, np.zeros(0, np.float32), 10),
        lambda: babble_noise([np.zeros(100, np.float32)], 100, rng),
        lambda: room_reverb(spoken, RATE, 0.0, 3, rng),
        lambda: low_pass(spoken, RATE, -1),
    ):
        with pytest.raises(InputError):
            call()


@pytest.mark.parametrize("rt60", [0.2, 0.5, 1.2])
@pytest.mark.parametrize("direct_db", [-3.0, 6.0])
def test_a_room_has_its_reverberation_time_and_direct_sound(
    rng, rt60: float, direct_db: float
) -> None:
    response = room_response(RATE, rt60, direct_db, rng).astype(np.float64)
    ratio = 10 * np.log10(response[0] ** 2 / np.sum(response[1:] ** 2))
    assert ratio == pytest.approx(direct_db, abs=0.1)
    # Schroeder (1965): the energy still to come, in dB, falls along a line.
    tail = response[int(0.01 * RATE) :]
    decay = 10 * np.log10(np.cumsum(tail[::-1] ** 2)[::-1] / np.sum(tail**2))
    first, last = np.argmax(decay < -5), np.argmax(decay < -25)
    assert (last - first) / RATE * 3 == pytest.approx(rt60, rel=0.12)


def test_reverb_keeps_length_level_and_onset(spoken, rng) -> None:
    wet = room_reverb(spoken, RATE, 0.4, 6.0, rng)
    assert wet.shape == spoken.shape
    assert rms_dbfs(wet) == pytest.approx(rms_dbfs(spoken), abs=0.01)
    onset = int(0.5 * RATE)
    assert np.abs(wet[: onset - 10]).max() < 1e-6, "nothing is heard before it is said"
    assert rms_dbfs(wet[int(2.55 * RATE) : int(2.7 * RATE)]) > -60, "the room rings on"


def test_telephone_and_low_pass_keep_their_band_only(rng) -> None:
    noise = white_noise(4 * RATE, rng) * np.float32(0.1)
    narrow, dull = telephone_band(noise, RATE), low_pass(noise, RATE, 4000)
    level = band_db(noise, 1000, 3000)
    for filtered, inside, outside in (
        (narrow, [(500, 3200)], [(20, 120), (3700, 12_000)]),
        (dull, [(20, 3800)], [(4300, 12_000)]),
    ):
        assert filtered.shape == noise.shape
        assert all(band_db(filtered, *band) == pytest.approx(level, abs=0.5) for band in inside)
        assert all(band_db(filtered, *band) < level - 70 for band in outside)
    impulse = np.zeros(RATE, np.float32)
    impulse[RATE // 2] = 1
    assert np.argmax(low_pass(impulse, RATE, 5000)) == RATE // 2, "no delay"
    np.testing.assert_array_equal(low_pass(noise, RATE, 12_000), noise)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_same_seed_same_samples_and_never_a_bad_one(spoken, seed: int) -> None:
    augmenter = Augmenter(AugmentConfig())
    audio = spoken[: 2 * RATE]
    first, again = (augmenter.apply(audio, RATE, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.dtype == np.float32 and np.isfinite(first).all()
    assert 0.9 * len(audio) / 1.1 < len(first) < 1.1 * len(audio) / 0.9


def test_the_input_is_left_alone_and_seeds_differ(spoken) -> None:
    audio, copy = spoken[:RATE], spoken[:RATE].copy()
    augmenter = Augmenter(AugmentConfig(noise_probability=1.0))
    results = [augmenter.apply(audio, RATE, np.random.default_rng(seed)) for seed in range(4)]
    np.testing.assert_array_equal(audio, copy)
    assert len({result.tobytes() for result in results}) == 4


def test_all_off_is_the_identity_and_all_on_does_everything(spoken, rng) -> None:
    names = ["pitch", "tempo", "reverb", "noise", "telephone", "low_pass", "gain"]
    off = AugmentConfig(**{f"{name}_probability": 0.0 for name in names})
    result, done = Augmenter(off).apply_described(spoken, RATE, rng)
    np.testing.assert_array_equal(result, spoken)
    assert done == {}
    on = AugmentConfig(**{f"{name}_probability": 1.0 for name in names}, noise_kinds=("babble",))
    result, done = Augmenter(on, babble=[spoken]).apply_described(spoken, RATE, rng)
    assert set(done) == {
        "pitch_semitones", "tempo_factor", "reverb_rt60_seconds", "reverb_direct_db",
        "noise_kind", "noise_snr_db", "telephone", "low_pass_hz", "gain_db",
    }  # fmt: skip
    assert -2 <= done["pitch_semitones"] <= 2 and 0.9 <= done["tempo_factor"] <= 1.1


def test_gain_never_makes_it_clip(spoken) -> None:
    config = AugmentConfig(gain_probability=1.0, gain_db=(40.0, 40.0))
    for seed in range(5):
        loud = Augmenter(config).apply(spoken, RATE, np.random.default_rng(seed))
        assert np.abs(loud).max() <= 1.0001


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"pich_probability": 0.1}, "pich_probability"),
        ({"gain_probability": 1.5}, "gain_probability"),
        ({"tempo_factor": (1.1, 0.9)}, "tempo_factor"),
        ({"pitch_semitones": (-20, 2)}, "pitch_semitones"),
        ({"noise_kinds": ("rain",)}, "noise_kinds"),
    ],
)
def test_a_wrong_setting_is_named(setting: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AugmentConfig(**setting)


def test_babble_without_recordings_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="babble"):
        Augmenter(AugmentConfig(noise_kinds=("white", "babble")))
