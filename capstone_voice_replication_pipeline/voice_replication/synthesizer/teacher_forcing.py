"""Mels predicted with the true durations and prosody: what the vocoder will have to decode.

Real mels are sharper than predicted ones. A vocoder that spends its last training steps on
predicted mels, frame by frame in step with the real audio, learns to expect them.
"""

from __future__ import annotations

from pathlib import Path

import torch
from tqdm import tqdm
from training_utils import load_checkpoint, save_checkpoint

from voice_replication.data_processing.selection import DataSelection, select_utterances
from voice_replication.synthesizer.data import SpeechDataset
from voice_replication.synthesizer.inference import Synthesizer


@torch.inference_mode()
def write_predicted_mels(data: Path, checkpoint: Path) -> int:
    """Write ``data/predicted/<utterance>.safetensors`` (``mel (M, F)`` float16) for the
    utterances the synthesizer was trained on; returns their number."""
    _, meta = load_checkpoint(checkpoint)
    selection = DataSelection.model_validate(meta["config"]["data"])
    dataset = SpeechDataset(data, select_utterances(data, selection, "train"))
    model = Synthesizer.load(checkpoint).model
    examples = range(len(dataset.examples))
    for index in tqdm(examples, desc="predicted mels", unit="utterance", disable=None):
        batch = dataset.collate([index])
        mel = model(
            batch.ids,
            batch.speaker,
            batch.mask,
            batch.durations,
            batch.prosody,
            batch.speaker_log_f0,
        ).mel[0]
        path = data / "predicted" / f"{batch.names[0]}.safetensors"
        save_checkpoint(path, {"mel": mel.half()}, {"kind": "predicted mel", "step": meta["step"]})
    return len(dataset.examples)
