"""Tacotron 2 for many speakers: the classic synthesizer, which finds out by itself who is spoken.

    symbols ─ convolutions ─ BiLSTM ─┬─► memory ──► attention ◄─┐
    speaker embedding ───────────────┘                 │ context │ "where am I?"
    last mel frame ─ pre-net ─► attention LSTM ────────┴─► decoder LSTM ─┬─► r mel frames ─ post-net
          ▲                                                              ├─► stop?
          └──────────────────────────────────────────────────────────────┘

Shen et al., "Natural TTS synthesis by conditioning WaveNet on mel spectrogram predictions"
(1712.05884), with the speaker embedding of Jia et al. (SV2TTS, 1806.04558) concatenated to every
encoder output. No durations are given: location-sensitive attention (Chorowski et al., 1506.07503)
has to learn to move through the text once, from beginning to end. When it does not, words are
skipped or repeated or the voice babbles on; ``tacotron_inference.py`` guards against that.

Shapes: ``B`` batch, ``L`` symbols, ``F`` frames, ``S = ceil(F / r)`` decoder steps of ``r`` frames
(the reduction factor of Wang et al., 1703.10135), ``M`` mel bins, ``D`` channels of the memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from audio_utils import AudioSpec
from pydantic import Field
from torch import Generator, Tensor, nn
from torch.nn import functional
from training_utils import StrictModel

from voice_replication.synthesizer.model import MEAN_LOG_MEL, STD_LOG_MEL
from voice_replication.synthesizer.tacotron_layers import (
    ConvolutionLayer,
    LocationSensitiveAttention,
    PreNet,
    zoneout,
)

SILENCE = (-11.5 - MEAN_LOG_MEL) / STD_LOG_MEL  # scaled log-mel of digital silence


class TacotronConfig(StrictModel):
    """Sizes of the network. The paper's are 512, 256, 1024, 128 and 512, without reduction."""

    channels: int = Field(
        default=256, ge=2, multiple_of=2
    )  # of symbols, up to the speaker embedding
    prenet: int = Field(default=128, ge=1)
    lstm: int = Field(default=512, ge=1)  # each of the two decoder LSTMs
    attention: int = Field(default=128, ge=1)
    location_filters: int = Field(default=32, ge=1)
    postnet: int = Field(default=256, ge=1)
    reduction: int = Field(default=2, ge=1, le=10)  # mel frames per decoder step
    speaker_size: int = Field(default=96, ge=1)
    dropout: float = Field(default=0.5, ge=0, lt=1)  # of encoder and post-net convolutions
    prenet_dropout: float = Field(default=0.5, ge=0, lt=1)  # stays on when speaking
    zoneout: float = Field(default=0.1, ge=0, lt=1)


@dataclass(frozen=True)
class TacotronPrediction:
    """``coarse`` and, after the post-net, ``mel``, both ``(B, M, F)``; ``stop (B, S)`` logits;
    ``attention (B, S, L)``, rows summing to 1."""

    coarse: Tensor
    mel: Tensor
    stop: Tensor
    attention: Tensor


@dataclass(frozen=True)
class DecoderState:
    """Everything that is carried from one decoder step to the next, each ``(B, ...)``."""

    attention_h: Tensor
    attention_c: Tensor
    decoder_h: Tensor
    decoder_c: Tensor
    context: Tensor  # (B, D)
    weights: Tensor  # (B, L) attention of the last step
    cumulative: Tensor  # (B, L) and summed over all steps so far


@dataclass(frozen=True)
class Rendering:
    """What free-running speech gives: ``mel (1, M, F)``, ``attention (S, L)``, and whether the
    end was found (``stopped``) or the longest length reached."""

    mel: Tensor
    attention: Tensor
    stopped: bool


