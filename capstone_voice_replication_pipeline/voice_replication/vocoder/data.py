"""Crops of real audio, and their mels, for vocoder training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec, load_audio, log_mel_spectrogram
from data_utils import Utterance
from safetensors import safe_open
from torch import Tensor
from tqdm import tqdm

MARGIN = 4  # frames on each side whose mel would see the crop's edge


@dataclass(frozen=True)
class VocoderBatch:
    """``mel (B, M, F)``, ``audio (B, (F - 1) * hop)`` and where they come from."""

    mel: Tensor
    audio: Tensor
    ids: list[str]


class AudioBank:
    """Utterances in memory, from which crops are drawn in proportion to their length.

    With ``mels``, a folder of ``<utterance>.safetensors`` made by ``voiceclone features
    --predicted``, the mels come from there (predicted by the synthesizer with true durations)
    and only the audio is real.
    """

    def __init__(
        self,
        utterances: Sequence[Utterance],
        mels: Path | None = None,
        spec: AudioSpec = DEFAULT_SPEC,
    ) -> None:
        self.spec, self.mels = spec, mels
        self.ids: list[str] = []
        self.audio: list[npt.NDArray[np.float32]] = []
        for utterance in tqdm(utterances, desc="loading audio", unit="utterance", disable=None):
            if mels is not None and not (mels / f"{utterance.id}.safetensors").is_file():
                continue
            self.ids.append(utterance.id)
            self.audio.append(load_audio(utterance.path, spec.sample_rate))
        lengths = np.array([len(a) for a in self.audio], dtype=np.float64)
        self.cumulative = np.cumsum(lengths / lengths.sum())

    def batch(self, rng: np.random.Generator, size: int, frames: int) -> VocoderBatch:
        """``size`` random crops of ``frames`` mel frames."""
        picks = [self._crop(rng, frames) for _ in range(size)]
        audio = torch.from_numpy(np.stack([p[1] for p in picks]))
        ids = [p[0] for p in picks]
        edge = MARGIN * self.spec.hop_length
        if self.mels is None:
            mel = log_mel_spectrogram(audio, self.spec)[:, :, MARGIN:-MARGIN]
        else:
            mel = torch.stack([p[2] for p in picks])
        return VocoderBatch(mel, audio[:, edge:-edge].contiguous(), ids)

    def _crop(
        self, rng: np.random.Generator, frames: int
    ) -> tuple[str, npt.NDArray[np.float32], Tensor]:
        hop = self.spec.hop_length
        index = min(int(np.searchsorted(self.cumulative, rng.random())), len(self.ids) - 1)
        audio = self.audio[index]
        wanted = (frames - 1 + 2 * MARGIN) * hop
        if len(audio) < wanted + hop:
            audio = np.pad(audio, (0, wanted + hop - len(audio)))
        start = int(rng.integers(0, (len(audio) - wanted) // hop))
        crop = audio[start * hop : start * hop + wanted]
        mel = torch.empty(0)
        if self.mels is not None:
            with safe_open(str(self.mels / f"{self.ids[index]}.safetensors"), "pt") as archive:
                whole = archive.get_tensor("mel").float()
            lacking = start + MARGIN + frames - whole.shape[1]
            if lacking > 0:
                whole = torch.nn.functional.pad(
                    whole, (0, lacking), value=float(np.log(self.spec.log_floor))
                )
            mel = whole[:, start + MARGIN : start + MARGIN + frames]
        return self.ids[index], crop, mel
