"""What the synthesizer is trained on: distances of mels, durations and prosody.

Shapes: ``B`` batch, ``L`` symbols, ``F`` frames, ``M`` mel bins.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from training_utils import StrictModel

from voice_replication.synthesizer.data import SynthesizerBatch
from voice_replication.synthesizer.model import STD_LOG_MEL, Prediction


class LossConfig(StrictModel):
    """Weights of the losses."""

    l1: float = 1.0
    l2: float = 0.5
    coarse: float = 2.0  # see coarse_difference
    duration: float = 0.05
    prosody: float = 0.1


def coarse_difference(difference: Tensor, weight: Tensor) -> Tensor:
    """Mean size of ``difference (B, M, F)`` averaged over cells of 3 bins by 5 frames (53 ms).

    Most of what single bins and frames differ by is the noise of one recording, which cannot be
    predicted; the path of the formants is left when it is averaged away, and that is what
    listeners miss in predicted speech. ``weight (B, M, F)``: 0 in padding.
    """
    sums, counts = (
        functional.avg_pool2d(x, (3, 5), ceil_mode=True) for x in (difference * weight, weight)
    )
    return torch.as_tensor(sums.abs().sum() / counts.sum())


def lost_contrast(mel: Tensor, base: Tensor, weight: Tensor) -> Tensor:
    """How much the predictions ``mel`` and ``base (B, M, F)`` differ beside a spectrum that stays
    the same: mean size of their difference less its mean over time, in standard deviations.

    A few seconds show how a voice sounds on the whole; how each phone sounds in it they show too
    rarely, so what tells one phone from the next is better left as it was. ``weight (B, M, F)``: 0
    in padding.
    """
    difference = (mel - base) / STD_LOG_MEL * weight
    mean = difference.sum(dim=2, keepdim=True) / weight.sum(dim=2, keepdim=True).clamp(min=1.0)
    return torch.as_tensor(((difference - mean) * weight).abs().sum() / weight.sum())


def synthesizer_losses(
    prediction: Prediction, batch: SynthesizerBatch, weights: LossConfig
) -> dict[str, Tensor]:
    """All loss terms and their weighted sum ``loss``.

    The mel loss counts only bins inside the source's bandwidth and frames that are not padding;
    mels are compared in units of their standard deviation. Noise only adds: where it may
    hide speech, a prediction below the mel of the recording is not known to be wrong.
    """
    difference = (prediction.mel - batch.mel) / STD_LOG_MEL
    difference = torch.where(batch.clear, difference, difference.clamp(min=0.0))
    cells = batch.weight.sum()
    l1 = (difference.abs() * batch.weight).sum() / cells
    l2 = (difference.square() * batch.weight).sum() / cells
    coarse = coarse_difference(difference, batch.weight)
    symbols = batch.mask.sum()
    # the likelihood of a Poisson count: its best answer is the mean, where a squared error of
    # logarithms gives a smaller number and so a hurried voice
    log_duration, count = prediction.log_duration.float(), batch.durations.float() + 1
    excess = log_duration.exp() - count - count * (log_duration - count.log())
    duration = (excess * batch.mask).sum() / symbols
    truth, guess = batch.prosody, prediction.prosody
    voiced = batch.mask * truth.voicing
    present = batch.mask * (batch.durations > 0)
    log_f0 = ((guess.log_f0.float() - truth.log_f0).square() * voiced).sum()
    log_f0 = log_f0 / voiced.sum().clamp(min=1.0)  # a whisper has no voiced symbol
    voicing = ((guess.voicing.float() - truth.voicing).square() * present).sum() / present.sum()
    energy = ((guess.energy.float() - truth.energy).square() * present).sum() / present.sum()
    median = functional.mse_loss(prediction.speaker_log_f0.float(), batch.speaker_log_f0)
    prosody = 10 * log_f0 + voicing + 0.5 * energy + median
    loss = weights.l1 * l1 + weights.l2 * l2 + weights.coarse * coarse
    loss = loss + weights.duration * duration + weights.prosody * prosody
    return {
        "loss": loss,
        "l1": l1,
        "l2": l2,
        "coarse": coarse,
        "duration": duration,
        "log_f0": log_f0,
        "voicing": voicing,
        "energy": energy,
        "speaker_f0": median,
    }