class Tacotron(nn.Module):
    """See the module's docstring."""

    def __init__(self, config: TacotronConfig, n_symbols: int, spec: AudioSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        size, lstm = config.channels, config.lstm
        memory = size + config.speaker_size
        self.embedding = nn.Embedding(n_symbols, size, padding_idx=0)
        self.convolutions = nn.ModuleList(
            ConvolutionLayer(size, size, functional.relu, config.dropout) for _ in range(3)
        )
        self.bilstm = nn.LSTM(size, size // 2, batch_first=True, bidirectional=True)
        self.prenet = PreNet(spec.n_mels, config.prenet, config.prenet_dropout)
        self.attention_lstm = nn.LSTMCell(config.prenet + memory, lstm)
        self.attention = LocationSensitiveAttention(
            lstm, memory, config.attention, config.location_filters
        )
        self.decoder_lstm = nn.LSTMCell(lstm + memory, lstm)
        self.to_frames = nn.Linear(lstm + memory, config.reduction * spec.n_mels)
        self.to_stop = nn.Linear(lstm + memory, 1)
        widths = [spec.n_mels, *[config.postnet] * 4, spec.n_mels]
        self.postnet = nn.ModuleList(
            ConvolutionLayer(
                widths[i], widths[i + 1], torch.tanh if i < 4 else None, config.dropout
            )
            for i in range(5)
        )

    def encode(self, ids: Tensor, speaker: Tensor, mask: Tensor) -> Tensor:
        """``ids (B, L)``, unit ``speaker (B, E)``, ``mask (B, L)`` -> memory ``(B, L, D)``."""
        x = self.embedding(ids).transpose(1, 2)
        for layer in self.convolutions:
            x = layer(x, mask[:, None])
        lengths = mask.sum(dim=1).long().cpu()
        packed = nn.utils.rnn.pack_padded_sequence(
            x.transpose(1, 2), lengths, batch_first=True, enforce_sorted=False
        )
        hidden, _ = nn.utils.rnn.pad_packed_sequence(
            self.bilstm(packed)[0], batch_first=True, total_length=ids.shape[1]
        )
        everywhere = speaker[:, None].expand(-1, ids.shape[1], -1)
        return torch.cat([hidden, everywhere], dim=-1)

    def start(self, memory: Tensor) -> DecoderState:
        """The state before the first step: all zeros."""
        batch, length, size = memory.shape
        lstm = memory.new_zeros(batch, self.config.lstm)
        nowhere = memory.new_zeros(batch, length)
        return DecoderState(lstm, lstm, lstm, lstm, memory.new_zeros(batch, size), nowhere, nowhere)

    def step(
        self, frame: Tensor, state: DecoderState, memory: Tensor, keys: Tensor, mask: Tensor
    ) -> tuple[Tensor, DecoderState]:
        """One decoder step: the pre-net's view of the last ``frame (B, P)`` -> ``(B, lstm + D)``.

        The context of the step before tells the attention LSTM what was being said.
        """
        p, training = self.config.zoneout, self.training
        old = (state.attention_h, state.attention_c)
        new = self.attention_lstm(torch.cat([frame, state.context], dim=-1), old)
        attention_h = zoneout(old[0], new[0], p, training)
        attention_c = zoneout(old[1], new[1], p, training)
        weights = self.attention(attention_h, keys, state.weights, state.cumulative, mask)
        context = torch.bmm(weights[:, None], memory)[:, 0]
        old = (state.decoder_h, state.decoder_c)
        new = self.decoder_lstm(torch.cat([attention_h, context], dim=-1), old)
        decoder_h = zoneout(old[0], new[0], p, training)
        decoder_c = zoneout(old[1], new[1], p, training)
        cumulative = state.cumulative + weights
        state = DecoderState(
            attention_h, attention_c, decoder_h, decoder_c, context, weights, cumulative
        )
        return torch.cat([decoder_h, context], dim=-1), state

    def frames(self, outputs: Tensor) -> Tensor:
        """Decoder outputs ``(B, S, lstm + D)`` -> scaled coarse mel ``(B, M, S * r)``."""
        batch, steps, _ = outputs.shape
        grouped = self.to_frames(outputs).view(batch, steps * self.config.reduction, -1)
        return torch.as_tensor(grouped.transpose(1, 2))

    def refine(self, coarse: Tensor, frame_mask: Tensor) -> Tensor:
        """The post-net: what the decoder could not know, since it had not heard the future."""
        x = coarse
        for layer in self.postnet:
            x = layer(x, frame_mask[:, None])
        return coarse + x

    def forward(
        self, ids: Tensor, speaker: Tensor, mask: Tensor, mel: Tensor, frame_mask: Tensor
    ) -> TacotronPrediction:
        """Training pass (teacher forcing): every step is given the *true* frame before it.

        ``mel (B, M, F)`` log-mel, ``frame_mask (B, F)``.
        """
        reduction, count = self.config.reduction, mel.shape[2]
        scaled = (mel - MEAN_LOG_MEL) / STD_LOG_MEL
        scaled = functional.pad(scaled, (0, -count % reduction), value=SILENCE)
        before = functional.pad(scaled[:, :, reduction - 1 : -1 : reduction], (1, 0), value=SILENCE)
        inputs = self.prenet(before.transpose(1, 2))
        memory = self.encode(ids, speaker, mask)
        keys, state = self.attention.keys(memory), self.start(memory)
        outputs, attention = [], []
        for step in range(inputs.shape[1]):
            output, state = self.step(inputs[:, step], state, memory, keys, mask)
            outputs.append(output)
            attention.append(state.weights)
        hidden = torch.stack(outputs, dim=1)
        coarse = self.frames(hidden)[:, :, :count]
        refined = self.refine(coarse, frame_mask)
        return TacotronPrediction(
            coarse * STD_LOG_MEL + MEAN_LOG_MEL,
            refined * STD_LOG_MEL + MEAN_LOG_MEL,
            self.to_stop(hidden)[..., 0],
            torch.stack(attention, dim=1),
        )

    @torch.no_grad()
    def speak(
        self,
        ids: Tensor,
        speaker: Tensor,
        max_steps: int,
        linger_steps: int,
        generator: Generator | None = None,
    ) -> Rendering:
        """Free-running: every step hears its own last frame. ``ids (1, L)``, ``speaker (1, E)``.

        Ends when the stop token is likelier than not, when the attention has rested on the last
        symbol for ``linger_steps`` steps, or after ``max_steps``. ``generator`` draws the pre-net's
        dropout, which stays on (section 2.2: it is what keeps the output varied).
        """
        mask = torch.ones(ids.shape, device=ids.device)
        memory = self.encode(ids, speaker, mask)
        keys, state = self.attention.keys(memory), self.start(memory)
        frame = memory.new_full((1, self.spec.n_mels), SILENCE)
        outputs: list[Tensor] = []
        attention: list[Tensor] = []
        stopped, lingered = False, 0
        while not stopped and len(outputs) < max_steps:
            seen = self.prenet(frame, generator)
            output, state = self.step(seen, state, memory, keys, mask)
            outputs.append(output)
            attention.append(state.weights)
            frame = self.frames(output[:, None])[:, :, -1]
            at_end = int(state.weights.argmax()) == ids.shape[1] - 1
            lingered = lingered + 1 if at_end else 0
            stopped = bool(self.to_stop(output) > 0) or lingered >= linger_steps
        coarse = self.frames(torch.stack(outputs, dim=1))
        refined = self.refine(coarse, coarse.new_ones(1, coarse.shape[2]))
        return Rendering(refined * STD_LOG_MEL + MEAN_LOG_MEL, torch.cat(attention), stopped)
