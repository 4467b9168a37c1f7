"""Loudness against the numbers of ITU-R BS.1770-4 and EBU Tech 3341."""

from __future__ import annotations

import numpy as np
import pytest
from audio_utils import loudness_lufs, normalize_loudness, rms_dbfs
from audio_utils.loudness import SILENCE_LUFS, _k_filter
from env_utils import InputError
from hypothesis import given, settings
from hypothesis import strategies as st


def tone(seconds: float, dbfs: float, hz: float = 997.0, rate: int = 24_000) -> np.ndarray:
    """A sine whose peak lies at ``dbfs``."""
    time = np.arange(int(seconds * rate)) / rate
    return (10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * time)).astype(np.float32)


@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_full_scale_997_hz_is_minus_3_01(rate: int) -> None:
    assert loudness_lufs(tone(3, 0.0, rate=rate), rate) == pytest.approx(-3.01, abs=0.01)


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000])
def test_lower_rates_stay_within_a_tenth(rate: int) -> None:
    assert loudness_lufs(tone(3, -20.0, rate=rate), rate) == pytest.approx(-23.01, abs=0.1)


def test_filter_is_the_one_printed_in_the_standard() -> None:
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    shelf += [1.0, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(_k_filter(48_000), [shelf, high_pass], atol=2e-6)


# EBU Tech 3341, cases 3 to 5. They are stereo: one channel alone needs 3.01 dB more.
@pytest.mark.parametrize(
    "parts",
    [
        [(10, -36), (60, -23), (10, -36)],
        [(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)],
        [(20, -26), (20.1, -20), (20, -26)],
    ],
)
def test_gates_leave_out_silence_and_quiet_passages(parts: list[tuple[float, float]]) -> None:
    signal = np.concatenate([tone(seconds, dbfs + 3.01, 1000.0) for seconds, dbfs in parts])
    assert loudness_lufs(signal, 24_000) == pytest.approx(-23.0, abs=0.1)


def test_low_frequencies_count_less_and_high_ones_more() -> None:
    low, middle, high = (loudness_lufs(tone(2, -20, hz), 24_000) for hz in (30, 1000, 4000))
    assert low < middle - 6 and middle + 2 < high < middle + 4.5


def test_pauses_do_not_make_speech_quieter(spoken) -> None:
    quiet = np.concatenate([spoken, np.zeros(10 * 24_000, np.float32)])
    assert loudness_lufs(quiet, 24_000) == pytest.approx(loudness_lufs(spoken, 24_000), abs=0.3)


def test_silence_empty_and_very_short() -> None:
    assert loudness_lufs(np.zeros(24_000, np.float32), 24_000) == SILENCE_LUFS
    assert loudness_lufs(np.zeros(0, np.float32), 24_000) == SILENCE_LUFS
    assert loudness_lufs(tone(0.1, -20.0), 24_000) == pytest.approx(-23, abs=1.0)
    assert rms_dbfs(np.zeros(10, np.float32)) == rms_dbfs(np.zeros(0, np.float32)) == -120.0
    assert rms_dbfs(np.ones(10, np.float32)) == pytest.approx(0.0)


@given(gain_db=st.floats(-45, 20), target=st.floats(-40, -18))
@settings(max_examples=30, deadline=None)
def test_normalizing_reaches_the_target_or_the_peak(gain_db: float, target: float) -> None:
    signal = tone(1.0, -20.0) * np.float32(10 ** (gain_db / 20))
    result = normalize_loudness(signal, 24_000, target_lufs=target, peak=0.5)
    reached = loudness_lufs(result, 24_000) == pytest.approx(target, abs=0.02)
    assert np.abs(result).max() <= 0.5001
    assert reached or np.abs(result).max() == pytest.approx(0.5, abs=1e-4)
    again = normalize_loudness(result, 24_000, target_lufs=target, peak=0.5)
    np.testing.assert_allclose(again, result, atol=1e-4)


def test_silence_stays_silence_and_nan_is_refused() -> None:
    silence = np.zeros(24_000, np.float32)
    assert (normalize_loudness(silence, 24_000) == 0).all()
    with pytest.raises(InputError, match="NaN"):
        normalize_loudness(np.full(1000, np.nan, np.float32), 24_000)
