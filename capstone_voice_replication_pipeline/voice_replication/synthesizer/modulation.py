"""Giving a predicted mel the movement of a real one.

A decoder that predicts averages draws slow movements (syllables, 4 Hz) as they are and blurs fast
ones: at 10 Hz four fifths of the amplitude are left, at 20 Hz half. Across the mel axis it blurs
what is as narrow as a formant. How much, is measured on held-out recordings: the mel is written as
cepstra, and for each of them the power of what was recorded is divided by the power of what was
predicted at every modulation frequency. The root of that is the gain of a short filter over time,
so what is too weak is made as strong as in recordings (Takamichi et al., "Postfilters to modify
the modulation spectrum for statistical parametric speech synthesis", 2016, here in two
dimensions)::

    gain 2 |            ____
           |        .-''    \\          what moves faster than some 25 Hz is noise
         1 |____.-'          \\______   of the single recording, and stays as it is
           0    5    10   20   30   Hz

Shapes: ``B`` batch, ``M`` mel bins, ``N`` of them known for every recording, which are as many
cepstra, ``F`` frames, ``W`` = 32 frames of a window, ``V = W // 2 + 1`` modulation frequencies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

WINDOW_FRAMES = 32  # a third of a second at 94 frames a second
TAPS = 17
FASTEST = (7.5, 10.5)  # 22 and 30 Hz, in cycles a window: the gain fades to 1 in between
FINEST = 60  # cepstra from here on are finer than harmonics, and are left alone
GAINS = (0.8, 2.0)
SMOOTHING = 1.5  # cepstra, standard deviation: one alone is measured badly
LOUD_NATS = 4.6  # 40 dB: frames this far below the loudest are pauses


@lru_cache(maxsize=8)
def cosines(count: int) -> Tensor:
    """The orthonormal cosine transform (DCT-II), ``(count, count)``: a row for each cepstrum."""
    with torch.inference_mode(False):  # it is kept, and training may need it later
        place = torch.arange(count, dtype=torch.float64)
        table = (math.pi / count * (place[None] + 0.5) * place[:, None]).cos()
        table *= math.sqrt(2.0 / count)
        table[0] /= math.sqrt(2.0)
        return table.float()


def loud_frames(mel: Tensor) -> Tensor:
    """Which frames of ``mel (M, F)`` are not pauses, ``(F,)``."""
    level = mel.float().exp().mean(dim=0).log()
    return torch.as_tensor(level > level.max() - LOUD_NATS)


def modulation_power(mel: Tensor) -> Tensor:
    """Power of the cepstra of ``mel (N, F)`` at each modulation frequency, summed over windows that
    overlap by half: ``(N, V)``; zeros if there are too few frames for one."""
    cepstra = cosines(len(mel)) @ mel
    if cepstra.shape[1] < WINDOW_FRAMES:
        return cepstra.new_zeros(len(mel), WINDOW_FRAMES // 2 + 1)
    windows = cepstra.unfold(1, WINDOW_FRAMES, WINDOW_FRAMES // 2)
    still = windows - windows.mean(dim=2, keepdim=True)
    shape = torch.hann_window(WINDOW_FRAMES, periodic=False, device=mel.device)
    return torch.as_tensor(torch.fft.rfft(still * shape, dim=2).abs().square().sum(dim=1))


def fit_filters(pairs: Iterable[tuple[Tensor, Tensor]], low: int) -> Tensor:
    """The filters ``(low, TAPS)`` that make predictions move as much as recordings do.

    ``pairs``: recorded and predicted log-mels, ``(M, F)`` each, of the same frames. Zeros, which
    :func:`sharpen` takes for no filter, if none of them is long enough.
    """
    from scipy.ndimage import gaussian_filter1d

    power = torch.zeros(2, low, WINDOW_FRAMES // 2 + 1)
    for pair in pairs:
        loud = loud_frames(pair[0]).nonzero()
        stretch = slice(int(loud[0]), int(loud[-1]) + 1)
        for row, mel in enumerate(pair):
            power[row] += modulation_power(mel[:low, stretch].float().cpu())
    if not bool(power.any()):
        return torch.zeros(low, TAPS)
    real, predicted = (power + 1e-4 * power.mean()).log().numpy()
    missing = gaussian_filter1d(real - predicted, SMOOTHING, axis=0, mode="nearest", radius=4)
    gain = (0.5 * torch.from_numpy(missing)).exp().clamp(*GAINS)
    first, last = FASTEST
    slow = ((last - torch.arange(gain.shape[1])) / (last - first)).clamp(0.0, 1.0)
    slow = slow * (torch.arange(low) < FINEST)[:, None]
    impulse = torch.fft.irfft(1.0 + (gain - 1.0) * slow, dim=1).roll(WINDOW_FRAMES // 2, dims=1)
    half = TAPS // 2
    taps = impulse[:, WINDOW_FRAMES // 2 - half : WINDOW_FRAMES // 2 + half + 1]
    return torch.as_tensor(taps * torch.hann_window(TAPS + 2, periodic=False)[1:-1])


def sharpen(mel: Tensor, filters: Tensor) -> Tensor:
    """``mel (B, M, F)`` with the cepstra of its lowest bins filtered over time, around their mean,
    by ``filters (N, TAPS)``; as it was if they are all zero."""
    if not bool(filters.any()):
        return mel
    low, taps = filters.shape
    basis = cosines(low).to(mel.device)
    mean = mel[:, :low].mean(dim=2, keepdim=True)
    cepstra = basis @ (mel[:, :low] - mean)
    padded = functional.pad(cepstra, (taps // 2, taps // 2), mode="replicate")
    moved = functional.conv1d(padded, filters[:, None], groups=low)
    return torch.cat([mean + basis.T @ moved, mel[:, low:]], dim=1)
