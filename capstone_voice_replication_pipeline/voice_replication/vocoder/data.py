"""Crops of real audio, and their mels, for vocoder training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec, load_audio, log_mel_spectrogram
from data_utils import Utterance
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

MARGIN = 4  # frames on each side whose mel would see the crop's edge


@dataclass(frozen=True)
class VocoderBatch:
    """``mel (B, M, F)``, ``f0_hz (B, F)`` with 0 where unvoiced, ``audio (B, (F - 1) * hop)``
    and where they come from."""

    mel: Tensor
    f0_hz: Tensor
    audio: Tensor
    ids: list[str]


class AudioBank:
    """Utterances in memory, from which crops are drawn in proportion to their length.

    ``pitch``: the F0 contour of every utterance, ``(F,)`` in Hz. With ``mels``, a folder of
    ``<utterance>.safetensors`` made by ``voiceclone features --predicted``, every second mel comes
    from there (predicted by the synthesizer with true durations); its audio stays real.
    """

    def __init__(
        self,
        utterances: Sequence[Utterance],
        pitch: Mapping[str, Tensor],
        mels: Path | None = None,
        spec: AudioSpec = DEFAULT_SPEC,
    ) -> None:
        self.spec, self.pitch, self.mels = spec, pitch, mels
        self.ids: list[str] = []
        self.audio: list[npt.NDArray[np.float32]] = []
        for utterance in tqdm(utterances, desc="loading audio", unit="utterance", disable=None):
            if utterance.id not in pitch:
                continue
            self.ids.append(utterance.id)
            self.audio.append(load_audio(utterance.path, spec.sample_rate))
        lengths = np.array([len(a) for a in self.audio], dtype=np.float64)
        self.cumulative = np.cumsum(lengths / lengths.sum())

    def batch(self, rng: np.random.Generator, size: int, frames: int) -> VocoderBatch:
        """``size`` random crops of ``frames`` mel frames."""
        picks = [self._crop(rng, frames) for _ in range(size)]
        audio = torch.from_numpy(np.stack([p[1] for p in picks]))
        f0_hz = torch.stack([p[2] for p in picks])
        ids = [p[0] for p in picks]
        edge = MARGIN * self.spec.hop_length
        mel = log_mel_spectrogram(audio, self.spec)[:, :, MARGIN:-MARGIN]
        for row, (_, _, _, predicted) in enumerate(picks):
            if predicted is not None:
                mel[row] = predicted
        return VocoderBatch(mel, f0_hz, audio[:, edge:-edge].contiguous(), ids)

    def _crop(
        self, rng: np.random.Generator, frames: int
    ) -> tuple[str, npt.NDArray[np.float32], Tensor, Tensor | None]:
        hop = self.spec.hop_length
        index = min(int(np.searchsorted(self.cumulative, rng.random())), len(self.ids) - 1)
        audio = self.audio[index]
        wanted = (frames - 1 + 2 * MARGIN) * hop
        if len(audio) < wanted + hop:
            audio = np.pad(audio, (0, wanted + hop - len(audio)))
        start = int(rng.integers(0, (len(audio) - wanted) // hop))
        crop = audio[start * hop : start * hop + wanted]
        name, first = self.ids[index], start + MARGIN
        f0_hz = _part(self.pitch[name].float()[None], first, frames, 0.0)[0]
        if self.mels is None or rng.random() < 0.5:
            return name, crop, f0_hz, None
        path = self.mels / f"{name}.safetensors"
        if not path.is_file():
            return name, crop, f0_hz, None
        with safe_open(str(path), "pt") as archive:
            whole = archive.get_tensor("mel").float()
        return name, crop, f0_hz, _part(whole, first, frames, float(np.log(self.spec.log_floor)))


def _part(whole: Tensor, first: int, frames: int, beyond: float) -> Tensor:
    """``frames`` columns of ``whole`` from ``first`` on; ``beyond`` after its end."""
    lacking = max(0, first + frames - whole.shape[1])
    return functional.pad(whole, (0, lacking), value=beyond)[:, first : first + frames]
