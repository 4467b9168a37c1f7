"""Using a trained vocoder: offline, and as a stream of chunks that equals the offline result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from voice_replication.home import checkpoint_path
from voice_replication.vocoder.excitation import Source
from voice_replication.vocoder.generators import Generator, load_generator
from voice_replication.vocoder.hifigan import Hifigan

Floats = npt.NDArray[np.float32]


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
    def decode(self, mel: Floats, f0_hz: Floats | None = None, seed: int = 0) -> Floats:
        """``(M, F)`` log-mel -> ``(T,)`` float32 audio; at least two frames.

        ``f0_hz (F,)``: the pitch of each frame, 0 where unvoiced; read from the mel when not
        given. ``seed`` decides the noise in unvoiced sounds.
        """
        return self.decode_many([mel], [f0_hz], seed)[0]

    @torch.inference_mode()
    def decode_many(
        self, mels: Sequence[Floats], f0s_hz: Sequence[Floats | None], seed: int = 0
    ) -> list[Floats]:
        """:meth:`decode` of several mels, each ``(M, F)`` with an ``F`` of its own, in one pass.

        Each gets the noise that ``seed`` gives it alone, so the result is that of decoding one
        after the other but for the rounding of sums.
        """
        if isinstance(self.model, Hifigan):  # it has no gaps: its padding is made in every layer
            return [self._render(self._prepare(mel, None, seed)[0], None) for mel in mels]
        prepared = [self._prepare(mel, f0, seed) for mel, f0 in zip(mels, f0s_hz, strict=True)]
        sources = [source for _, source in prepared if source is not None]
        audios = self.model.render_many([batch for batch, _ in prepared], sources)
        return [np.asarray(audio[0].cpu().numpy(), dtype=np.float32) for audio in audios]

    @torch.inference_mode()
    def stream(
        self,
        mel: Floats,
        f0_hz: Floats | None = None,
        *,
        first_frames: int = 24,
        chunk_frames: int = 128,
        seed: int = 0,
    ) -> Iterator[Floats]:
        """Audio of ``mel`` in chunks; concatenated they equal :meth:`decode` within 1e-3.

        Each chunk is decoded with the frames around it that can influence it: the network's
        receptive field plus the overlap of the inverse transform's windows.

            frames   ......[context | chunk | context]......
            samples               [  chunk  ]
        """
        batch, source = self._prepare(mel, f0_hz, seed)
        hop = self.spec.hop_length
        context = self.model.config.context_frames + self.spec.n_fft // hop
        hops = mel.shape[1] - 1  # of audio
        start, size = 0, first_frames
        while start < hops:
            stop = min(hops, start + size)
            left = max(0, start - context)
            right = stop + 1 + context
            audio = self._render(
                batch[:, :, left:right], None if source is None else source.part(left, right)
            )
            yield audio[(start - left) * hop : (stop - left) * hop]
            start, size = stop, chunk_frames

    def _prepare(
        self, mel: Floats, f0_hz: Floats | None, seed: int
    ) -> tuple[torch.Tensor, Source | None]:
        """The mel as a batch, and the excitation of the whole of it."""
        batch = torch.from_numpy(np.ascontiguousarray(mel))[None].to(self.device)
        if isinstance(self.model, Hifigan):
            return batch, None
        pitch = None if f0_hz is None else torch.from_numpy(f0_hz)[None].to(self.device)
        generator = torch.Generator().manual_seed(seed)
        return batch, self.model.source(batch, pitch, generator)

    def _render(self, mel: torch.Tensor, source: Source | None) -> Floats:
        if isinstance(self.model, Hifigan) or source is None:
            audio = self.model(mel)
        else:
            audio = self.model.render(mel, source)
        return np.asarray(audio[0].cpu().numpy(), dtype=np.float32)
