"""Whisper: from sound to text. Radford et al. 2022, "Robust speech recognition via ...".

The encoder reads a log-mel spectrogram of 30 seconds (16 kHz, 80 mel bins, 100 frames a second) as
1500 states; the decoder writes text tokens while it attends to them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from audio_utils import resample, split_at_pauses
from env_utils import InputError
from numpy.typing import NDArray

from hf_utils.loading import Source, load_or_build, quiet_transformers

WHISPER_RATE = 16_000  # Hz
WINDOW_SECONDS = 30.0  # what the encoder reads at once, filled up with silence
MODEL = "openai/whisper-tiny.en"


@dataclass(frozen=True)
class Whisper:
    """A Whisper model. ``tokenizer`` is ``None`` when the weights are random: see ``trained``."""

    model: Any
    features: Any  # WhisperFeatureExtractor
    tokenizer: Any
    source: Source

    @property
    def trained(self) -> bool:
        """False when the weights are random: then there are states, but no words."""
        return self.tokenizer is not None

    def log_mel(self, audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
        """What the encoder reads: ``(mel bins, 3000)`` for up to 30 seconds of mono ``audio (T,)``.

        Whisper's own mel (16 kHz, Slaney scale, log10, clamped to 8 below the maximum and scaled),
        not the ``AudioSpec`` of this house: the two must not be exchanged.
        """
        wave = _at_whisper_rate(audio, sample_rate)
        if len(wave) > WINDOW_SECONDS * WHISPER_RATE:
            raise InputError(
                f"{len(wave) / WHISPER_RATE:.1f} seconds: the encoder reads at most "
                f"{WINDOW_SECONDS:.0f} at once. Use transcribe, which cuts at pauses."
            )
        mel = self.features(wave, sampling_rate=WHISPER_RATE, return_tensors="np")
        return np.asarray(mel["input_features"][0], np.float32)

    @torch.no_grad()
    def states(self, audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
        """The encoder's output, ``(1500, width)``: one state for every 20 ms."""
        mel = torch.from_numpy(self.log_mel(audio, sample_rate))[None]
        encoder = self.model.get_encoder()
        return np.asarray(encoder(mel).last_hidden_state[0].numpy(), np.float32)

    @torch.no_grad()
    def transcribe(self, audio: NDArray[np.float32], sample_rate: int) -> str:
        """The words in mono ``audio (T,)`` of any length; longer recordings are cut at pauses.

        Raises ``InputError`` when the weights are random (it would be noise in the form of words),
        or when the recording is empty.
        """
        if not self.trained:
            raise InputError(
                f"there are no trained weights of {MODEL} here, and random ones know no words. "
                "Connect to the internet once; the model is then kept in the cache."
            )
        parts = [audio]
        if len(audio) > WINDOW_SECONDS * sample_rate:
            parts = _windows(audio, sample_rate)
        texts = []
        for part in parts:
            mel = torch.from_numpy(self.log_mel(part, sample_rate))[None]
            tokens = self.model.generate(mel, max_new_tokens=224)
            texts.append(self.tokenizer.decode(tokens[0], skip_special_tokens=True).strip())
        return " ".join(text for text in texts if text)


def _windows(audio: NDArray[np.float32], sample_rate: int) -> list[NDArray[np.float32]]:
    """Pieces of at most 30 seconds, cut at pauses where there are any."""
    spans = split_at_pauses(audio, sample_rate, max_seconds=WINDOW_SECONDS - 0.1)
    return [audio[int(start * sample_rate) : int(end * sample_rate)] for start, end in spans]


def _at_whisper_rate(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    if audio.ndim != 1 or not len(audio):
        raise InputError(f"Whisper wants mono samples (T,), not an array of {audio.shape}.")
    return resample(audio, sample_rate, WHISPER_RATE)


def load_whisper(
    name: str = MODEL, *, seed: int = 0, say: Callable[[str], None] = print
) -> Whisper:
    """Whisper with its published weights, else a small one with random weights, which is said."""
    loaded = load_or_build(name, _load, lambda: _random(seed), say=say)
    model, features, tokenizer = loaded.value
    if not loaded.pretrained:
        say(f"({name}: random weights. It can encode, but it cannot transcribe.)")
    return Whisper(model, features, tokenizer, loaded.source)


def transcribe(audio: NDArray[np.float32], sample_rate: int, name: str = MODEL) -> str:
    """The words in a recording; see :meth:`Whisper.transcribe`. Loads the model for one call."""
    return load_whisper(name).transcribe(audio, sample_rate)


def _load(folder: Path) -> tuple[Any, Any, Any]:
    from transformers import AutoTokenizer, WhisperFeatureExtractor, WhisperForConditionalGeneration

    with quiet_transformers():
        model = WhisperForConditionalGeneration.from_pretrained(folder, local_files_only=True)
        features = WhisperFeatureExtractor.from_pretrained(folder, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return model.eval(), features, tokenizer


def _random(seed: int) -> tuple[Any, Any, None]:
    """A Whisper of the right shape, 64 wide, one layer on each side, that has learned nothing."""
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = WhisperForConditionalGeneration(
            WhisperConfig(
                vocab_size=128,
                d_model=64,
                encoder_layers=1,
                decoder_layers=1,
                encoder_attention_heads=2,
                decoder_attention_heads=2,
                encoder_ffn_dim=128,
                decoder_ffn_dim=128,
                pad_token_id=0,
                bos_token_id=1,
                eos_token_id=2,
                decoder_start_token_id=1,
                suppress_tokens=None,
                begin_suppress_tokens=None,
            )
        )
    return model.eval(), WhisperFeatureExtractor(), None
