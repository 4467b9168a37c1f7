"""The highest octave for voices of which nobody recorded it.

Most voices were recorded at 16 kHz: nothing is known of them above 8 kHz, and what the decoder
draws there for them is dark. But how much hiss an "s" or a "t" has above 8 kHz follows largely from
what it has below, and that can be learned from the recordings that go higher: a linear map from the
low mel bins of a frame to its high ones.

Some voices were recorded so dark below 8 kHz that the map, learned from two bright voices, has
nothing to go by; :func:`treble_lift` says how much is missing in all to what speech normally has.

Shapes: ``B`` batch, ``M`` mel bins of which ``low`` are known for everybody, ``F`` frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import AudioSpec, mel_filterbank
from audio_utils.mel import mel_centers_hz
from torch import Tensor

NYQUIST_SHARE = 0.47  # of a sample rate: below the slope of the anti-aliasing filter
KNOWN_HZ = NYQUIST_SHARE * 16_000  # up to here every recording can be trusted
TREBLE_HZ = 8000.0  # what lies above is treble
RIDGE = 1e-2  # relative to the mean variance of the inputs
LEAST_TREBLE_DB = -20.0  # energy above 8 kHz of all of it: the full-band recordings have -18 to -19
LARGEST_LIFT_DB = 13.0


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


def treble_lift(mels: Sequence[npt.NDArray[np.float32]], spec: AudioSpec) -> float:
    """What has to be added above 8 kHz to speech of log-mels ``(M, F)``, in nepers, 0 or more."""
    amplitude = np.exp(np.concatenate(mels, axis=1).astype(np.float64))
    # a filter sums the magnitudes of its bins; their energy is about the mean's square each
    energy = (amplitude**2).mean(axis=1) / mel_filterbank(spec).sum(dim=1).numpy()
    high = energy[mel_centers_hz(spec) >= TREBLE_HZ].sum()
    level_db = 10 * np.log10(max(high / energy.sum(), 1e-12))
    lift_db = np.clip(LEAST_TREBLE_DB - level_db, 0.0, LARGEST_LIFT_DB)
    return float(lift_db / 20 * np.log(10))
