"""The average spectrum of a voice: measured, compared, and given to what is spoken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC, f0_contour, load_audio, mel_spectrogram
from audio_utils.mel import mel_centers_hz
from env_utils import InputError
from text_utils import pronounce
from voice_replication import voice_files
from voice_replication.synthesizer.average_spectrum import (
    VOICING_FRAMES,
    Correction,
    correction,
    measure_timbre,
)
from voice_replication.synthesizer.inference import Synthesizer
from voice_replication.timbre import Timbre
from voice_replication.voices import VoiceStore

TEXT = "Seven boats were waiting in the harbor while the fog went slowly out to sea."


@pytest.fixture(scope="module")
def recording() -> tuple[np.ndarray, np.ndarray]:
    """Mel and pitch of a sample voice's reference."""
    audio = load_audio(VoiceStore().samples / "clara" / "reference.flac")
    return mel_spectrogram(audio, DEFAULT_SPEC), f0_contour(audio, DEFAULT_SPEC)


def tilted(mel: np.ndarray, nats: float) -> np.ndarray:
    """``mel`` as a microphone hears it that favors high bins, by ``nats`` from end to end."""
    return mel + np.linspace(-nats / 2, nats / 2, len(mel), dtype=np.float32)[:, None]


def test_the_difference_of_two_microphones_is_found(recording: tuple) -> None:
    mel, f0_hz = recording
    plain, bright = measure_timbre([mel], [f0_hz]), measure_timbre([tilted(mel, 3.0)], [f0_hz])
    assert plain is not None and bright is not None
    changed = correction(bright, plain).apply(mel, f0_hz)
    after = measure_timbre([changed], [f0_hz])
    assert after is not None
    shape = [row - row.mean() for row in (plain.voiced, bright.voiced, after.voiced)]
    before_off, after_off = np.abs(shape[0] - shape[1]).mean(), np.abs(shape[2] - shape[1]).mean()
    assert before_off > 0.5
    assert after_off < 0.25 * before_off


def test_a_voice_that_already_sounds_right_is_left_alone(recording: tuple) -> None:
    mel, f0_hz = recording
    timbre = measure_timbre([mel], [f0_hz])
    assert timbre is not None
    change = correction(timbre, timbre)
    np.testing.assert_allclose(change.apply(mel, f0_hz), mel, atol=1e-4)


def test_a_difference_within_the_error_of_the_mean_changes_nothing(recording: tuple) -> None:
    mel, f0_hz = recording
    known = measure_timbre([mel], [f0_hz])
    assert known is not None
    noise = np.random.default_rng(1).normal(size=known.voiced.shape).astype(np.float32)
    other = Timbre(known.voiced + 0.5 * known.error * noise, *known.to_array()[1:])
    assert np.abs(correction(other, known).offset).max() < 0.02


def test_a_telephone_says_nothing_about_what_it_does_not_carry(recording: tuple) -> None:
    mel, f0_hz = recording
    narrow = measure_timbre([tilted(mel, 3.0)], [f0_hz], bandwidth_hz=3400.0)
    plain = measure_timbre([mel], [f0_hz])
    assert narrow is not None and plain is not None
    change = correction(narrow, plain)
    far = mel_centers_hz(DEFAULT_SPEC) > 5000.0
    assert np.abs(change.offset[: len(narrow.voiced)]).max() > 0.3
    np.testing.assert_array_equal(change.offset[far], 0.0)
    np.testing.assert_array_equal(change.ratio[far], 1.0)


def test_voiced_frames_are_stretched_and_unvoiced_ones_stay(recording: tuple) -> None:
    """The spread is that of voiced frames; a hiss stays as it is."""
    mel, _ = recording
    nothing = Correction.nothing()
    livelier = replace(nothing, center=mel.mean(axis=1), ratio=1.3 * nothing.ratio)
    unvoiced, voiced = np.zeros(mel.shape[1], np.float32), np.full(mel.shape[1], 200.0, np.float32)
    np.testing.assert_allclose(livelier.apply(mel, unvoiced), mel, atol=1e-4)
    inside = slice(VOICING_FRAMES, -VOICING_FRAMES)
    center = mel.mean(axis=1, keepdims=True)
    wide = np.maximum(center + 1.3 * (mel - center), np.log(DEFAULT_SPEC.log_floor))
    np.testing.assert_allclose(livelier.apply(mel, voiced)[:, inside], wide[:, inside], atol=1e-4)


def test_too_little_speech_has_no_timbre(recording: tuple) -> None:
    mel, f0_hz = recording
    assert measure_timbre([mel[:, :40]], [f0_hz[:40]]) is None
    assert measure_timbre([mel], [np.zeros_like(f0_hz)]) is None  # a whisper


def test_the_shipped_synthesizer_speaks_with_the_timbre_that_it_is_given(recording: tuple) -> None:
    mel, f0_hz = recording
    wanted = measure_timbre([tilted(mel, -2.0)], [f0_hz])
    assert wanted is not None
    synthesizer, voice = Synthesizer.load(), VoiceStore().get("clara")
    distances = []
    for timbre in (None, wanted):
        spoken = synthesizer.synthesize(pronounce(TEXT), voice.embedding, timbre=timbre)
        assert spoken.f0_hz is not None
        heard = measure_timbre([spoken.mel], [spoken.f0_hz])
        assert heard is not None
        rows = [row - row.mean() for row in (heard.voiced, wanted.voiced)]
        distances.append(float(np.abs(rows[0] - rows[1]).mean()))
    assert distances[1] < 0.6 * distances[0]


def test_it_is_stored_with_the_voice_and_checked(recording: tuple, tmp_path: Path) -> None:
    import dataclasses

    mel, f0_hz = recording
    timbre = measure_timbre([mel], [f0_hz])
    assert timbre is not None
    voice = dataclasses.replace(VoiceStore().get("ada"), name="other", timbre=timbre, sample=False)
    voice_files.pack(voice, tmp_path / "a.voice")
    back = voice_files.unpack(tmp_path / "a.voice", tmp_path)
    assert back.timbre is not None
    np.testing.assert_array_equal(back.timbre.to_array(), timbre.to_array())
    with pytest.raises(InputError, match=r"file\.x: the timbre"):
        Timbre.from_array(np.full((4, 80), np.nan, np.float32), "file.x")
    with pytest.raises(InputError, match="shape"):
        Timbre.from_array(np.zeros((2, 80), np.float32), "file.x")
    earlier = np.concatenate([timbre.to_array(), timbre.to_array()[:1]])  # with a row more
    np.testing.assert_array_equal(Timbre.from_array(earlier, "x").to_array(), timbre.to_array())
