"""Speech is found at any level and above noise; nothing that was said is cut away."""

from __future__ import annotations

import numpy as np
import pytest
from audio_utils import split_at_pauses, trim_silence, voice_activity
from hypothesis import given, settings
from hypothesis import strategies as st

RATE = 24_000


def truth(spans: list[tuple[float, float]], frames: int) -> np.ndarray:
    centres = (np.arange(frames) + 0.5) * 0.01
    return np.any([(centres > start) & (centres < end) for start, end in spans], axis=0)


@given(level_db=st.floats(-40, 6), snr_db=st.floats(20, 60), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_found_at_any_level_over_any_usual_noise(
    spoken, spoken_spans, level_db: float, snr_db: float, seed: int
) -> None:
    noise = np.random.default_rng(seed).standard_normal(len(spoken))
    power = np.mean(spoken[int(0.5 * RATE) : int(2.5 * RATE)] ** 2)
    noisy = spoken + noise * np.sqrt(power / 10 ** (snr_db / 10))
    signal = np.clip(noisy * 2 * 10 ** (level_db / 20), -1, 1).astype(np.float32)
    active = voice_activity(signal, RATE)
    assert active.shape == (-(-len(signal) // 240),)
    assert (active != truth(spoken_spans, len(active))).mean() < 0.08


@pytest.mark.parametrize("kind", ["noise", "hum", "silence", "click"])
def test_what_is_not_speech_is_not_active(kind: str, rng) -> None:
    signal = {
        "noise": 0.1 * rng.standard_normal(3 * RATE),
        "hum": 0.1 * np.sin(2 * np.pi * 50 * np.arange(3 * RATE) / RATE),
        "silence": np.zeros(3 * RATE),
        "click": np.eye(1, 3 * RATE, RATE)[0],
    }[kind].astype(np.float32)
    assert voice_activity(signal, RATE).mean() == 0
    assert trim_silence(signal, RATE).size == 0
    assert split_at_pauses(signal, RATE, 10) == []


def test_a_constant_offset_changes_nothing(spoken) -> None:
    shifted = voice_activity(spoken + np.float32(0.1), RATE)
    assert (voice_activity(spoken, RATE) != shifted).mean() < 0.02


@given(before=st.floats(0, 2), after=st.floats(0, 2), keep=st.floats(0, 0.3))
@settings(max_examples=25, deadline=None)
def test_trimming_keeps_all_speech_and_the_silence_asked_for(
    spoken, before: float, after: float, keep: float
) -> None:
    speech = spoken[int(0.5 * RATE) : int(4.7 * RATE)]
    padding = [np.zeros(int(seconds * RATE), np.float32) for seconds in (before, after)]
    trimmed = trim_silence(np.concatenate([padding[0], speech, padding[1]]), RATE, keep)
    missing = len(speech) - len(trimmed)
    assert missing < 0.06 * RATE, "onsets and tails may lose a few weak hundredths of a second"
    assert len(trimmed) <= len(speech) + (2 * keep + 0.12) * RATE
    assert np.sum(trimmed**2) > 0.999 * np.sum(speech**2)


def test_trimming_twice_changes_nothing(spoken) -> None:
    once = trim_silence(spoken, RATE)
    assert abs(len(trim_silence(once, RATE)) - len(once)) <= 0.02 * RATE


@given(limit=st.floats(1.0, 20.0), repeats=st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_pieces_are_short_ordered_and_lose_no_speech(spoken, limit: float, repeats: int) -> None:
    signal = np.tile(spoken, repeats)
    pieces = split_at_pauses(signal, RATE, limit)
    kept = np.zeros(len(signal), bool)
    for (start, end), following in zip(pieces, [*pieces[1:], (np.inf, np.inf)], strict=True):
        assert 0 <= start < end <= len(signal) / RATE + 1e-6
        assert end - start <= limit + 1e-6 and end <= following[0] + 1e-6
        kept[round(start * RATE) : round(end * RATE)] = True
    assert np.sum(signal[~kept] ** 2) < 2e-3 * np.sum(signal**2)


def test_the_cut_lies_in_the_pause(spoken) -> None:
    pieces = split_at_pauses(spoken, RATE, 3.0)
    assert len(pieces) == 2
    assert 2.5 <= pieces[0][1] <= pieces[1][0] <= 3.2


def test_long_recordings_with_a_rising_noise_floor(spoken, spoken_spans, rng) -> None:
    signal = np.tile(spoken, 14)  # 74 s
    noise = rng.standard_normal(len(signal)) * np.geomspace(3e-4, 3e-3, len(signal))
    active = voice_activity((signal + noise).astype(np.float32), RATE)
    spans = [(a + i * 5.3, b + i * 5.3) for i in range(14) for a, b in spoken_spans]
    assert (active != truth(spans, len(active))).mean() < 0.1
    assert max(end - start for start, end in split_at_pauses(signal, RATE, 12)) <= 12


@pytest.mark.parametrize("samples", [0, 1, 100, 240, 241])
def test_very_short_signals(samples: int) -> None:
    signal = np.full(samples, 0.1, np.float32)
    assert voice_activity(signal, RATE).shape == (-(-samples // 240),)
    assert trim_silence(signal, RATE).size <= samples
