"""Codecs and Whisper with small random weights: what holds whatever the weights are."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from env_utils import InputError
from hf_utils import Codec, MultiHeadAttention, Whisper, attention, load_codec, load_whisper, rotate
from hf_utils.codecs import HUB_NAMES


@pytest.fixture(autouse=True, scope="module")
def no_hub() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        yield


@pytest.fixture(scope="module", params=list(HUB_NAMES))
def codec(request: pytest.FixtureRequest) -> Codec:
    said: list[str] = []
    made = load_codec(request.param, say=said.append)
    if not made.trained:
        assert any("random weights" in line for line in said)
    return made


def sound(seconds: float, rate: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).normal(size=int(seconds * rate))).astype(np.float32)


def test_a_second_becomes_frames_and_frames_become_samples(codec: Codec) -> None:
    audio = sound(0.5, codec.sample_rate)[:-7]
    codes = codec.encode(audio, codec.sample_rate)
    frames = math.ceil(len(audio) / codec.hop_length)
    assert codes.shape == (codec.codebooks, frames) and codes.dtype == np.int64
    assert codes.min() >= 0 and codes.max() < codec.codebook_size
    assert len(np.unique(codes)) > 5
    back = codec.decode(codes)
    assert back.shape == (frames * codec.hop_length,) and back.dtype == np.float32
    assert np.isfinite(back).all() and np.abs(back).max() > 0


def test_the_same_sound_gives_the_same_codes_and_codes_the_same_sound(codec: Codec) -> None:
    audio = sound(0.3, codec.sample_rate)
    codes = codec.encode(audio, codec.sample_rate)
    assert (codec.encode(audio, codec.sample_rate) == codes).all()
    assert (codec.decode(codes) == codec.decode(codes)).all()
    other = codec.encode(sound(0.3, codec.sample_rate, seed=1), codec.sample_rate)
    assert (other != codes).any()


def test_coarse_codebooks_come_first_and_cost_less(codec: Codec) -> None:
    audio = sound(0.3, codec.sample_rate)
    assert (
        codec.encode(audio, codec.sample_rate, codebooks=2)
        == codec.encode(audio, codec.sample_rate)[:2]
    ).all()
    assert codec.bits_per_second(2) == pytest.approx(codec.bits_per_second() * 2 / codec.codebooks)


def test_another_sample_rate_is_the_same_duration(codec: Codec) -> None:
    codes = codec.encode(sound(0.4, 16_000), 16_000)
    assert abs(codes.shape[1] - 0.4 * codec.frame_rate) < 1.01


def test_what_is_no_code_and_no_sound_is_refused(codec: Codec) -> None:
    with pytest.raises(InputError, match="mono"):
        codec.encode(np.zeros((2, 100), np.float32), 24_000)
    with pytest.raises(InputError, match="codebooks"):
        codec.encode(sound(0.1, 24_000), 24_000, codebooks=codec.codebooks + 1)
    with pytest.raises(InputError, match="run from 0"):
        codec.decode(np.full((1, 3), codec.codebook_size))
    with pytest.raises(InputError, match="codes must be"):
        codec.decode(np.zeros(3, np.int64))


def test_an_unknown_codec_is_a_sentence() -> None:
    with pytest.raises(InputError, match="encodec, dac, mimi"):
        load_codec("opus")


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    return load_whisper(say=lambda _: None)


def test_whisper_reads_thirty_seconds_as_fifteen_hundred_states(whisper: Whisper) -> None:
    audio = sound(1.0, 24_000)
    mel = whisper.log_mel(audio, 24_000)
    assert mel.shape == (80, 3000) and np.isfinite(mel).all()
    assert mel.max() - mel.min() <= 2.0 + 1e-5  # eight decades below the maximum, divided by four
    states = whisper.states(audio, 24_000)
    assert states.shape[0] == 1500 and np.isfinite(states).all()


def test_random_weights_do_not_pretend_to_transcribe(whisper: Whisper) -> None:
    if whisper.trained:
        pytest.skip("the published weights are in the cache of this machine")
    with pytest.raises(InputError, match="random ones know no words"):
        whisper.transcribe(sound(1.0, 16_000), 16_000)


def test_long_recordings_are_cut_and_the_texts_joined() -> None:
    """Two bursts of 20 seconds with a pause between them: two windows, in order."""

    class Words:
        def decode(self, tokens: torch.Tensor, **_: object) -> str:
            return f" {int(tokens[0])} "

    class Model:
        def __init__(self) -> None:
            self.calls = 0

        def generate(self, mel: torch.Tensor, **_: object) -> torch.Tensor:
            assert mel.shape == (1, 80, 3000)
            self.calls += 1
            return torch.tensor([[self.calls]])

    rate = 16_000
    burst = sound(20.0, rate) * np.repeat(np.tile([1.0, 0.3], 20), rate // 2).astype(np.float32)
    audio = np.concatenate([burst, np.zeros(rate, np.float32), burst])
    features = load_whisper(say=lambda _: None).features
    text = Whisper(Model(), features, Words(), "cache").transcribe(audio, rate)
    assert text == "1 2"


def test_too_long_and_empty_are_refused(whisper: Whisper) -> None:
    with pytest.raises(InputError, match="at most 30"):
        whisper.log_mel(sound(31.0, 8_000), 8_000)
    with pytest.raises(InputError, match="mono"):
        whisper.log_mel(np.zeros(0, np.float32), 16_000)


def test_attention_refuses_what_would_become_nan() -> None:
    x = torch.randn(2, 3, 4)
    with pytest.raises(InputError, match="without any key"):
        attention(x, x, x, torch.zeros(3, 3, dtype=torch.bool))
    with pytest.raises(InputError, match="heads"):
        MultiHeadAttention(10, 3)
    with pytest.raises(InputError, match="odd"):
        rotate(torch.randn(2, 3), torch.arange(2))
