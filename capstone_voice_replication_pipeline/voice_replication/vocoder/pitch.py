"""Pitch read off a log-mel: below 1 kHz the mel bins are narrow enough to show the harmonics.

A vocoder that is given a mel alone has to know the pitch to shape pulses of it. The network sorts
every frame into one of 144 pitches 1.7 % apart, and the answer is read between the bins (as CREPE
does from waveforms, Kim et al., 1802.06182).

Shapes: ``B`` batch, ``M`` mel bins, ``F`` frames, ``P`` pitches.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

PITCHES = 144
LOG_LOWEST, LOG_STEP = 3.95, 0.0171  # 52 Hz to 600 Hz
BLUR = 1.2  # standard deviation of the training target, in bins


class PitchPredictor(nn.Module):
    """``(B, M, F)`` log-mel -> logits ``(B, P + 1, F)``: the pitches, and voicing at the end."""

    def __init__(self, n_mels: int, channels: int = 112) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(n_mels, channels, 5, padding=2),
            nn.GELU(),
            nn.Conv1d(channels, channels, 5, padding=2, groups=4),
            nn.GELU(),
            nn.Conv1d(channels, channels, 5, padding=2, groups=4),
            nn.GELU(),
            nn.Conv1d(channels, PITCHES + 1, 1),
        )

    def forward(self, mel: Tensor) -> Tensor:
        return torch.as_tensor(self.layers((mel.clamp(min=-11.5) + 5.0) / 2.5))


def read_pitch(logits: Tensor) -> tuple[Tensor, Tensor]:
    """``(f0_hz (B, F) with 0 where unvoiced, voicing (B, F) 0..1)``.

    The mean of the nine bins around the best one, weighted by their probability.
    """
    logits = logits.float()
    shares = logits[:, :-1].softmax(dim=1)
    bins = torch.arange(PITCHES, device=logits.device)[None, :, None]
    near = ((bins - shares.argmax(dim=1, keepdim=True)).abs() <= 4) * shares
    place = (near * bins).sum(dim=1) / near.sum(dim=1)
    voicing = logits[:, -1].sigmoid()
    return (LOG_LOWEST + LOG_STEP * place).exp() * (voicing > 0.5), voicing


def pitch_loss(logits: Tensor, f0_hz: Tensor) -> Tensor:
    """Cross-entropy of voicing, and of the pitch in voiced frames of ``f0_hz (B, F)``."""
    logits = logits.float()
    voiced = (f0_hz > 0).float()
    voicing = functional.binary_cross_entropy_with_logits(logits[:, -1], voiced)
    place = (f0_hz.clamp(min=1.0).log() - LOG_LOWEST) / LOG_STEP
    bins = torch.arange(PITCHES, device=logits.device)[None, :, None]
    target = (-0.5 * ((bins - place[:, None]) / BLUR).square()).softmax(dim=1)
    entropy = -(target * logits[:, :-1].log_softmax(dim=1)).sum(dim=1)
    return voicing + (entropy * voiced).sum() / voiced.sum().clamp(min=1.0)
