"""Mels of all speakers in memory, and batches drawn so that a speaker is more than a recording.

Three things make an encoder learn the person rather than the file:

- **cross-session pairs**: two recordings of a speaker come from different sessions (LibriSpeech
  chapters) whenever there are several; within a chapter room, microphone and mood are constant,
  and even MFCC statistics tell speakers apart;
- **speed**: each recording is also kept played slower and faster, which moves pitch and formants,
  and each speed of a speaker counts as another speaker (Ko et al. 2015; it trebles the speakers);
- **augmentation** (:mod:`.augmentation`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec, load_audio, mel_spectrogram, resample
from data_utils import Utterance
from env_utils import CheckpointError, InputError
from pydantic import Field
from safetensors import safe_open
from torch import Tensor
from tqdm import tqdm
from training_utils import StrictModel, load_checkpoint, save_checkpoint

UTTERANCES_PER_SHARD = 500
_LIBRISPEECH_ID = re.compile(r"^\d+-(\d+)-\d+$")  # speaker-chapter-index


class SamplingConfig(StrictModel):
    """What a batch is made of."""

    speakers_per_batch: int = Field(default=32, ge=2)
    utterances_per_speaker: int = Field(default=2, ge=2)
    min_crop_seconds: float = Field(default=1.5, gt=0)
    max_crop_seconds: float = Field(default=3.0, gt=0)
    speeds: tuple[float, ...] = (1.0, 0.9, 1.1)  # the first is drawn as often as all others
    max_utterances_per_speaker: int = Field(default=200, ge=2)


@dataclass(frozen=True)
class EncoderBatch:
    """``mel (S * U, N, F)``, utterances of a speaker side by side; ``labels (S * U,)``."""

    mel: Tensor
    labels: Tensor
    speakers: int
    ids: list[str]


def session_of(utterance: Utterance) -> str:
    """The recording session: the chapter in LibriSpeech, else the whole corpus."""
    match = _LIBRISPEECH_ID.match(utterance.id)
    return f"chapter {match.group(1)}" if match else utterance.corpus


def limit_per_speaker(utterances: Sequence[Utterance], most: int) -> list[Utterance]:
    """At most ``most`` utterances of each speaker, evenly spread over theirs."""
    groups: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        groups[utterance.speaker].append(utterance)
    chosen = []
    for group in groups.values():
        picks = np.linspace(0, len(group) - 1, min(most, len(group))).round().astype(int)
        chosen += [group[i] for i in picks]
    return chosen


def load_mels(
    folder: Path,
    utterances: Sequence[Utterance],
    bins: int,
    speed: float = 1.0,
    spec: AudioSpec = DEFAULT_SPEC,
) -> list[Tensor]:
    """Log-mel ``(bins, F)`` float16 of each utterance, played at ``speed``; cached in ``folder``.

    Computed once, in shards; an interrupted run goes on at the shard where it was.
    """
    mels: list[Tensor] = []
    bar = tqdm(total=len(utterances), desc=f"mels at speed {speed:g}", unit="utt", disable=None)
    for start in range(0, len(utterances), UTTERANCES_PER_SHARD):
        group = utterances[start : start + UTTERANCES_PER_SHARD]
        path = folder / f"mels_{speed:g}_{start // UTTERANCES_PER_SHARD:03d}.safetensors"
        meta = {
            "audio": spec.to_dict(),
            "bins": bins,
            "speed": speed,
            "utterances": {_key(u): u.seconds for u in group},
        }
        if not _is_current(path, meta):
            tensors = {_key(u): _mel(u, bins, speed, spec) for u in group if not bar.update()}
            save_checkpoint(path, tensors, meta)
        else:
            bar.update(len(group))
        with safe_open(str(path), "pt") as archive:
            mels += [archive.get_tensor(_key(u)) for u in group]
    bar.close()
    return mels


def _key(utterance: Utterance) -> str:
    return f"{utterance.corpus}/{utterance.id}"  # some recordings are in two corpora


def _is_current(path: Path, meta: dict[str, object]) -> bool:
    if not path.is_file():
        return False
    try:
        return load_checkpoint(path)[1] == meta
    except CheckpointError:
        return False


def _mel(utterance: Utterance, bins: int, speed: float, spec: AudioSpec) -> Tensor:
    audio = load_audio(utterance.path, spec.sample_rate)
    if speed != 1.0:  # as if it had been recorded at another rate: pitch and formants move too
        audio = resample(audio, round(1000 * speed), 1000)
    return torch.from_numpy(mel_spectrogram(audio, spec)[:bins]).half()


class SpeakerBank:
    """Mels by speaker and session; the class of speaker ``k`` at speed ``j`` is ``k * J + j``."""

    def __init__(
        self,
        utterances: Sequence[Utterance],
        mels: Sequence[Sequence[Tensor]],
        config: SamplingConfig,
        spec: AudioSpec = DEFAULT_SPEC,
    ) -> None:
        """``mels[j][i]``: of utterance ``i`` at speed ``config.speeds[j]``."""
        self.config, self.spec = config, spec
        self.utterances, self.mels = list(utterances), mels
        self.speakers = sorted({u.speaker for u in utterances})
        if len(self.speakers) < config.speakers_per_batch:
            raise InputError(
                f"{len(self.speakers)} speakers cannot fill a batch of {config.speakers_per_batch} "
                "(--set sampling.speakers_per_batch)."
            )
        self.sessions: list[list[list[int]]] = []  # speaker, session -> utterance numbers
        frames = np.zeros(len(self.speakers))
        by_speaker: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index, utterance in enumerate(utterances):
            by_speaker[utterance.speaker][session_of(utterance)].append(index)
        for number, speaker in enumerate(self.speakers):
            sessions = by_speaker[speaker]
            self.sessions.append([sessions[name] for name in sorted(sessions)])
            frames[number] = sum(mels[0][i].shape[1] for s in sessions.values() for i in s)
        # Between "as often as they speak" and "all alike"; nobody counts as more than ten minutes.
        most = 600 * spec.frames_per_second
        self.weights = np.sqrt(np.minimum(frames, most))
        self.weights /= self.weights.sum()

    @property
    def classes(self) -> int:
        """Speakers times speeds."""
        return len(self.speakers) * len(self.config.speeds)

    def one_each(self) -> list[Tensor]:
        """The mel of the first utterance of every speaker."""
        return [self.mels[0][sessions[0][0]] for sessions in self.sessions]

    def batch(self, rng: np.random.Generator) -> EncoderBatch:
        """Random speakers, utterances and crops; all crops of a batch have one length."""
        config = self.config
        low, high = config.min_crop_seconds, config.max_crop_seconds
        frames = round(rng.uniform(low, high) * self.spec.frames_per_second)
        chosen = rng.choice(
            len(self.speakers), config.speakers_per_batch, replace=False, p=self.weights
        )
        crops, labels, ids = [], [], []
        for speaker in chosen:
            speed = self._speed(rng)
            for index in self.pick(int(speaker), rng):
                crops.append(crop(self.mels[speed][index], frames, rng))
                labels.append(int(speaker) * len(config.speeds) + speed)
                ids.append(self.utterances[index].id)
        mel = torch.stack(crops).float()
        return EncoderBatch(mel, torch.tensor(labels), len(chosen), ids)

    def _speed(self, rng: np.random.Generator) -> int:
        speeds = len(self.config.speeds)
        return 0 if speeds == 1 or rng.random() < 0.5 else int(rng.integers(1, speeds))

    def pick(self, speaker: int, rng: np.random.Generator) -> list[int]:
        """Utterances of a speaker, each from another session as long as there are unused ones.

        Within a session different utterances are preferred; a speaker with a single one gives it
        several times (the crops differ).
        """
        sessions = self.sessions[speaker]
        order = rng.permutation(len(sessions))
        picks: list[int] = []
        for turn in range(self.config.utterances_per_speaker):
            session = sessions[order[turn % len(order)]]
            unused = [i for i in session if i not in picks]
            pool = unused or session
            picks.append(int(pool[rng.integers(len(pool))]))
        return picks


def crop(mel: Tensor, frames: int, rng: np.random.Generator) -> Tensor:
    """A random stretch of ``frames`` frames of ``(N, F)``; a shorter mel is repeated first."""
    if mel.shape[1] < frames:
        mel = mel.repeat(1, -(-frames // mel.shape[1]))
    start = int(rng.integers(0, mel.shape[1] - frames + 1))
    return mel[:, start : start + frames]
