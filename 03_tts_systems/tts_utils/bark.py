"""Bark (Suno, 2023): speech as a language model over audio codes, in three steps.

A GPT turns text into semantic tokens, a second one those into the coarse codes of a neural codec
(EnCodec), a third model adds the fine ones; the codec's decoder makes the sound. It samples, so it
says the same sentence differently every time, and now and then says something else. 24 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from env_utils import InputError

from tts_utils.hub import load_pretrained, require_packages, require_weights
from tts_utils.protocol import Audio
from tts_utils.text_pieces import split_pieces
from tts_utils.wav import join_with_pauses

MODEL = "suno/bark-small"
SIZE = "about 1.7 GB"
LANGUAGES = ("en", "de", "es", "fr", "hi", "it", "ja", "ko", "pl", "pt", "ru", "tr", "zh")
VOICES = tuple(f"v2/{language}_speaker_{n}" for language in LANGUAGES for n in range(10))
DEFAULT_VOICE = "v2/en_speaker_6"
LONGEST = 180  # characters: one call makes at most about 14 s of sound and then stops
PAUSE_SECONDS = 0.15
_INSTALL = 'pip install "voice-cloning-pipeline[hf]"'


@dataclass(frozen=True)
class BarkParts:
    """What speaks: the processor (tokenizer and voice prompts) and the model."""

    processor: Any
    model: Any


class BarkEngine:
    """Bark as an engine. ``parts`` are loaded when it first speaks, unless they are given."""

    name = "bark"
    sample_rate = 24_000

    def __init__(self, parts: BarkParts | None = None) -> None:
        if parts is None:
            require_packages(self.name, ("transformers",), _INSTALL)
        self._given = parts

    @cached_property
    def parts(self) -> BarkParts:
        """The loaded parts. Raises ``MissingDependencyError`` when weights cannot be had."""
        return self._given or _load_parts()

    def voices(self) -> list[str]:
        """Ten prompts a language. ``MissingDependencyError``: the weights cannot be had."""
        if self._given is None:
            require_weights(self.name, (MODEL,), SIZE)
        return [DEFAULT_VOICE, *(voice for voice in VOICES if voice != DEFAULT_VOICE)]

    def synthesize(self, text: str, voice: str | None = None) -> Audio:
        """Speak ``text``, piece by piece: ``(T,)`` float32 at 24 kHz. Random: seed torch first."""
        pieces = split_pieces(text, LONGEST) if any(map(str.isalnum, text)) else []
        if not pieces:
            raise InputError("bark: the text holds nothing that can be spoken.")
        chosen = voice or DEFAULT_VOICE
        if chosen not in self.voices():
            raise InputError(f"bark has no voice '{chosen}'. One it has is {DEFAULT_VOICE}.")
        spoken = [Audio(self._speak(piece, chosen), self.sample_rate) for piece in pieces]
        return join_with_pauses(spoken, [PAUSE_SECONDS] * (len(spoken) - 1) + [0.0])

    def _speak(self, text: str, voice: str) -> npt.NDArray[np.float32]:
        import torch

        inputs = self.parts.processor(text, voice_preset=voice).to(self.parts.model.device)
        with torch.inference_mode():
            audio = self.parts.model.generate(**inputs)
        return np.asarray(audio.float().cpu().numpy(), dtype=np.float32).reshape(-1)


def _load_parts() -> BarkParts:
    from dl_utils import get_device
    from transformers import BarkModel, BarkProcessor

    model = load_pretrained(
        BarkEngine.name,
        MODEL,
        SIZE,
        lambda local: BarkModel.from_pretrained(MODEL, local_files_only=local),
    )
    # From a folder, because the processor would ask the hub again for every voice prompt.
    folder = load_pretrained(BarkEngine.name, MODEL, SIZE, _processor_folder)
    processor = BarkProcessor.from_pretrained(folder, local_files_only=True)
    return BarkParts(processor, model.eval().to(get_device()))


def _processor_folder(local_files_only: bool) -> str:
    from huggingface_hub import snapshot_download

    patterns = ["*.json", "*.txt", "speaker_embeddings/v2/*"]
    folder = snapshot_download(MODEL, allow_patterns=patterns, local_files_only=local_files_only)
    if not (Path(folder) / "speaker_embeddings" / "v2").is_dir():
        raise FileNotFoundError(f"{folder} has no voice prompts")
    return str(folder)
