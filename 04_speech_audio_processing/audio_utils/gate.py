"""The oldest way to take out steady noise: learn its spectrum, then close a gate under it.

S. F. Boll, "Suppression of acoustic noise in speech using spectral subtraction", 1979, is its
root. :func:`audio_utils.denoise.reduce_noise` does the same job with gains that fade instead of
switching; this one shows what the idea is, and lets hear what is wrong with it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from env_utils import InputError
from torch import Tensor

Audio = npt.NDArray[np.float32]
Profile = npt.NDArray[np.float32]

GATE_N_FFT, GATE_HOP = 1024, 256  # samples


def noise_profile(noise: Audio) -> Profile:
    """Mean power in each frequency bin of a stretch of noise alone: ``(T,) -> (513,)``.

    Raises ``InputError`` when it is shorter than one frame of 1024 samples.
    """
    if len(noise) < GATE_N_FFT:
        raise InputError(
            f"noise_profile: {len(noise)} samples, but at least {GATE_N_FFT} are needed."
        )
    return np.asarray(_stft(noise, center=False).abs().square().mean(dim=1).numpy())


def spectral_gate(
    audio: Audio, profile: Profile, threshold_db: float = 6.0, reduction_db: float = 20.0
) -> Audio:
    """``(T,)`` audio with every point of its spectrogram near the noise turned down.

    A point whose power is less than ``threshold_db`` above ``profile`` ``(513,)`` is multiplied by
    ``-reduction_db``; the others stay, and so does the phase. Raises ``InputError`` for a profile
    of another size, or audio shorter than one frame.
    """
    if profile.shape != (GATE_N_FFT // 2 + 1,):
        raise InputError(f"spectral_gate: the profile has shape {profile.shape}, not (513,).")
    if len(audio) < GATE_N_FFT:
        raise InputError(f"spectral_gate: {len(audio)} samples are less than one frame.")
    spectrum = _stft(audio, center=True)
    limit = torch.from_numpy(profile)[:, None] * 10.0 ** (threshold_db / 10.0)
    closed = 10.0 ** (-reduction_db / 20.0)
    gain = torch.where(spectrum.abs().square() > limit, 1.0, closed)
    window = torch.hann_window(GATE_N_FFT)
    cleaned = torch.istft(spectrum * gain, GATE_N_FFT, GATE_HOP, window=window, length=len(audio))
    return np.asarray(cleaned.numpy())


def _stft(audio: Audio, center: bool) -> Tensor:
    signal = torch.from_numpy(np.ascontiguousarray(audio, dtype=np.float32))
    spectrum: Tensor = torch.stft(
        signal,
        GATE_N_FFT,
        GATE_HOP,
        window=torch.hann_window(GATE_N_FFT),
        center=center,
        return_complex=True,
    )
    return spectrum
