"""Using a trained vocoder: offline, and as a stream of chunks that equals the offline result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from voice_replication.home import checkpoint_path
from voice_replication.vocoder.generators import Generator, load_generator
from voice_replication.vocoder.hifigan import Hifigan

Audio = npt.NDArray[np.float32]


class Vocoder:
    """A trained Vocos or HiFi-GAN. ``M`` mel bins, ``F`` frames, ``T = (F - 1) * hop_length``
    samples."""

    def __init__(self, model: Generator, device: str = "cpu") -> None:
        self.model = model.eval().to(device)
        self.spec = model.spec
        self.device = device

    @classmethod
    def load(cls, path: Path | None = None, device: str = "cpu") -> Vocoder:
        """Load ``path``, or the shipped vocoder. Raises ``CheckpointError``."""
        model = load_generator(path or checkpoint_path("vocoder"))
        return cls(model.fold() if isinstance(model, Hifigan) else model, device)

    @torch.inference_mode()
    def decode(self, mel: npt.NDArray[np.float32]) -> Audio:
        """``(M, F)`` log-mel -> ``(T,)`` float32 audio; at least two frames."""
        batch = torch.from_numpy(np.ascontiguousarray(mel))[None].to(self.device)
        return np.asarray(self.model(batch)[0].cpu().numpy(), dtype=np.float32)

    def stream(
        self, mel: npt.NDArray[np.float32], first_frames: int = 24, chunk_frames: int = 128
    ) -> Iterator[Audio]:
        """Audio of ``mel`` in chunks; concatenated they equal :meth:`decode` within 1e-3.

        Each chunk is decoded with the frames around it that can influence it: the network's
        receptive field plus the overlap of the inverse transform's windows.

            frames   ......[context | chunk | context]......
            samples               [  chunk  ]
        """
        hop = self.spec.hop_length
        context = self.model.config.context_frames + self.spec.n_fft // hop
        hops = mel.shape[1] - 1  # of audio
        start, size = 0, first_frames
        while start < hops:
            stop = min(hops, start + size)
            left = max(0, start - context)
            audio = self.decode(mel[:, left : stop + 1 + context])
            yield audio[(start - left) * hop : (stop - left) * hop]
            start, size = stop, chunk_frames
