"""The sound of the vocal folds before the mouth shapes it: a pulse train, and noise.

A network that must invent the phase of every harmonic gets it slightly wrong everywhere, and the
voice turns breathy. A pulse train of the right pitch has every harmonic in phase to begin with, so
that the network has only to shape it: the source-filter model (Fant 1960), with the filter learned
(Wang et al., 1810.11946; Yoneyama et al., 2411.06807).

Shapes: ``B`` batch, ``F`` frames, ``T = (F - 1) * hop_length`` samples, ``K`` bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from audio_utils import AudioSpec
from torch import Tensor
from torch.nn import functional

from voice_replication.vocoder.transform import analyze

DEFAULT_F0_HZ = 150.0  # where nothing is voiced: hardly heard, because the filter closes
LOWEST_HZ, HIGHEST_HZ = 50.0, 600.0


@dataclass(frozen=True)
class Source:
    """``pitch (B, 2, F)``: log F0 around 5 and whether the frame is voiced; ``harmonic`` and
    ``noise``: complex ``(B, F, K)`` spectra of unit-power excitations."""

    pitch: Tensor
    harmonic: Tensor
    noise: Tensor

    def part(self, start: int, stop: int) -> Source:
        """The frames ``start`` to ``stop``."""
        return Source(
            self.pitch[:, :, start:stop], self.harmonic[:, start:stop], self.noise[:, start:stop]
        )


def continuous_pitch(f0_hz: Tensor) -> Tensor:
    """``(B, F)`` Hz, 0 where unvoiced -> the same with gaps bridged by straight lines of log F0.

    Pulses go on through unvoiced stretches, so that a wrong voicing decision is the filter's to
    make and not an audible switch.
    """
    rows = []
    for row in f0_hz.detach().cpu().double().numpy():
        voiced = np.flatnonzero(row > 0)
        if len(voiced):
            logs = np.log(np.clip(row[voiced], LOWEST_HZ, HIGHEST_HZ))
            rows.append(np.exp(np.interp(np.arange(len(row)), voiced, logs)))
        else:
            rows.append(np.full(len(row), DEFAULT_F0_HZ))
    return torch.from_numpy(np.stack(rows)).to(f0_hz.device)


def pulse_train(f0_hz: Tensor, spec: AudioSpec, start: Tensor) -> Tensor:
    """Band-limited pulses of unit power: float64 ``f0_hz (B, F)`` without gaps -> ``(B, T)``.

    The sum of ``cos(2 pi n phase)`` over all harmonics below the Nyquist frequency in closed form
    (the Dirichlet kernel). ``start (B,)``: the phase of the first sample, in periods.
    """
    samples = (f0_hz.shape[1] - 1) * spec.hop_length
    per_sample = functional.interpolate(
        f0_hz[:, None], size=samples + 1, mode="linear", align_corners=True
    )[:, 0, :-1]
    phase = (per_sample / spec.sample_rate).cumsum(dim=1) + start[:, None]
    half = (torch.pi * (phase - phase.round())).float()  # in -pi/2 .. pi/2
    count = (spec.sample_rate / 2 / per_sample.float()).floor()
    sine = half.sin()
    at_pulse = sine.abs() < 1e-6
    ratio = ((2 * count + 1) * half).sin() / torch.where(at_pulse, torch.ones_like(sine), sine)
    total = torch.where(at_pulse, 2 * count + 1, ratio) / 2 - 0.5
    return torch.as_tensor(total * (2 / count).sqrt())


@torch.no_grad()
def make_source(
    f0_hz: Tensor, voiced: Tensor, spec: AudioSpec, generator: torch.Generator | None = None
) -> Source:
    """Excitation for ``f0_hz (B, F)``, 0 where unvoiced, and ``voiced (B, F)`` 0 to 1.

    ``generator`` draws the noise and the first phase, so that a seed decides the result.
    """
    device = f0_hz.device
    pitch = continuous_pitch(f0_hz)
    batch, frames = pitch.shape
    start = torch.rand(batch, generator=generator).to(device)
    pulses = pulse_train(pitch, spec, start.double())
    noise = torch.randn(batch, (frames - 1) * spec.hop_length, generator=generator).to(device)
    window = torch.hann_window(spec.n_fft, device=device)
    features = torch.stack([(pitch.log() - 5.0).float(), voiced.float()], dim=1)
    return Source(features, analyze(pulses, spec, window), analyze(noise, spec, window))
