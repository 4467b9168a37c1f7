"""The highest octave for voices of which nobody recorded it.

Most voices were recorded at 16 kHz: nothing is known of them above 8 kHz, and what the decoder
draws there for them is dark. But how much hiss an "s" or a "t" has above 8 kHz follows largely from
what it has below, and that can be learned from the recordings that go higher: a linear map from the
low mel bins of a frame to its high ones.

Some voices were recorded so dark below 8 kHz that the map, learned from two bright voices, has
nothing to go by; :func:`voice_treble` says how much is missing in all to what speech normally has.

Shapes: ``B`` batch, ``M`` mel bins of which ``low`` are known for everybody, ``F`` frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec, mel_filterbank
from audio_utils.mel import mel_centers_hz
from torch import Tensor

Floats = npt.NDArray[np.float32]

NYQUIST_SHARE = 0.47  # of a sample rate: below the slope of the anti-aliasing filter
KNOWN_HZ = NYQUIST_SHARE * 16_000  # up to here every recording can be trusted
TREBLE_HZ = 8000.0  # what lies above is treble
RIDGE = 1e-2  # relative to the mean variance of the inputs
LEAST_TREBLE_DB = -20.0  # energy above 8 kHz to that below: full-band recordings have -18 to -19
LARGEST_LIFT_DB = 13.0
PAUSE_NATS = (5.0, 4.0)  # 43 and 35 dB: frames this far below the loudest are pauses, and speech


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


@dataclass(frozen=True)
class VoiceTreble:
    """What speech of one voice lacks above 8 kHz: ``lift``, nepers. ``loudest``: log of the mean
    magnitude of its loudest frames below 8 kHz, against which pauses are told from speech."""

    lift: float = 0.0
    loudest: float = 0.0

    def apply(self, mel: Floats, spec: AudioSpec = DEFAULT_SPEC) -> Floats:
        """``mel (M, F)`` with that treble where somebody speaks: in pauses it would be hiss."""
        high = mel_centers_hz(spec) >= TREBLE_HZ
        quiet, loud = (self.loudest - nats for nats in PAUSE_NATS)
        speaking = np.clip((_loudness(mel[~high]) - quiet) / (loud - quiet), 0.0, 1.0)
        return np.asarray(mel + high[:, None] * speaking * self.lift, np.float32)


AS_IT_IS = VoiceTreble()


def voice_treble(mels: Sequence[Floats], spec: AudioSpec = DEFAULT_SPEC) -> VoiceTreble:
    """What speech of a voice with log-mels ``(M, F)`` lacks of the treble of recordings."""
    mel = np.concatenate(mels, axis=1)
    missing_db = np.clip(LEAST_TREBLE_DB - _treble_db(mel, spec), 0.0, LARGEST_LIFT_DB)
    loudest = _loudness(mel[mel_centers_hz(spec) < TREBLE_HZ]).max()
    return VoiceTreble(float(missing_db / 20 * np.log(10)), float(loudest))


def _loudness(mel: Floats) -> Floats:
    """Log of the mean magnitude of each frame, ``(M, F) -> (F,)``."""
    return np.asarray(np.log(np.exp(mel.astype(np.float64)).mean(axis=0)))


def _treble_db(mel: Floats, spec: AudioSpec) -> float:
    """Energy above 8 kHz relative to that below, in dB, of a log-mel ``(M, F)``."""
    amplitude = np.exp(mel.astype(np.float64))
    # a filter sums the magnitudes of its bins; their energy is about the mean's square each
    energy = (amplitude**2).mean(axis=1) / mel_filterbank(spec).sum(dim=1).numpy()
    high = mel_centers_hz(spec) >= TREBLE_HZ
    return float(10 * np.log10(max(energy[high].sum() / energy[~high].sum(), 1e-12)))
