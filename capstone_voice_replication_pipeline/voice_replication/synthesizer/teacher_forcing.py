"""Mels predicted with the true durations and prosody: what the vocoder will have to decode.

Real mels are sharper than predicted ones. A vocoder that spends its last training steps on
predicted mels, frame by frame in step with the real audio, learns to expect them.
"""

from __future__ import annotations

from pathlib import Path

import torch
from env_utils import read_json
from tqdm import tqdm
from training_utils import file_fingerprint, load_checkpoint, save_checkpoint

from voice_replication.data_processing.selection import DataSelection, select_utterances
from voice_replication.synthesizer.data import SpeechDataset
from voice_replication.synthesizer.inference import Synthesizer
from voice_replication.synthesizer.train import predict


@torch.inference_mode()
def write_predicted_mels(data: Path, checkpoint: Path) -> int:
    """Write ``data/predicted/<utterance>.safetensors`` (``mel (M, F)`` float16) for the
    utterances the synthesizer was trained on; returns their number. Those that this synthesizer
    has written before are kept."""
    _, meta = load_checkpoint(checkpoint)
    made_by = {"kind": "predicted mel", "synthesizer": file_fingerprint(checkpoint)}
    selection = DataSelection.model_validate(meta["config"]["data"])
    dataset = SpeechDataset.read(data, select_utterances(data, selection, "train"))
    model = Synthesizer.load(checkpoint).model
    examples = range(len(dataset.examples))
    for index in tqdm(examples, desc="predicted mels", unit="utterance", disable=None):
        path = data / "predicted" / f"{dataset.examples[index].id}.safetensors"
        if path.is_file() and read_json(path.with_suffix(".json")) == made_by:
            continue
        batch = dataset.collate([index])
        mel = predict(model, batch).mel
        mel = model.finish(mel)[0]
        # above the source's bandwidth the recording decides: there is nothing to be heard there
        mel = torch.where(batch.weight[0] > 0, mel, batch.mel[0])
        save_checkpoint(path, {"mel": mel}, made_by, bits=16)
    return len(dataset.examples)
