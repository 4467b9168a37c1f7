"""Training data of the synthesizer: mels, symbols with durations, prosody and speakers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from audio_utils import DEFAULT_SPEC
from audio_utils.mel import mel_centers_hz
from data_utils import Utterance
from text_utils import Symbols
from torch import Tensor

from voice_replication.data_processing.alignment import Alignment, read_alignments
from voice_replication.data_processing.features import (
    frame_energy,
    read_embeddings,
    read_features,
)
from voice_replication.synthesizer.model import Prosody
from voice_replication.synthesizer.rare_symbols import known_ids
from voice_replication.synthesizer.treble import NYQUIST_SHARE

HEARD_PAUSE_FRAMES = 9  # 96 ms: from here on a gap between words is heard as a pause
SILENT_COMMA_FRAMES = 4  # 43 ms: a comma with less than this was not spoken


def hear_pauses(ids: Sequence[int], durations: Sequence[int], symbols: Symbols) -> list[int]:
    """Write the punctuation that was spoken instead of the one that was printed.

    Transcripts without punctuation (LibriSpeech) would teach that pauses fall anywhere. A pause
    that is heard between two words becomes a comma, a comma that was read over becomes a plain gap;
    so a comma means a pause, also to a listener of what the model says later.
    """
    comma, gap = symbols.id(","), symbols.id(" ")
    heard = known_ids(ids, symbols)
    for place in range(1, len(ids) - 1):
        if heard[place] == gap and durations[place] >= HEARD_PAUSE_FRAMES:
            heard[place] = comma
        elif heard[place] == comma and durations[place] < SILENT_COMMA_FRAMES:
            heard[place] = gap
    return heard


@dataclass(frozen=True)
class Example:
    """One utterance. ``ids``, ``durations``, prosody: ``(L,)``; ``mel (M, F)`` float16."""

    id: str
    speaker: str
    text: str
    ids: Tensor
    durations: Tensor
    mel: Tensor
    log_f0: Tensor  # relative to the speaker's median
    voicing: Tensor
    energy: Tensor
    f0_hz: Tensor  # (F,), 0 where unvoiced
    top_bin: int  # mel bins from here on lie above the source's bandwidth
    clear: Tensor | None = None  # (M, F), see SynthesizerBatch; None: everywhere

    @property
    def frames(self) -> int:
        """Mel frames."""
        return int(self.mel.shape[1])


@dataclass(frozen=True)
class SynthesizerBatch:
    """Padded tensors; see :class:`Example` and :class:`Prosody` for the parts."""

    ids: Tensor  # (B, L)
    mask: Tensor  # (B, L)
    durations: Tensor  # (B, L)
    prosody: Prosody
    mel: Tensor  # (B, M, F)
    weight: Tensor  # (B, M, F): 1 where the loss counts
    clear: Tensor  # (B, M, F): False where noise may hide speech that is softer than the mel
    speaker: Tensor  # (B, E)
    speaker_log_f0: Tensor  # (B,)
    f0_hz: Tensor  # (B, F), 0 where unvoiced
    names: list[str]

    def to(self, device: torch.device) -> SynthesizerBatch:
        """The same on ``device``."""
        return SynthesizerBatch(
            ids=self.ids.to(device),
            mask=self.mask.to(device),
            durations=self.durations.to(device),
            prosody=Prosody(*(t.to(device) for t in vars(self.prosody).values())),
            mel=self.mel.to(device),
            weight=self.weight.to(device),
            clear=self.clear.to(device),
            speaker=self.speaker.to(device),
            speaker_log_f0=self.speaker_log_f0.to(device),
            f0_hz=self.f0_hz.to(device),
            names=self.names,
        )


def token_means(values: Tensor, weights: Tensor, durations: Tensor) -> Tensor:
    """Weighted mean of frame ``values (F,)`` over each symbol's frames; 0 where there are none."""
    owner = torch.repeat_interleave(torch.arange(len(durations)), durations)
    total = torch.zeros(len(durations)).index_add_(0, owner, values * weights)
    weight = torch.zeros(len(durations)).index_add_(0, owner, weights)
    return total / weight.clamp(min=1e-6) * (weight > 0)


@dataclass(frozen=True)
class Recording:
    """What an example is made from: ``mel (M, F)``, ``f0_hz (F,)`` (0 where unvoiced), and which
    symbols are heard in it when."""

    id: str
    speaker: str
    text: str
    source_rate: int  # Hz at which it was made
    mel: Tensor
    f0_hz: Tensor
    alignment: Alignment
    embedding: Tensor  # (E,)


