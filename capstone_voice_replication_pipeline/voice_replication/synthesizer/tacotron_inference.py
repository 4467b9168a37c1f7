"""Speaking with a Tacotron, and noticing when its attention fails.

An attention model has no plan of what it will say. Its known failures are skipped words, repeated
words and babble without end (He et al., 1906.00672 count them); none raises an error by itself.
So the length is limited by the text, and what went wrong is logged and kept in the result.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC
from env_utils import CheckpointError, InputError
from text_utils import Symbols, Word
from text_utils.phrasing import phrase
from torch import Tensor
from training_utils import load_into

from voice_replication.synthesizer.inference import Request, Synthesis, Synthesizer
from voice_replication.synthesizer.rare_symbols import known_ids
from voice_replication.synthesizer.tacotron import Tacotron, TacotronConfig
from voice_replication.timbre import Timbre

LONGEST_SYMBOL_FRAMES = 14  # on average; slow readers need about 9, pauses included
LONGEST_EDGE_FRAMES = 60  # silence around the sentence
LINGER_SECONDS = 0.5  # on the last symbol, before the end is enforced
SKIPPED_PHONES = 3  # in a row without a frame: a syllable is missing
MISSED_SYMBOLS = 3  # at the end: the last pause, and phones shorter than a decoder step

Floats = npt.NDArray[np.float32]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TacotronSynthesis(Synthesis):
    """Also the ``attention (S, L)`` of each decoder step and what went wrong (empty: nothing)."""

    attention: Floats
    problems: tuple[str, ...]


class TacotronSynthesizer(Synthesizer):
    """A trained Tacotron behind the interface of :class:`Synthesizer`."""

    def __init__(
        self, tacotron: Tacotron, symbols: Symbols, encoder: str, device: str = "cpu"
    ) -> None:
        self.tacotron = tacotron.eval().to(device)
        self.symbols, self.encoder, self.device = symbols, encoder, device

    @classmethod
    def from_checkpoint(
        cls,
        path: Path,
        tensors: Mapping[str, Tensor],
        meta: Mapping[str, Any],
        delta: Path | None,
        device: str,
    ) -> TacotronSynthesizer:
        """What :meth:`Synthesizer.load` read from ``path``; a ``delta`` does not fit a Tacotron."""
        if delta is not None:
            raise CheckpointError(
                f"{delta}: this voice was fine-tuned on a feedforward synthesizer, but {path} is a "
                "Tacotron. Use the synthesizer that it was made for."
            )
        symbols = Symbols.from_dict(meta["symbols"])
        config = TacotronConfig.model_validate(meta["config"]["model"])
        tacotron = Tacotron(config, len(symbols), DEFAULT_SPEC)
        load_into(tacotron, tensors, path)
        return cls(tacotron, symbols, str(meta["encoder"]), device)

    @property
    def model(self) -> NoReturn:  # type: ignore[override]  # what reaches for it must not get it
        """There is none with durations: fine-tuning and predicted mels need one."""
        raise CheckpointError(
            "this synthesizer is a Tacotron, but a feedforward one is needed here. Train one "
            "without `architecture: tacotron`, or use the shipped checkpoint."
        )

    def synthesize_many(self, requests: Sequence[Request]) -> list[Synthesis]:
        """One after the other: each sentence has as many decoder steps as it needs."""
        return [
            self.synthesize(
                request.words,
                request.embedding,
                speed=request.speed,
                pitch_semitones=request.pitch_semitones,
                seed=request.seed,
            )
            for request in requests
        ]

    @torch.inference_mode()
    def synthesize(
        self,
        words: Sequence[Word],
        embedding: Floats,
        *,
        speed: float = 1.0,
        pitch_semitones: float = 0.0,
        f0_median_hz: float | None = None,
        f0_spread: float | None = None,
        seed: int = 0,
        timbre: Timbre | None = None,
    ) -> TacotronSynthesis:
        """Speak one sentence.

        ``seed`` chooses a rendering (the pre-net's dropout); ``speed`` 0.5 to 2 stretches the
        finished mel; ``f0_median_hz`` and ``f0_spread`` are not needed, since the pitch follows
        from ``embedding`` alone, and for the same reason ``f0_hz`` of the result is None; so is
        ``timbre``, which is corrected where pitch is known. Raises
        ``InputError``: no words, speed out of range, or a ``pitch_semitones`` that a Tacotron has
        no control for.
        """
        del f0_median_hz, f0_spread, timbre
        self.check_request(words, speed)
        if pitch_semitones != 0.0:
            raise InputError(
                f"pitch {pitch_semitones:+g}: a Tacotron has no control of pitch. Use 0, or a "
                "feedforward synthesizer."
            )
        ids = known_ids(self.symbols.encode(phrase(words)), self.symbols)
        reduction = self.tacotron.config.reduction
        most = LONGEST_SYMBOL_FRAMES * len(ids) + LONGEST_EDGE_FRAMES
        linger = LINGER_SECONDS * DEFAULT_SPEC.frames_per_second
        spoken = self.tacotron.speak(
            torch.tensor([ids], device=self.device),
            torch.from_numpy(np.array(embedding, dtype=np.float32))[None].to(self.device),
            max_steps=math.ceil(most / reduction),
            linger_steps=math.ceil(linger / reduction),
            generator=torch.Generator().manual_seed(seed),
        )
        attention = spoken.attention.cpu().numpy()
        durations = durations_from_attention(attention, reduction)
        problems = attention_problems(attention, spoken.stopped, ids, self.symbols)
        for problem in problems:
            log.warning("'%s': %s", " ".join(w.text for w in words), problem)
        mel, durations = change_speed(spoken.mel[0].cpu().numpy(), durations, speed)
        return TacotronSynthesis(mel, durations, ids, None, attention, tuple(problems))


def durations_from_attention(attention: Floats, reduction: int) -> npt.NDArray[np.int64]:
    """Frames of each symbol: those of the steps ``(S, L)`` that attend to it most."""
    counts = np.bincount(attention.argmax(axis=1), minlength=attention.shape[1])
    return np.asarray(reduction * counts, dtype=np.int64)


def attention_problems(
    attention: Floats, stopped: bool, ids: Sequence[int], symbols: Symbols
) -> list[str]:
    """What a look at the alignment ``(S, L)`` tells, in sentences; empty when it is sound."""
    problems = []
    places = attention.argmax(axis=1)
    furthest, last = int(places.max()), len(ids) - 1
    if furthest < last - MISSED_SYMBOLS:
        problems.append(
            f"the attention never reached the end (symbol {furthest + 1} of {len(ids)}); "
            "the last words are missing"
        )
    if not stopped:
        problems.append(f"no end was found within {len(attention)} steps; the sentence was cut off")
    heard = set(places.tolist())
    run = longest = 0
    for place, symbol in enumerate(ids[: furthest + 1]):
        run = run + 1 if not symbols.is_pause(symbol) and place not in heard else 0
        longest = max(longest, run)
    if longest >= SKIPPED_PHONES:
        problems.append(f"{longest} phones in a row were skipped")
    jump = int(np.max(np.maximum.accumulate(places) - places))
    if jump > SKIPPED_PHONES:
        problems.append(f"the attention went back by {jump} symbols; something was repeated")
    return problems


def change_speed(
    mel: Floats, durations: npt.NDArray[np.int64], speed: float
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Stretch ``mel (M, F)`` to ``F / speed`` frames, linearly, and ``durations`` with it."""
    before = mel.shape[1]
    after = max(1, round(before / speed))
    if after == before:
        return mel.astype(np.float32), durations
    places = np.linspace(0, before - 1, after)
    left = np.minimum(places.astype(int), before - 1)
    right = np.minimum(left + 1, before - 1)
    share = (places - left).astype(np.float32)
    stretched = mel[:, left] * (1 - share) + mel[:, right] * share
    ends = np.rint(np.cumsum(durations) * after / before).astype(np.int64)
    return stretched.astype(np.float32), np.diff(ends, prepend=0)
