"""Taking steady background noise out of a recording by spectral gating."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from audio_utils.activity import FRAME_SECONDS, voice_activity

Audio = npt.NDArray[np.float32]

_SIZE_SECONDS, _HOP_SECONDS = 0.032, 0.008
_MIN_NOISE_FRAMES = 12  # about 0.1 s of pure noise


def reduce_noise(audio: Audio, sample_rate: int, reduction_db: float = 15.0) -> Audio:
    """``(T,)`` audio with steady noise up to ``reduction_db`` quieter: ``(T,)``.

    The noise's spectrum is learned from the frames where nobody speaks (else from the quietest
    ones). Where a point of the spectrogram does not rise above it, it is turned down; in between,
    a Wiener gain with a decision-directed signal-to-noise ratio (Ephraim & Malah, 1984) fades
    without the chirps of simple subtraction. Speech that is as weak as the noise suffers as well:
    useful for enrolling from a poor recording, not for training data.
    """
    size = round(_SIZE_SECONDS * sample_rate) // 2 * 2
    hop = round(_HOP_SECONDS * sample_rate)
    if len(audio) < 2 * size or reduction_db <= 0:
        return audio.copy()
    window = torch.hann_window(size)
    signal = torch.from_numpy(np.ascontiguousarray(audio, dtype=np.float32))
    spectrum = torch.stft(signal, size, hop, window=window, return_complex=True)
    power = spectrum.abs().square().numpy().astype(np.float64)
    seconds = np.arange(power.shape[1]) * hop / sample_rate
    noise = _noise_power(power, seconds, voice_activity(audio, sample_rate))
    gain = _wiener_gain(power, noise, 10.0 ** (-reduction_db / 20.0))
    spectrum = spectrum * torch.from_numpy(gain.astype(np.float32))
    cleaned = torch.istft(spectrum, size, hop, window=window, length=len(audio))
    return np.asarray(cleaned.numpy())


def _noise_power(
    power: npt.NDArray[np.float64],
    seconds: npt.NDArray[np.float64],
    active: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """Mean power of the noise in each bin, from ``(K, F)``: ``(K, 1)``."""
    index = np.clip((seconds / FRAME_SECONDS).astype(int), 0, len(active) - 1)
    quiet = ~active[index]
    if quiet.sum() < _MIN_NOISE_FRAMES:
        level = power.sum(axis=0)
        quiet = (
            level <= np.sort(level)[min(len(level) - 1, max(_MIN_NOISE_FRAMES, len(level) // 20))]
        )
    return np.asarray(power[:, quiet].mean(axis=1, keepdims=True) + 1e-14)


def _wiener_gain(
    power: npt.NDArray[np.float64], noise: npt.NDArray[np.float64], lowest: float
) -> npt.NDArray[np.float64]:
    """Gain of each point, ``(K, F)``, between ``lowest`` and 1."""
    posterior = power / noise
    gain = np.empty_like(posterior)
    clean = np.zeros(len(posterior))  # the previous frame's cleaned power over the noise
    for frame in range(posterior.shape[1]):
        prior = 0.97 * clean + 0.03 * np.maximum(posterior[:, frame] - 1.0, 0.0)
        gain[:, frame] = np.maximum(prior / (1.0 + prior), lowest)
        clean = gain[:, frame] ** 2 * posterior[:, frame]
    return gain
