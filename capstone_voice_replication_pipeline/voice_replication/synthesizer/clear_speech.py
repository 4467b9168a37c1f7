"""What in a recording is speech, and what may be its noise.

A voice is learned from few recordings, often noisy ones, and a synthesizer that is trained to
repeat them repeats their noise. But noise only adds to speech. So where a mel is hardly above what
its bin holds in the quietest frames, and in pauses, it is an upper bound of the speech: a
prediction above it is wrong, one below it is not (``losses.py``).

Shapes: ``M`` mel bins, ``F`` frames.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from text_utils import Symbols
from torch import Tensor

from voice_replication.synthesizer.data import Example, SpeechDataset

NOISE_QUANTILE = 0.1  # of the frames of a recording: in every mel bin they hold no speech
CLEAR_NATS = 1.0  # 9 dB: speech this far above the noise is hardly changed by it


def clear_cells(example: Example, symbols: Symbols) -> Tensor:
    """Which cells ``(M, F)`` of the mel are speech, as booleans; not in pauses, nor where a bin is
    hardly above its noise."""
    mel = example.mel.float()
    noise = torch.quantile(mel, NOISE_QUANTILE, dim=1, keepdim=True)
    spoken = torch.tensor([symbols.is_phone(int(index)) for index in example.ids])
    frames = torch.repeat_interleave(spoken, example.durations)
    return (mel > noise + CLEAR_NATS) & frames


def mark_noise(dataset: SpeechDataset) -> SpeechDataset:
    """``dataset`` itself, of whose recordings only the clear cells are learned."""
    dataset.examples = [
        replace(example, clear=clear_cells(example, dataset.symbols))
        for example in dataset.examples
    ]
    return dataset
