"""Vocos with a source: from a log-mel spectrogram to audio through an inverse Fourier transform.

Siuzdak, "Vocos: Closing the gap between time-domain and Fourier-based neural vocoders for
high-quality audio synthesis" (2306.00814): a stack of ConvNeXt blocks works at the frame rate and
the inverse short-time Fourier transform does the upsampling. That is why it runs some thirty times
faster on a CPU than vocoders that upsample with transposed convolutions.

    log-mel ─┬──────────────── ConvNeXt blocks ─► two filters for every frame
             └─ pitch (or given) ─► pulses, noise ──────► × ─► inverse STFT ─► audio
                                                  corrected where its mel differs ◄┘

What differs from Vocos: its network invents magnitude *and* phase of every coefficient. Here it
predicts how to filter a pulse train of the right pitch and noise (see ``excitation.py``), so that
voiced speech is periodic from the first training step on; and the result is held against the mel
(see ``consistency.py``) as far as the network thinks that the mel can be trusted.

Shapes: ``B`` batch, ``M`` mel bins, ``F`` frames, ``D`` channels, ``K = n_fft // 2 + 1``,
``T`` samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from audio_utils import AudioSpec
from torch import Tensor, nn
from training_utils import StrictModel

from voice_replication.vocoder.consistency import match_mel
from voice_replication.vocoder.excitation import Source, make_source
from voice_replication.vocoder.pitch import PitchPredictor, read_pitch
from voice_replication.vocoder.transform import from_polar, resynthesize, scaled

REST = 4.0  # filters of new weights are exp(-4): speech is far below unit power


class VocosConfig(StrictModel):
    """Sizes of the network."""

    channels: int = 256
    blocks: int = 8
    hidden: int = 768
    kernel_size: int = 7
    rounds: int = 2  # of holding the sound against its mel

    @property
    def context_frames(self) -> int:
        """Frames on either side that one output frame depends on, windows of 4 hops assumed."""
        return (self.blocks + 1) * (self.kernel_size // 2) + 4 * self.rounds


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, then a two-layer perceptron per frame (Liu et al., 2201.03545).

    ``(B, D, F) -> (B, D, F)``; residual, with a learned scale per channel that starts small.
    """

    def __init__(self, channels: int, hidden: int, kernel_size: int, scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(
            channels, channels, kernel_size, padding=kernel_size // 2, groups=channels
        )
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.expand = nn.Linear(channels, hidden)
        self.contract = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), scale))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).transpose(1, 2))
        y = self.contract(nn.functional.gelu(self.expand(y)))
        return torch.as_tensor(x + (self.scale * y).transpose(1, 2))


