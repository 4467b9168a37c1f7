"""The synthesizer: symbols and a speaker embedding in, a log-mel spectrogram out, in one pass.

    symbols ─ encoder ─► h ─┬─ durations ──────────────┐
    speaker ────────────────┼─ pitch, voicing, energy ─┤
                            └──────────────────────────┴─ repeat each symbol ─ decoder ─► log-mel

Durations are trained on a forced alignment, so no attention has to be learned and no word can be
skipped or repeated (FastSpeech 2, 2006.04558); every part is conditioned on the speaker.

Shapes: ``B`` batch, ``L`` symbols, ``F`` frames, ``M`` mel bins, ``D`` channels, ``E`` embedding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from audio_utils import AudioSpec
from torch import Tensor, nn
from training_utils import StrictModel

from voice_replication.synthesizer.harmonics import PITCHES_HZ, ripples
from voice_replication.synthesizer.layers import DecoderBlock, EncoderBlock, Predictor, SpeakerNorm
from voice_replication.synthesizer.modulation import TAPS, sharpen
from voice_replication.synthesizer.treble import add_treble, low_bins

MEAN_LOG_MEL, STD_LOG_MEL = -5.0, 2.5  # of speech, about: the network works on scaled mels
LOG_F0_CENTER = 5.0  # ln Hz: 148 Hz
RETIRED = ("mel_spread",)  # tensors of earlier checkpoints that nothing uses any more


class SynthesizerConfig(StrictModel):
    """Sizes of the network."""

    channels: int = 192
    hidden: int = 768
    heads: int = 2
    encoder_blocks: int = 4
    decoder_blocks: int = 6
    kernel_size: int = 7
    speaker_size: int = 96
    dropout: float = 0.1


@dataclass(frozen=True)
class Prosody:
    """Per symbol: ``log_f0 (B, L)`` relative to the speaker's median (0 where unvoiced),
    ``voicing (B, L)`` share of voiced frames, ``energy (B, L)`` log magnitude."""

    log_f0: Tensor
    voicing: Tensor
    energy: Tensor


@dataclass(frozen=True)
class Prediction:
    """What one forward pass gives: ``mel (B, M, F)``, ``log_duration (B, L)`` (of frames + 1),
    the predicted prosody and ``speaker_log_f0 (B,)``, the guessed median of the speaker."""

    mel: Tensor
    log_duration: Tensor
    prosody: Prosody
    speaker_log_f0: Tensor


def in_use(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The ``tensors`` of a checkpoint without those of :data:`RETIRED`."""
    return {name: tensor for name, tensor in tensors.items() if name not in RETIRED}


