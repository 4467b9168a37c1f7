"""Using a trained vocoder: offline, and as a stream of chunks that equals the offline result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
        return self.decode_many([mel], [f0_hz], seed=seed)[0]

    @torch.inference_mode()
    def decode_many(
        self,
        mels: Sequence[Floats],
        f0s_hz: Sequence[Floats | None],
        spans: Sequence[tuple[int, int]] | None = None,
        seed: int = 0,
    ) -> list[Floats]:
        """:meth:`decode` of several mels, each ``(M, F)`` with an ``F`` of its own, in one pass.

        ``spans``: of each mel's ``F - 1`` hops of audio only those from ``start`` to ``stop`` are
        made. Each mel gets the noise that ``seed`` gives it alone, so the result is that of
        decoding one after the other, but for the rounding of sums.
        """
        spans = spans or [(0, mel.shape[1] - 1) for mel in mels]
        parts = [
            self._around(*self._prepare(mel, f0_hz, seed), start, stop)
            for mel, f0_hz, (start, stop) in zip(mels, f0s_hz, spans, strict=True)
        ]
        rendered = self._render([part.mel for part in parts], [part.source for part in parts])
        return [part.cut(audio) for part, audio in zip(parts, rendered, strict=True)]

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
        """Audio of ``mel`` in chunks; concatenated they equal :meth:`decode` within 1e-3."""
        batch, source = self._prepare(mel, f0_hz, seed)
        hops = mel.shape[1] - 1  # of audio
        start, size = 0, first_frames
        while start < hops:
            stop = min(hops, start + size)
            part = self._around(batch, source, start, stop)
            yield part.cut(self._render([part.mel], [part.source])[0])
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

    def _around(self, mel: torch.Tensor, source: Source | None, start: int, stop: int) -> _Part:
        """What has to be decoded to know the hops ``start`` to ``stop`` of audio: the frames that
        can influence them, by the network's receptive field and the inverse transform's windows.

            frames   ......[context | chunk | context]......
            samples               [  chunk  ]
        """
        hop = self.spec.hop_length
        context = self.model.config.context_frames + self.spec.n_fft // hop
        left, right = max(0, start - context), min(mel.shape[2], stop + 1 + context)
        samples = slice((start - left) * hop, (stop - left) * hop)
        seen = None if source is None else source.part(left, right)
        return _Part(mel[:, :, left:right], seen, samples)

    def _render(
        self, mels: Sequence[torch.Tensor], sources: Sequence[Source | None]
    ) -> list[Floats]:
        """Audio of each mel. A HiFi-GAN takes them one after the other: it has no gaps, because
        every one of its layers pads for itself."""
        if isinstance(self.model, Hifigan):
            audios = [self.model(mel) for mel in mels]
        else:
            audios = self.model.render_many(mels, [s for s in sources if s is not None])
        return [np.asarray(audio[0].cpu().numpy(), dtype=np.float32) for audio in audios]


@dataclass(frozen=True)
class _Part:
    """A stretch of a mel with its excitation, and which of its ``samples`` are wanted."""

    mel: torch.Tensor
    source: Source | None
    samples: slice

    def cut(self, audio: Floats) -> Floats:
        return audio[self.samples]
