"""Spectrograms and cepstra of one signal, for looking, exporting and comparing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from env_utils import InputError

from audio_utils.mel import magnitude_spectrogram, mel_spectrogram
from audio_utils.spec import DEFAULT_SPEC, AudioSpec

Array = npt.NDArray[np.float32]


def spectrogram(audio: Array, spec: AudioSpec = DEFAULT_SPEC) -> Array:
    """Magnitudes of the short-time Fourier transform: ``(T,) -> (K, F)``, K = n_fft // 2 + 1."""
    with torch.no_grad():
        tensor = torch.from_numpy(np.ascontiguousarray(audio, dtype=np.float32))[None]
        return np.asarray(magnitude_spectrogram(tensor, spec)[0].numpy())


def mfcc(audio: Array, spec: AudioSpec = DEFAULT_SPEC, n: int = 13) -> Array:
    """Mel-frequency cepstral coefficients of ``(T,)`` audio: ``(n, F)``."""
    return mfcc_of_mel(mel_spectrogram(audio, spec), n)


def mfcc_of_mel(log_mel: Array, n: int = 13) -> Array:
    """The first ``n`` coefficients of an orthonormal DCT-II over the mel bins: ``(n, F)``.

    Of the natural-log mel ``(M, F)``, so coefficient 0 is the mean log-mel times sqrt(M). Equal to
    ``librosa.feature.mfcc(S=log_mel, n_mfcc=n)``. Raises ``InputError`` when ``n`` is not 1 to M.
    """
    from scipy.fft import dct

    if not 1 <= n <= log_mel.shape[0]:
        raise InputError(f"mfcc: n is {n}, but must lie in 1 to {log_mel.shape[0]} (the mel bins).")
    return np.asarray(dct(log_mel, type=2, norm="ortho", axis=0)[:n], dtype=np.float32)


def mel_distance_db(log_mel: Array, reference: Array, range_db: float = 60.0) -> float:
    """Mean distance of two log-mels ``(M, F)`` in dB, where the reference is audible.

    Audible is what lies within ``range_db`` of its loudest point; elsewhere the logarithm would
    compare one silence with another. Raises ``InputError`` when the shapes differ.
    """
    if log_mel.shape != reference.shape:
        raise InputError(f"mel_distance_db: shapes {log_mel.shape} and {reference.shape} differ.")
    decibels = 20.0 / np.log(10.0)
    heard = reference > reference.max() - range_db / decibels
    return float(np.abs(log_mel - reference)[heard].mean() * decibels)