class Synthesizer(nn.Module):
    """See the module's docstring."""

    def __init__(self, config: SynthesizerConfig, n_symbols: int, spec: AudioSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        size, speaker = config.channels, config.speaker_size
        self.embedding = nn.Embedding(n_symbols, size, padding_idx=0)
        self.speaker_bias = nn.Linear(speaker, size)
        self.encoder = nn.ModuleList(
            EncoderBlock(size, config.hidden, config.heads, 3, config.dropout)
            for _ in range(config.encoder_blocks)
        )
        self.encoder_norm = nn.LayerNorm(size)
        self.duration = Predictor(size, 1, speaker, config.dropout)
        self.prosody = Predictor(size, 3, speaker, config.dropout)
        self.speaker_f0 = nn.Linear(speaker, 1)
        self.prosody_in = nn.Linear(4, size)
        self.position_in = nn.Linear(3, size)
        self.harmonics_in = nn.Linear(spec.n_mels, size, bias=False)
        self.register_buffer("ripples", torch.from_numpy(ripples(spec).T.copy()), persistent=False)
        self.decoder = nn.ModuleList(
            DecoderBlock(
                size, config.hidden, config.kernel_size, speaker, 1.0 / config.decoder_blocks
            )
            for _ in range(config.decoder_blocks)
        )
        self.final_norm = SpeakerNorm(size, speaker)
        self.to_mel = nn.Linear(size, spec.n_mels)
        nn.init.zeros_(self.harmonics_in.weight)
        low = low_bins(spec)
        self.register_buffer("modulation", torch.zeros(low, TAPS))  # see finish()
        self.register_buffer("treble", torch.zeros(spec.n_mels - low, low + 1))  # see finish()

    def encode(self, ids: Tensor, speaker: Tensor, mask: Tensor) -> Tensor:
        """``ids (B, L)``, unit ``speaker (B, E)`` -> ``(B, L, D)``."""
        x = self.embedding(ids) + self.speaker_bias(speaker)[:, None]
        for block in self.encoder:
            x = block(x, mask)
        return torch.as_tensor(self.encoder_norm(x) * mask[..., None])

    def predict_prosody(self, hidden: Tensor, speaker: Tensor, mask: Tensor) -> Prosody:
        """Prosody of each symbol from the encoded text."""
        log_f0, voicing, energy = self.prosody(hidden, speaker, mask).unbind(-1)
        return Prosody(log_f0, voicing.sigmoid(), energy)

    def decode(
        self,
        hidden: Tensor,
        durations: Tensor,
        prosody: Prosody,
        speaker_log_f0: Tensor,
        speaker: Tensor,
        f0_hz: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Repeat symbols for their ``durations (B, L)`` and draw the mel, with the harmonics of
        ``f0_hz (B, F)``, 0 where unvoiced.

        Returns ``(mel (B, M, F), frame mask (B, F))``.
        """
        x, mask = self._spread(hidden, durations, prosody, speaker_log_f0, f0_hz)
        return self._draw(x, speaker, mask).transpose(1, 2), mask

    def decode_many(
        self,
        hidden: Tensor,
        durations: Tensor,
        prosody: Prosody,
        speaker_log_f0: Tensor,
        speaker: Tensor,
        f0_hz: Tensor,
    ) -> list[Tensor]:
        """The same for inference: finished mels ``(M, F)``, each with its own number of frames.

        Their frames lie in one row with gaps that no convolution reaches across, so that nothing
        is computed for padding, of which mixed lengths have a lot:

            frames   [mel 0]000[mel 1      ]000[mel 2 ]000
        """
        x, mask = self._spread(hidden, durations, prosody, speaker_log_f0, f0_hz)
        gap = self.config.kernel_size // 2 if len(x) > 1 else 0
        lengths = [int(count) for count in mask.sum(dim=1)]
        rows = [
            nn.functional.pad(one[:n], (0, 0, 0, gap)) for one, n in zip(x, lengths, strict=True)
        ]
        inside = [
            nn.functional.pad(one[:n], (0, gap)) for one, n in zip(mask, lengths, strict=True)
        ]
        sizes = torch.tensor([n + gap for n in lengths], device=x.device)
        owner = torch.arange(len(x), device=x.device).repeat_interleave(sizes)
        drawn = self._draw(torch.cat(rows)[None], speaker, torch.cat(inside)[None], owner)[0]
        parts = torch.split(drawn, [n + gap for n in lengths])
        mels = [part[:n].T for part, n in zip(parts, lengths, strict=True)]
        return [self.finish(mel[None])[0] for mel in mels]

    def _spread(
        self,
        hidden: Tensor,
        durations: Tensor,
        prosody: Prosody,
        speaker_log_f0: Tensor,
        f0_hz: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """What the decoder knows of each frame, ``(B, F, D)``, and the frame mask ``(B, F)``."""
        absolute = (prosody.log_f0 + speaker_log_f0[:, None] - LOG_F0_CENTER) * prosody.voicing
        features = torch.stack(
            [absolute, prosody.log_f0 * prosody.voicing, prosody.voicing, prosody.energy / 4], -1
        )
        symbols = hidden + self.prosody_in(features)
        index, position, frame_mask = upsampling(durations)
        x = symbols.gather(1, index[..., None].expand(-1, -1, symbols.shape[-1]))
        x = x + self.position_in(position) + self.harmonics_in(self._ripple(f0_hz))
        return x * frame_mask[..., None], frame_mask

    def _draw(
        self, x: Tensor, speaker: Tensor, mask: Tensor, owner: Tensor | None = None
    ) -> Tensor:
        """Frames ``(B, F, D)`` -> log-mel ``(B, F, M)``; ``owner``: see :class:`SpeakerNorm`."""
        for block in self.decoder:
            x = block(x, speaker, mask, owner)
        mel = self.to_mel(self.final_norm(x, speaker, owner))
        return torch.as_tensor(mel.float() * STD_LOG_MEL + MEAN_LOG_MEL)

    def finish(self, mel: Tensor) -> Tensor:
        """Give ``mel (B, M, F)``, all frames of it, the movement and treble that real speech has.

        The decoder predicts averages, which move less than what they are averages of. So fast
        movement is made stronger by ``modulation`` (see ``modulation.py``), which is measured on
        held-out recordings when training ends. What most recordings do not hold, above 8 kHz, is
        added by ``treble`` (see ``treble.py``).
        """
        mel = sharpen(mel, self.get_buffer("modulation"))
        treble = self.get_buffer("treble")
        return add_treble(mel, treble) if bool(treble.any()) else mel

    def _ripple(self, f0_hz: Tensor) -> Tensor:
        """What pulses of the pitch of each frame leave in a mel: ``(B, F) -> (B, F, M)``."""
        lowest, highest = math.log(PITCHES_HZ[0]), math.log(PITCHES_HZ[-1])
        place = (f0_hz.clamp(min=1.0).log() - lowest) / (highest - lowest) * (len(PITCHES_HZ) - 1)
        table = self.get_buffer("ripples")
        ripple = table[place.round().long().clamp(0, len(table) - 1)]
        return ripple * (f0_hz > 0)[..., None]

    def forward(
        self,
        ids: Tensor,
        speaker: Tensor,
        mask: Tensor,
        durations: Tensor,
        prosody: Prosody,
        speaker_log_f0: Tensor,
        f0_hz: Tensor,
    ) -> Prediction:
        """Training pass: the decoder sees the true durations, prosody and pitch."""
        hidden = self.encode(ids, speaker, mask)
        # predictors learn from the text encoding but do not shape it: the mel does that
        still = hidden.detach() * 0.9 + hidden * 0.1
        log_duration = self.duration(still, speaker, mask)[..., 0]
        predicted = self.predict_prosody(still, speaker, mask)
        mel, _ = self.decode(hidden, durations, prosody, speaker_log_f0, speaker, f0_hz)
        guess = self.speaker_f0(speaker)[:, 0] + LOG_F0_CENTER
        return Prediction(mel, log_duration, predicted, guess)


def upsampling(durations: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How to spread symbols over frames, from ``durations (B, L)``.

    Returns ``index (B, F)`` the symbol of each frame, ``position (B, F, 3)``: how far into the
    symbol and how far from its end (0..1), and the log of its duration; and the frame mask.
    """
    ends = durations.cumsum(dim=1)
    frames = int(ends[:, -1].max())
    time = torch.arange(frames, device=durations.device).expand(len(durations), frames)
    index = torch.searchsorted(ends, time.contiguous(), right=True)
    mask = (time < ends[:, -1:]).float()
    index = index.clamp(max=durations.shape[1] - 1)
    length = durations.gather(1, index).clamp(min=1).float()
    start = ends.gather(1, index) - durations.gather(1, index)
    into = (time - start + 0.5) / length
    position = torch.stack([into, 1 - into, length.log() / 3], dim=-1)
    return index, position * mask[..., None], mask
