"""Forced alignment of a data folder: train the phone HMM, align, export, find misfits.

``DATA/alignment/`` gets ``alignments.jsonl`` (one line an utterance: symbols, durations in mel
frames, confidence), ``aligner.safetensors`` (the HMM) and, on request, a TextGrid and a JSON per
utterance.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec, load_audio
from data_utils import Utterance
from data_utils.phone_hmm import (
    ALIGN_HOP,
    SILENCE,
    PhoneHmm,
    Statistics,
    alignment_features,
    build_chain,
    flat_start,
    speaker_statistics,
    split_components,
)
from data_utils.phone_loop import PAUSE, recognize
from env_utils import CheckpointError, InputError, atomic_write_text
from text_utils import Symbols, Word, pronounce
from text_utils.symbols import BASE_PHONES, START, VOWELS
from tqdm import tqdm
from training_utils import load_checkpoint, save_checkpoint

Floats = npt.NDArray[np.float32]
TRAINING_FRAMES = 90 * 60 * 94  # ninety minutes of mel frames
UNSTRESSED = ("AH", "ER", "IH")
MISFIT_CONFIDENCE = -9.0  # mean log-likelihood ratio below which a transcript does not fit


@dataclass(frozen=True)
class Alignment:
    """When each symbol of an utterance is spoken.

    ``durations[i]`` mel frames of symbol ``ids[i]``; pauses may have 0, phones have at least 1;
    they add up to the number of mel frames. ``confidence``: mean over the speech frames of the
    log-likelihood of the aligned state minus that of the best state of any phoneme; 0 is perfect,
    strongly negative values mean that the transcript does not fit the audio.
    """

    id: str
    ids: list[int]
    words: list[str]
    durations: list[int]
    confidence: float

    @property
    def fits(self) -> bool:
        """Whether the transcript plausibly belongs to the audio."""
        return self.confidence > MISFIT_CONFIDENCE


def to_mel_frames(tokens: npt.NDArray[np.int32], n_tokens: int, frames: int) -> list[int]:
    """Durations in mel frames from the token of each (finer) alignment frame.

    Boundaries are rounded to mel frames; they add up to ``frames``. Every token that occurs keeps
    at least one frame, taken from its longest neighbour.
    """
    counts = np.bincount(tokens, minlength=n_tokens)
    ends = np.round(np.cumsum(counts) / ALIGN_HOP).astype(int)
    ends = np.minimum(ends, frames)
    ends[counts.nonzero()[0][-1] :] = frames
    durations = np.diff(ends, prepend=0)
    present = np.flatnonzero(counts)
    for place, index in enumerate(present):
        if durations[index] == 0:
            near = present[max(0, place - 2) : place + 3]
            donor = near[np.argmax(durations[near])]
            durations[donor] -= 1
            durations[index] += 1
    return [int(d) for d in durations]


def align_utterance(
    hmm: PhoneHmm, name: str, words: Sequence[Word], features: Floats, frames: int, symbols: Symbols
) -> Alignment | None:
    """Align one utterance; ``features`` normalized; None when the audio is too short for it."""
    ids = symbols.encode(words)
    chain = build_chain(ids, symbols)
    path, emission = hmm.align(features, chain)
    if len(path) == 0:
        return None
    states = chain.states[path]
    speech = states != SILENCE
    own = emission[np.arange(len(states)), states]
    best = emission[:, :SILENCE].max(axis=1)
    confidence = float((own - best)[speech].mean())
    durations = to_mel_frames(chain.tokens[path], len(ids), frames)
    return Alignment(name, ids, [w.text for w in words], durations, round(confidence, 3))


def transcribe_phones(
    hmm: PhoneHmm, name: str, features: Floats, frames: int, symbols: Symbols
) -> Alignment:
    """The phones heard in a recording without a transcript, each with its duration.

    They are rough (see ``data_utils.phone_loop``), and no word is known. The HMM does not hear
    stress: every vowel gets the primary one but those that are mostly without.
    """
    units, counts = recognize(hmm, features)
    ids, lengths = [symbols.id(START)], [0]
    for unit, count in zip(units, counts, strict=True):
        if unit != PAUSE:
            phone = BASE_PHONES[unit]
            stress = "" if phone not in VOWELS else "0" if phone in UNSTRESSED else "1"
            ids.append(symbols.id(phone + stress))
            lengths.append(count)
        elif len(ids) == 1 or symbols.is_pause(ids[-1]):
            lengths[-1] += count
        else:
            ids.append(symbols.id(" "))
            lengths.append(count)
    tokens = np.repeat(np.arange(len(ids), dtype=np.int32), lengths)
    return Alignment(name, ids, [], to_mel_frames(tokens, len(ids), frames), 0.0)


class Corpus:
    """Utterances with their words and normalized features, in memory."""

    def __init__(self, utterances: Sequence[Utterance], spec: AudioSpec = DEFAULT_SPEC) -> None:
        self.symbols = Symbols()
        self.items: list[tuple[Utterance, list[Word], int]] = []
        self.features: list[Floats] = []
        by_speaker: dict[str, list[int]] = defaultdict(list)
        for utterance in tqdm(utterances, desc="cepstra", unit="utterance", disable=None):
            words = pronounce(utterance.text)
            if not words:
                continue
            audio = load_audio(utterance.path, spec.sample_rate)
            by_speaker[utterance.speaker].append(len(self.items))
            self.items.append((utterance, words, spec.frames(len(audio))))
            self.features.append(alignment_features(audio, spec))
        if not self.items:
            raise InputError("nothing to align: no utterance has both audio and a transcript.")
        for members in by_speaker.values():
            mean, std = speaker_statistics([self.features[i] for i in members])
            for i in members:
                self.features[i] = (self.features[i] - mean) / std

    def align(self, hmm: PhoneHmm) -> Iterator[Alignment | None]:
        """Alignment of every utterance, in order."""
        for (utterance, words, frames), features in zip(self.items, self.features, strict=True):
            yield align_utterance(hmm, utterance.id, words, features, frames, self.symbols)

    def train(self, passes: int = 12, seed: int = 0) -> PhoneHmm:
        """Viterbi EM from a flat start; Gaussians double at 40 % and 70 % of the passes.

        Ninety minutes of speech, drawn at random, are plenty for 118 states.
        """
        size = self.features[0].shape[1]
        order = np.random.default_rng(seed).permutation(len(self.items))
        frames = np.cumsum([self.items[i][2] for i in order])
        chosen = order[: int(np.searchsorted(frames, TRAINING_FRAMES)) + 1]
        parts = [
            (self.features[i], build_chain(self.symbols.encode(self.items[i][1]), self.symbols))
            for i in chosen
        ]
        statistics = Statistics(1, size)
        for features, chain in parts:
            statistics.add(features, flat_start(features, chain), None)
        hmm = statistics.estimate()
        for number in tqdm(range(passes), desc="aligner", unit="pass", disable=None):
            if number in (round(0.4 * passes), round(0.7 * passes)):
                hmm = split_components(hmm)
            statistics = Statistics(hmm.components, size)
            for features, chain in parts:
                path, _ = hmm.align(features, chain)
                if len(path):
                    statistics.add(features, chain.states[path], hmm)
            hmm = statistics.estimate()
        return hmm


def save_aligner(path: Path, hmm: PhoneHmm, metrics: dict[str, float]) -> Path:
    """Write the HMM as an inference checkpoint."""
    symbols = Symbols()
    meta = {
        "kind": "aligner",
        "audio": DEFAULT_SPEC.to_dict(),
        "symbols": symbols.fingerprint,
        "metrics": metrics,
    }
    tensors = {n: torch.from_numpy(t) for n, t in hmm.to_tensors().items()}
    return save_checkpoint(path, tensors, meta)


def load_aligner(path: Path) -> PhoneHmm:
    """Read an HMM; ``CheckpointError`` if it was made for other settings."""
    tensors, meta = load_checkpoint(path)
    if meta.get("kind") != "aligner":
        raise CheckpointError(f"{path}: this is a {meta.get('kind')} checkpoint, not an aligner.")
    DEFAULT_SPEC.require_match(AudioSpec.from_dict(meta["audio"]), str(path))
    arrays = {n: t.numpy() for n, t in tensors.items()}
    return PhoneHmm(arrays["weights"], arrays["means"], arrays["variances"])


def align_folder(
    data: Path, utterances: Sequence[Utterance], hmm: PhoneHmm | None = None, passes: int = 12
) -> list[Alignment]:
    """Align ``utterances`` of the folder ``data`` and write ``data/alignment``.

    Without ``hmm`` one is trained on these utterances first.
    """
    corpus = Corpus(utterances)
    folder = data / "alignment"
    if hmm is None:
        hmm = corpus.train(passes)
    save_aligner(folder / "aligner.safetensors", hmm, {"utterances": len(corpus.items)})
    alignments = [a for a in corpus.align(hmm) if a is not None]
    lines = [json.dumps(asdict(a), ensure_ascii=False) for a in alignments]
    atomic_write_text(folder / "alignments.jsonl", "\n".join(lines) + "\n")
    return alignments


def read_alignments(data: Path) -> dict[str, Alignment]:
    """``utterance id -> Alignment`` of an aligned data folder."""
    path = data / "alignment" / "alignments.jsonl"
    if not path.is_file():
        raise InputError(f"{path}: not aligned yet. Run `voiceclone align {data}` first.")
    with path.open(encoding="utf-8") as stream:
        return {a.id: a for a in (Alignment(**json.loads(line)) for line in stream)}
