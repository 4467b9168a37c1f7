"""SpeechT5 (J. Ao et al., ACL 2022): a transformer from letters to mel frames, and HiFi-GAN.

Spectrum frames are predicted one after another, with attention over the letters (like Tacotron 2,
with transformer layers in place of recurrent ones); an x-vector says whose voice it is. English,
16 kHz. The weights, and x-vectors of seven speakers of CMU ARCTIC, come from the hub (MIT licence).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from env_utils import InputError

from tts_utils.hub import load_pretrained, require_packages, require_weights
from tts_utils.protocol import Audio
from tts_utils.text_pieces import split_pieces
from tts_utils.wav import join_with_pauses

MODEL = "microsoft/speecht5_tts"
VOCODER = "microsoft/speecht5_hifigan"
SPEAKERS = "Matthijs/cmu-arctic-xvectors"  # a data set: one 512-number x-vector an utterance
SIZE = "about 0.7 GB"
VOICES = ("slt", "clb", "bdl", "rms", "jmk", "awb", "ksp")
LONGEST = 300  # characters a piece: the encoder was trained on sentences (at most 600 tokens)
PAUSE_SECONDS = 0.2
_INSTALL = 'pip install "voice-cloning-pipeline[hf]" sentencepiece'


@dataclass(frozen=True)
class SpeechT5Parts:
    """What speaks: tokenizer and model, the vocoder, and an x-vector ``(512,)`` a speaker."""

    processor: Any
    model: Any
    vocoder: Any
    speakers: Mapping[str, npt.NDArray[np.float32]]


class SpeechT5Engine:
    """SpeechT5 as an engine. ``parts`` are loaded when it first speaks, unless they are given."""

    name = "speecht5"
    sample_rate = 16_000

    def __init__(self, parts: SpeechT5Parts | None = None) -> None:
        if parts is None:
            require_packages(self.name, ("transformers", "sentencepiece"), _INSTALL)
        self._given = parts

    @cached_property
    def parts(self) -> SpeechT5Parts:
        """The loaded parts. Raises ``MissingDependencyError`` when weights cannot be had."""
        return self._given or _load_parts()

    def voices(self) -> list[str]:
        """Seven speakers. ``MissingDependencyError``: the weights cannot be had from here."""
        if self._given is not None:
            return list(self._given.speakers)
        require_weights(self.name, (MODEL, VOCODER), SIZE)
        return list(VOICES)

    def synthesize(self, text: str, voice: str | None = None) -> Audio:
        """Speak English ``text``, sentence by sentence: ``(T,)`` float32 at 16 kHz."""
        pieces = split_pieces(text, LONGEST) if any(map(str.isalnum, text)) else []
        if not pieces:
            raise InputError("speecht5: the text holds nothing that can be spoken.")
        voices = self.voices()
        chosen = voice or voices[0]
        if chosen not in voices:
            raise InputError(f"speecht5 has no voice '{chosen}'. It has {', '.join(voices)}.")
        spoken = [Audio(self._speak(piece, chosen), self.sample_rate) for piece in pieces]
        pauses = [PAUSE_SECONDS] * (len(spoken) - 1) + [0.0]
        return join_with_pauses(spoken, pauses)

    def _speak(self, text: str, voice: str) -> npt.NDArray[np.float32]:
        import torch

        parts, device = self.parts, self.parts.model.device
        tokens = parts.processor(text=text, return_tensors="pt")["input_ids"].to(device)
        x_vector = torch.from_numpy(parts.speakers[voice]).float().unsqueeze(0).to(device)
        with torch.inference_mode():
            audio = parts.model.generate_speech(tokens, x_vector, vocoder=parts.vocoder)
        return np.asarray(audio.float().cpu().numpy(), dtype=np.float32).reshape(-1)


def _load_parts() -> SpeechT5Parts:
    from dl_utils import get_device
    from transformers import SpeechT5ForTextToSpeech, SpeechT5HifiGan, SpeechT5Processor

    name, device = SpeechT5Engine.name, get_device()

    def fetched(kind: Any, repository: str) -> Any:
        return load_pretrained(
            name,
            repository,
            SIZE,
            lambda local: kind.from_pretrained(repository, local_files_only=local),
        )

    processor = fetched(SpeechT5Processor, MODEL)
    model = fetched(SpeechT5ForTextToSpeech, MODEL).eval().to(device)
    vocoder = fetched(SpeechT5HifiGan, VOCODER).eval().to(device)
    return SpeechT5Parts(processor, model, vocoder, _load_speakers())


def _load_speakers() -> dict[str, npt.NDArray[np.float32]]:
    from huggingface_hub import hf_hub_download

    path = load_pretrained(
        SpeechT5Engine.name,
        SPEAKERS,
        "about 20 MB",
        lambda local: hf_hub_download(
            SPEAKERS, "spkrec-xvect.zip", repo_type="dataset", local_files_only=local
        ),
    )
    with zipfile.ZipFile(path) as archive:
        return read_x_vectors(archive)


def read_x_vectors(archive: zipfile.ZipFile) -> dict[str, npt.NDArray[np.float32]]:
    """Each speaker's mean x-vector over his or her first 20 utterances, unit length, ``(512,)``.

    Files are called ``…/cmu_us_slt_arctic-wav-arctic_a0001.npy``. Raises ``InputError`` when a
    speaker is missing.
    """
    speakers = {}
    for voice in VOICES:
        names = sorted(n for n in archive.namelist() if f"_{voice}_" in n and n.endswith(".npy"))
        if not names:
            raise InputError(f"{SPEAKERS}: there is no x-vector of the speaker '{voice}'.")
        vectors = [
            np.load(io.BytesIO(archive.read(name)), allow_pickle=False).reshape(-1)
            for name in names[:20]
        ]
        mean = np.mean([v / np.linalg.norm(v) for v in vectors], axis=0)
        speakers[voice] = (mean / np.linalg.norm(mean)).astype(np.float32)
    return speakers