def read_recordings(data: Path, utterances: Sequence[Utterance]) -> tuple[list[Recording], str]:
    """The ``utterances`` whose transcripts fit, from the features of a data folder; and the
    fingerprint of the encoder their embeddings are of."""
    wanted = {u.id: u for u in utterances}
    alignments = read_alignments(data)
    embeddings, encoder = read_embeddings(data)
    found = []
    for features in read_features(data):
        utterance, alignment = wanted.get(features.id), alignments.get(features.id)
        if utterance is not None and alignment is not None and alignment.fits:
            found.append(
                Recording(
                    id=utterance.id,
                    speaker=utterance.speaker,
                    text=utterance.text,
                    source_rate=utterance.source_rate,
                    mel=features.mel,
                    f0_hz=features.f0.float(),
                    alignment=alignment,
                    embedding=embeddings[utterance.id],
                )
            )
    return found, encoder


class SpeechDataset:
    """Everything in memory: eight hours are half a gigabyte of float16 mels."""

    def __init__(self, recordings: Sequence[Recording], encoder: str) -> None:
        self.symbols, self.encoder = Symbols(), encoder
        voiced: dict[str, list[Tensor]] = defaultdict(list)
        embeddings: dict[str, list[Tensor]] = defaultdict(list)
        for recording in recordings:
            voiced[recording.speaker].append(recording.f0_hz[recording.f0_hz > 0])
            embeddings[recording.speaker].append(recording.embedding)
        self.log_f0 = {
            s: float(torch.cat(f).log().median()) if sum(map(len, f)) else 5.0
            for s, f in voiced.items()
        }
        self.embeddings = {s: torch.stack(e) for s, e in embeddings.items()}
        self.centers_hz = mel_centers_hz(DEFAULT_SPEC)
        self.examples = [self._example(recording) for recording in recordings]

    @classmethod
    def read(cls, data: Path, utterances: Sequence[Utterance]) -> SpeechDataset:
        """The examples of ``utterances`` in the data folder ``data``."""
        return cls(*read_recordings(data, utterances))

    def _example(self, recording: Recording) -> Example:
        alignment, mel, f0 = recording.alignment, recording.mel, recording.f0_hz
        durations = torch.tensor(alignment.durations)
        voiced = (f0 > 0).float()
        relative = f0.clamp(min=1.0).log() - self.log_f0[recording.speaker]
        limit_hz = NYQUIST_SHARE * recording.source_rate
        return Example(
            id=recording.id,
            speaker=recording.speaker,
            text=recording.text,
            ids=torch.tensor(hear_pauses(alignment.ids, alignment.durations, self.symbols)),
            durations=durations,
            mel=mel,
            log_f0=token_means(relative, voiced, durations),
            voicing=token_means(voiced, torch.ones_like(voiced), durations),
            energy=token_means(frame_energy(mel), torch.ones_like(voiced), durations),
            f0_hz=f0,
            top_bin=int(np.searchsorted(self.centers_hz, limit_hz)),
        )

    def speaker_vector(self, speaker: str, rng: np.random.Generator | None = None) -> Tensor:
        """Unit embedding of a speaker: the mean of all recordings, or, with ``rng``, of one to
        five random ones plus a little noise, as at enrollment."""
        vectors = self.embeddings[speaker]
        if rng is None:
            mean = vectors.mean(dim=0)
        else:
            chosen = rng.integers(0, len(vectors), int(rng.integers(1, 6)))
            mean = vectors[torch.from_numpy(chosen)].mean(dim=0)
            noise = rng.normal(0, 0.03, len(mean)).astype(np.float32)
            mean = mean / mean.norm() + torch.from_numpy(noise)
        return torch.as_tensor(mean / mean.norm())

    def collate(
        self, indices: Sequence[int], rng: np.random.Generator | None = None
    ) -> SynthesizerBatch:
        """Pad the examples ``indices`` to one batch."""
        examples = [self.examples[i] for i in indices]
        frames = max(e.frames for e in examples)
        mel = torch.full((len(examples), DEFAULT_SPEC.n_mels, frames), -11.5)
        weight, clear = torch.zeros_like(mel), torch.ones_like(mel, dtype=torch.bool)
        for row, example in enumerate(examples):
            mel[row, :, : example.frames] = example.mel.float()
            weight[row, : example.top_bin, : example.frames] = 1.0
            if example.clear is not None:
                clear[row, :, : example.frames] = example.clear
        ids = _pad([e.ids for e in examples])
        return SynthesizerBatch(
            ids=ids,
            mask=(ids != 0).float(),
            durations=_pad([e.durations for e in examples]),
            prosody=Prosody(
                _pad([e.log_f0 for e in examples]),
                _pad([e.voicing for e in examples]),
                _pad([e.energy for e in examples]),
            ),
            mel=mel,
            weight=weight,
            clear=clear,
            speaker=torch.stack([self.speaker_vector(e.speaker, rng) for e in examples]),
            speaker_log_f0=torch.tensor([self.log_f0[e.speaker] for e in examples]),
            f0_hz=_pad([e.f0_hz for e in examples]),
            names=[e.id for e in examples],
        )


def _pad(rows: Sequence[Tensor]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
