"""Recording the prompts of a new voice, take by take, from a microphone.

What decides (when a take is over, whether it is good, what comes next) knows nothing of sound
cards: it sees blocks of samples and answers. The sound card is in
:mod:`voice_replication.recording_microphone`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from audio_utils import rms_dbfs

from voice_replication.recording_prompts import Prompt
from voice_replication.recording_takes import TakeFolder, TakeLimits, judge_take

Audio = npt.NDArray[np.float32]

QUIET_SECONDS = 1.5  # a take ends when nobody has spoken for so long
ABOVE_FLOOR_DB = 12.0  # what is louder than the room by this much is taken for a voice
METER_DB = 60.0  # range of the level meter


class Microphone(Protocol):
    """Where sound comes from."""

    @property
    def sample_rate(self) -> int:
        """Of the blocks, in Hz."""
        ...

    def blocks(self) -> AbstractContextManager[Iterator[Audio]]:
        """Blocks ``(n,)`` of about 50 ms, from now until the context is left."""
        ...

    def play(self, audio: Audio) -> None:
        """Play ``(T,)`` audio and wait for its end."""
        ...


class Console(Protocol):
    """Whom to ask and what to show."""

    def say(self, text: str) -> None:
        """Show a line."""
        ...

    def ask(self, question: str) -> str:
        """Show ``question`` and return the answer, without its line end."""
        ...

    def meter(self, text: str) -> None:
        """Show ``text`` in the place of what was shown by the last call."""
        ...


@dataclass
class TakeEnd:
    """Decides from block levels when a reader has finished.

    The quietest tenth of what was heard so far is the room. The take is over when there was a voice
    for ``needed_seconds`` in all (pauses included) and then none for :data:`QUIET_SECONDS`.
    """

    needed_seconds: float
    max_seconds: float

    def __post_init__(self) -> None:
        self.levels: list[float] = []
        self.durations: list[float] = []

    def is_over(self, level_dbfs: float, seconds: float) -> bool:
        """Take note of one block; True when the take is over."""
        self.levels.append(level_dbfs)
        self.durations.append(seconds)
        times = np.cumsum(self.durations)
        if times[-1] >= self.max_seconds:
            return True
        levels = np.array(self.levels)
        voiced = np.flatnonzero(levels > np.percentile(levels, 10) + ABOVE_FLOOR_DB)
        if voiced.size == 0:
            return False
        first, last = times[voiced[0]] - self.durations[voiced[0]], times[voiced[-1]]
        return bool(last - first >= self.needed_seconds and times[-1] - last >= QUIET_SECONDS)


def meter_line(block: Audio, width: int = 40) -> str:
    """A level meter of one block: RMS as a bar, the peak as a mark, and what is too much."""
    level = rms_dbfs(block)
    peak = 20.0 * float(np.log10(max(float(np.abs(block).max(initial=0.0)), 1e-6)))

    def place(decibels: float) -> int:
        return round(width * min(1.0, max(0.0, 1.0 + decibels / METER_DB)))

    bar = list("#" * place(level) + "-" * (width - place(level)))
    bar[min(width - 1, max(0, place(peak) - 1))] = "|"
    warning = " TOO LOUD" if peak > -1.0 else ""
    return f"[{''.join(bar)}] {level:4.0f} dBFS{warning}"


def record_take(
    blocks: Iterable[Audio], sample_rate: int, text: str, console: Console, limits: TakeLimits
) -> Audio:
    """Listen until ``text`` has been read: ``(T,)``."""
    needed = limits.seconds_for(text)
    end = TakeEnd(needed, max_seconds=10.0 + 6.0 * needed)
    heard: list[Audio] = []
    for block in blocks:
        heard.append(block)
        over = end.is_over(rms_dbfs(block), len(block) / sample_rate)
        console.meter(meter_line(block))
        if over:
            break
    console.meter("")
    return np.concatenate(heard) if heard else np.zeros(0, dtype=np.float32)


def record_prompts(
    prompts: Sequence[Prompt],
    takes: TakeFolder,
    microphone: Microphone,
    console: Console,
    limits: TakeLimits | None = None,
    again: Collection[str] = (),
) -> bool:
    """Record what is missing of ``prompts``, and once more those whose ids are in ``again``.

    True when all of them are there. A refused take is said with the number that failed and is
    repeated; a good one may be repeated too. Leaving (the answer "q", Ctrl-C, a crash) keeps every
    finished take, and the next call goes on with the first that is missing.
    """
    limits = limits or TakeLimits()
    missing = takes.remaining(prompts)
    if len(missing) < len(prompts):
        console.say(f"{len(prompts) - len(missing)} of {len(prompts)} are there already.")
    for prompt in prompts:
        if prompt not in missing and prompt.id not in again:
            continue
        number = prompts.index(prompt) + 1
        console.say(f"\n{number} of {len(prompts)}:\n\n    {prompt.text}\n")
        if not _record_one(prompt, takes, microphone, console, limits):
            console.say("Stopped; run the same command again to go on.")
            return False
    console.say(f"All {len(prompts)} prompts are recorded.")
    return True


def _record_one(
    prompt: Prompt,
    takes: TakeFolder,
    microphone: Microphone,
    console: Console,
    limits: TakeLimits,
) -> bool:
    """Repeat until a take is good and accepted; False when the reader wants to stop."""
    while True:
        if console.ask("Enter: start reading, q: stop > ").strip().lower() == "q":
            return False
        with microphone.blocks() as blocks:
            audio = record_take(blocks, microphone.sample_rate, prompt.text, console, limits)
        verdict = judge_take(audio, microphone.sample_rate, prompt.text, limits)
        if verdict.problems:
            for problem in verdict.problems:
                console.say(f"Not kept: {problem}")
            continue
        console.say(f"Good: {verdict.numbers()}.")
        answer = console.ask("Enter: keep it, r: read again, p: play it > ").strip().lower()
        while answer == "p":
            microphone.play(audio)
            answer = console.ask("Enter: keep it, r: read again, p: play it > ").strip().lower()
        if answer != "r":
            takes.keep(prompt, audio, microphone.sample_rate)
            return answer != "q"
