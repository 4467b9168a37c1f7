"""Training Tacotron: mels, when to stop, and a nudge for the attention to go straight ahead."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC
from pydantic import Field
from torch import Tensor
from torch.nn import functional
from training_utils import StrictModel, Trainer

from voice_replication.data_processing.selection import select_utterances
from voice_replication.synthesizer.data import SpeechDataset, SynthesizerBatch
from voice_replication.synthesizer.model import STD_LOG_MEL
from voice_replication.synthesizer.tacotron import Tacotron, TacotronConfig, TacotronPrediction
from voice_replication.synthesizer.train import SpeechTask, SpeechTrainingConfig

STOP_WEIGHT = 5.0  # one step in hundreds is the last one


class TacotronLossConfig(StrictModel):
    """Weights of the losses."""

    l1: float = Field(default=0.5, ge=0)
    l2: float = Field(default=1.0, ge=0)
    stop: float = Field(default=0.5, ge=0)
    guided_attention: float = Field(default=5.0, ge=0)  # 0: off
    guided_width: float = Field(default=0.2, gt=0)  # how far from the diagonal costs little


class TacotronTrainingConfig(SpeechTrainingConfig):
    """Everything ``configs/tacotron.yaml`` may say."""

    architecture: Literal["tacotron"] = "tacotron"
    model: TacotronConfig = TacotronConfig()
    loss: TacotronLossConfig = TacotronLossConfig()


def guided_attention_loss(
    attention: Tensor, symbols: Tensor, steps: Tensor, width: float
) -> Tensor:
    """Mean weight far from the diagonal (Tachibana et al., 1710.08969, section 4.1).

    ``attention (B, S, L)``, of which ``steps (B,)`` and ``symbols (B,)`` are no padding. Weight at
    relative step ``t`` and symbol ``n`` (0..1) costs ``1 - exp(-(n - t)^2 / (2 width^2))``.
    """
    n_steps, n_symbols = attention.shape[1:]
    step = torch.arange(n_steps, device=attention.device)[None, :, None]
    symbol = torch.arange(n_symbols, device=attention.device)[None, None, :]
    distance = symbol / symbols[:, None, None] - step / steps[:, None, None]
    cost = 1.0 - torch.exp(-distance.square() / (2.0 * width**2))
    inside = (step < steps[:, None, None]).float()  # padded symbols have no weight anyway
    return (attention * cost * inside).sum() / steps.sum()


def tacotron_losses(
    prediction: TacotronPrediction,
    batch: SynthesizerBatch,
    weights: TacotronLossConfig,
    reduction: int,
) -> dict[str, Tensor]:
    """All loss terms and their weighted sum ``loss``.

    L1 and L2 of the mel before and after the post-net (in standard deviations, inside the source's
    bandwidth); cross-entropy of the stop token, wanted from the step of the last frame on.
    """
    count = batch.weight.sum()
    errors = [(m - batch.mel) / STD_LOG_MEL for m in (prediction.coarse, prediction.mel)]
    l1 = torch.stack([(e.abs() * batch.weight).sum() / count for e in errors]).sum()
    l2 = torch.stack([(e.square() * batch.weight).sum() / count for e in errors]).sum()
    steps = torch.ceil(batch.durations.sum(dim=1) / reduction)
    place = torch.arange(prediction.stop.shape[1], device=steps.device)
    stop = functional.binary_cross_entropy_with_logits(
        prediction.stop,
        (place[None] >= steps[:, None] - 1).float(),
        pos_weight=torch.tensor(STOP_WEIGHT, device=steps.device),
    )
    guided = guided_attention_loss(
        prediction.attention, batch.mask.sum(dim=1), steps, weights.guided_width
    )
    loss = weights.l1 * l1 + weights.l2 * l2 + weights.stop * stop
    loss = loss + weights.guided_attention * guided
    return {"loss": loss, "l1": l1, "l2": l2, "stop": stop, "guided_attention": guided}


class TacotronTask(SpeechTask):
    """Tacotron on the same batches as the synthesizer that ships."""

    name = "tacotron"

    def __init__(
        self, config: TacotronTrainingConfig, train: SpeechDataset, dev: SpeechDataset
    ) -> None:
        torch.manual_seed(config.training.seed)
        self.config = config
        self.model = Tacotron(config.model, len(train.symbols), DEFAULT_SPEC)
        super().__init__(config, self.model, train, dev)

    def predict(self, batch: SynthesizerBatch) -> TacotronPrediction:
        """Teacher-forced pass. Always in float32: hundreds of recurrent steps add up what
        bfloat16 rounds away."""
        frame_mask = batch.weight.amax(dim=1)
        with torch.autocast(self.device.type, enabled=False):
            prediction = self.model(batch.ids, batch.speaker, batch.mask, batch.mel, frame_mask)
        assert isinstance(prediction, TacotronPrediction)
        return prediction

    def losses(self, batch: SynthesizerBatch) -> dict[str, Tensor]:
        batch = batch.to(self.device)
        reduction = self.config.model.reduction
        return tacotron_losses(self.predict(batch), batch, self.config.loss, reduction)

    def visualize(self, folder: Path, step: int) -> None:
        """For two held-out utterances: the attention under teacher forcing (a clean diagonal comes
        before anything can be understood), and mel and audio of free-running speech."""
        from audio_utils import save_audio
        from audio_utils.griffin_lim import griffin_lim
        from audio_utils.plots import plot_mel

        for index in range(min(2, len(self.dev.examples))):
            batch = self.dev.collate([index]).to(self.device)
            name = batch.names[0]
            stem = folder / f"{step:07d}_{name}"
            attention = self.predict(batch).attention[0].float().cpu().numpy()
            title = f"{name}, attention under teacher forcing at step {step}"
            plot_attention(attention, Path(f"{stem}_attention.png"), title)
            limit = math.ceil(2 * batch.mel.shape[2] / self.config.model.reduction)
            spoken = self.model.speak(batch.ids, batch.speaker, limit, linger_steps=limit)
            mel = spoken.mel[0].cpu().numpy()
            plot_mel(
                mel, DEFAULT_SPEC, path=Path(f"{stem}.png"), title=f"{name}, free at step {step}"
            )
            save_audio(Path(f"{stem}.wav"), griffin_lim(mel, DEFAULT_SPEC, 30))


def plot_attention(attention: npt.NDArray[np.float32], path: Path, title: str) -> bytes:
    """The alignment ``(S, L)`` as a picture: decoder steps to the right, symbols upwards."""
    from dl_utils import new_figure, save_plot

    figure = new_figure(8.0, 4.0)
    axes = figure.subplots()
    image = axes.imshow(attention.T, origin="lower", aspect="auto", vmin=0.0, vmax=1.0)
    axes.set_xlabel("decoder step")
    axes.set_ylabel("symbol")
    axes.set_title(title)
    figure.colorbar(image, ax=axes, label="attention weight", pad=0.01)
    return save_plot(figure, path)


def train_tacotron(
    data: Path, folder: Path, config: TacotronTrainingConfig, **options: Any
) -> Path:
    """Train on a preprocessed, aligned folder with features; ``options`` are those of ``Trainer``.

    The alignments serve only to know which transcripts fit and which commas were spoken. Returns
    the exported checkpoint.
    """
    train = SpeechDataset.read(data, select_utterances(data, config.data, "train"))
    dev = SpeechDataset.read(data, select_utterances(data, config.data, "dev"))
    task = TacotronTask(config, train, dev)
    return Trainer(task, config.training, folder, **options).run()
