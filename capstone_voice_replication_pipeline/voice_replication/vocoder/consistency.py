"""Holding a sound against the mel it was made for, and correcting what differs.

A network that writes a spectrum frame by frame does not hear the result: overlapping frames add up
to another spectrum than the one that was asked for, and every harmonic comes out a little too loud
or too soft. The mel of the result says by how much, so the spectrum is multiplied by what is
missing and inverted again. It is Griffin and Lim's idea (1984) of going back and forth between a
sound and a spectrum, begun with a sound that is nearly right, so one or two rounds are enough.

Shapes: ``B`` batch, ``F`` frames, ``M`` mel bins, ``K = n_fft // 2 + 1``,
``T = (F - 1) * hop_length`` samples.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from audio_utils import AudioSpec, mel_filterbank
from torch import Tensor

from voice_replication.vocoder.transform import analyze, magnitude, resynthesize, scaled

LIMIT = 3.0  # nepers: no bin is made more than 20 times louder or softer in a round


@lru_cache(maxsize=8)
def _spread(spec: AudioSpec) -> Tensor:
    """``(M, K)``: the mel bins that a frequency lies in, with weights that add up to one."""
    filters = mel_filterbank(spec)
    with torch.inference_mode(False):  # it is kept, and training may need it later
        return filters / filters.sum(dim=0).clamp(min=1e-6)


def match_mel(audio: Tensor, mel: Tensor, trust: Tensor, spec: AudioSpec, rounds: int) -> Tensor:
    """Bring ``audio (B, T)`` closer to the log-mel ``mel (B, F, M)``, in ``rounds`` rounds.

    ``trust (B, F, M)``, 0 to 1: how much of the difference is corrected in each. A mel of a
    recording deserves all of it; one that a synthesizer predicted is an average, and a sound that
    follows it everywhere is as dull as it is. Always in float32: a log-mel in bfloat16 would be
    corrected by its own rounding.
    """
    window = torch.hann_window(spec.n_fft, device=audio.device)
    filters, spread = mel_filterbank(spec).to(audio.device), _spread(spec).to(audio.device)
    with torch.autocast(audio.device.type, enabled=False):
        for _ in range(rounds):
            spectrum = analyze(audio, spec, window)
            heard = (magnitude(spectrum) @ filters.T).clamp(min=spec.log_floor).log()
            missing = (mel - heard).clamp(-LIMIT, LIMIT) * trust
            audio = resynthesize(scaled(spectrum, (missing @ spread).exp()), spec, window)
    return audio