class FilterHead(nn.Module):
    """Predict the filters of both excitations, apply, invert, correct: ``(B, F, D) -> (B, T)``.

    ``T = (F - 1) * hop_length``. Pulses get a magnitude ``exp(m)`` and a phase shift ``p``, which
    enters as ``cos p + i sin p`` and so needs no wrapping; noise has no phase worth shifting.
    """

    def __init__(self, channels: int, spec: AudioSpec, rounds: int) -> None:
        super().__init__()
        self.spec, self.rounds = spec, rounds
        self.project = nn.Linear(channels, 3 * (spec.n_fft // 2 + 1))
        self.trust = nn.Linear(channels, spec.n_mels)
        self.register_buffer("window", torch.hann_window(spec.n_fft), persistent=False)

    def forward(self, x: Tensor, source: Source, mel: Tensor) -> Tensor:
        log_pulses, shift, log_noise = self.project(x).float().chunk(3, dim=2)
        pulses = (log_pulses - REST).clamp(max=4.0).exp()
        noise = (log_noise - REST).clamp(max=4.0).exp()
        shaped = source.harmonic * from_polar(pulses, shift) + scaled(source.noise, noise)
        audio = resynthesize(shaped, self.spec, self.get_buffer("window"))
        trust = self.trust(x).float().sigmoid()
        return match_mel(audio, mel.float().transpose(1, 2), trust, self.spec, self.rounds)


class Vocos(nn.Module):
    """``(B, M, F)`` log-mel -> ``(B, T)`` audio, nominally in [-1, 1]."""

    def __init__(self, config: VocosConfig, spec: AudioSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        self.pitch = PitchPredictor(spec.n_mels)
        self.embed = nn.Conv1d(
            spec.n_mels, config.channels, config.kernel_size, padding=config.kernel_size // 2
        )
        self.embed_pitch = nn.Conv1d(2, config.channels, 3, padding=1)
        self.norm = nn.LayerNorm(config.channels, eps=1e-6)
        self.backbone = nn.Sequential(
            *(
                ConvNeXtBlock(
                    config.channels, config.hidden, config.kernel_size, 1.0 / config.blocks
                )
                for _ in range(config.blocks)
            )
        )
        self.final_norm = nn.LayerNorm(config.channels, eps=1e-6)
        self.head = FilterHead(config.channels, spec, config.rounds)
        for name, child in self.named_children():
            if name != "pitch":
                child.apply(_initialize)

    def source(
        self,
        mel: Tensor,
        f0_hz: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Source:
        """Excitation for ``mel``, of the pitch ``f0_hz (B, F)`` (0: unvoiced) or, without one,
        of the pitch that the mel shows."""
        if f0_hz is None:
            f0_hz, voiced = read_pitch(self.pitch(mel))
        else:
            voiced = (f0_hz > 0).float()
        return make_source(f0_hz, voiced, self.spec, generator)

    def features(self, mel: Tensor, pitch: Tensor, mask: Tensor | None = None) -> Tensor:
        """What the head reads: ``mel (B, M, F)``, ``pitch (B, 2, F)`` -> ``(B, F, D)``.

        ``mask (F,)`` is 0 in frames that must not be seen from others: gaps between several mels
        in one row. Without one all frames count.
        """
        x = self.embed(mel) + self.embed_pitch(pitch)
        x = self.norm(x.transpose(1, 2)).transpose(1, 2)
        for block in self.backbone:
            x = block(x if mask is None else x * mask)
        return torch.as_tensor(self.final_norm(x.transpose(1, 2)))

    def render(self, mel: Tensor, source: Source) -> Tensor:
        """Shape ``source`` into the sound of ``mel``."""
        audio: Tensor = self.head(self.features(mel, source.pitch), source, mel)
        return audio

    def render_many(self, mels: Sequence[Tensor], sources: Sequence[Source]) -> list[Tensor]:
        """:meth:`render` of several mels ``(1, M, F)``, each of its own length, in one pass.

        They lie in one row with gaps that no convolution reaches across, so nothing is computed
        for padding but the gaps, and each mel sees zeros beyond its ends as if it were alone:

            frames   [mel 0]000[mel 1      ]000[mel 2 ]
        """
        gap = self.config.kernel_size // 2
        lengths = [mel.shape[2] for mel in mels]
        starts = [sum(lengths[:place]) + place * gap for place in range(len(mels))]
        spans = [slice(a, a + length) for a, length in zip(starts, lengths, strict=True)]
        frames = spans[-1].stop
        mel, pitch = mels[0].new_zeros(1, self.spec.n_mels, frames), mels[0].new_zeros(1, 2, frames)
        mask = mels[0].new_zeros(frames)
        for span, one, source in zip(spans, mels, sources, strict=True):
            mel[:, :, span], pitch[:, :, span], mask[span] = one, source.pitch, 1.0
        x = self.features(mel, pitch, mask)
        return [
            torch.as_tensor(self.head(x[:, span], source, one))
            for span, one, source in zip(spans, mels, sources, strict=True)
        ]

    def forward(self, mel: Tensor, f0_hz: Tensor | None = None) -> Tensor:
        return self.render(mel, self.source(mel, f0_hz))


def _initialize(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
