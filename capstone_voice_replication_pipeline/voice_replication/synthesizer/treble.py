"""The highest octave for voices of which nobody recorded it.

Most voices were recorded at 16 kHz: nothing is known of them above 8 kHz, and what the decoder
draws there for them is dark. But how much hiss an "s" or a "t" has above 8 kHz follows largely from
what it has below, and that can be learned from the recordings that go higher: a linear map from the
low mel bins of a frame to its high ones.

Shapes: ``B`` batch, ``M`` mel bins of which ``low`` are known for everybody, ``F`` frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from audio_utils import AudioSpec
from audio_utils.mel import mel_centers_hz
from torch import Tensor

NYQUIST_SHARE = 0.47  # of a sample rate: below the slope of the anti-aliasing filter
KNOWN_HZ = NYQUIST_SHARE * 16_000  # up to here every recording can be trusted
RIDGE = 1e-2  # relative to the mean variance of the inputs


def low_bins(spec: AudioSpec) -> int:
    """Mel bins below :data:`KNOWN_HZ`."""
    return int(np.searchsorted(mel_centers_hz(spec), KNOWN_HZ))


def fit_treble(mels: Sequence[Tensor], low: int) -> Tensor:
    """The map ``(M - low, low + 1)`` that predicts high bins from low ones, offset last.

    ``mels``: full-band recordings, ``(M, F)`` each. Ridge regression, whose answers are then
    stretched to the variance of what they stand for: the mean hiss would be too even.
    """
    frames = torch.cat([mel.float() for mel in mels], dim=1).double()
    mean = frames.mean(dim=1, keepdim=True)
    x, y = (frames - mean)[:low], (frames - mean)[low:]
    covariance = x @ x.T
    covariance += RIDGE * covariance.diagonal().mean() * torch.eye(low, dtype=torch.float64)
    weight = torch.linalg.solve(covariance, x @ y.T).T
    weight *= (y.std(dim=1) / (weight @ x).std(dim=1)).clamp(max=1.5)[:, None]
    return torch.cat([weight, mean[low:] - weight @ mean[:low]], dim=1).float()


def add_treble(mel: Tensor, treble: Tensor) -> Tensor:
    """``mel (B, M, F)`` with every high bin at least as loud as its low bins let expect."""
    low = treble.shape[1] - 1
    expected = torch.einsum("hl,blf->bhf", treble[:, :-1], mel[:, :low]) + treble[:, -1:]
    return torch.cat([mel[:, :low], torch.maximum(mel[:, low:], expected)], dim=1)
