"""The scheduler: the same speech as alone, bounded in time and memory, and fair."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from env_utils import InputError
from voice_replication.narration import script
from voice_replication.narration.settings import Settings
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.serving.engine import LineRequest, LocalEngine, RenderedLine
from voice_replication.serving.metrics import Metrics
from voice_replication.serving.problems import Problem
from voice_replication.serving.scheduler import Scheduler
from voice_replication.serving.spoken_text import AHEAD, SpokenPart
from voice_replication.serving.turns import EARLY_SYMBOLS, Turn, Turns
from voice_replication.voices import Voice, VoiceStore

WAIT = 60.0  # seconds, for what happens at once on a machine that is not busy
LONG = (
    "When the train finally reached the last station of the line, the passengers took their bags, "
    "walked through the quiet hall, and stepped out into the evening light of the old harbour."
)
BOOK = f"It was late. Nobody came, and the lamp burned low!\n\nWhy did she wait? {LONG}"
MANY = " ".join(["One more line."] * 30)


class GatedEngine(LocalEngine):
    """The real engine behind a gate: notes every batch, and renders it when the gate is open."""

    def __init__(self, speaker: Speaker, max_batch: int, workers: int) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Semaphore(0)
        self.batches: list[list[LineRequest]] = []
        super().__init__(speaker, max_batch, workers)
        self.batches.clear()  # it has spoken once to warm up
        self.arrived = threading.Semaphore(0)

    def render(self, requests: Sequence[LineRequest]) -> list[RenderedLine]:
        self.batches.append(list(requests))
        self.arrived.release()
        assert self.gate.wait(WAIT)
        for request in requests:
            if request.voice.name == "broken":
                raise InputError("this voice is broken.")
        return super().render(requests)

    @property
    def lines(self) -> list[LineRequest]:
        """All that was rendered or is being rendered, in order."""
        return [request for batch in self.batches for request in batch]


Open = Callable[..., tuple[Scheduler, GatedEngine]]


@pytest.fixture(scope="module")
def speaker(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Speaker:
    return Speaker(tiny_models, VoiceStore(tmp_path_factory.mktemp("home")))


@pytest.fixture()
def start(speaker: Speaker) -> Iterator[Open]:
    """``start(max_batch=1, max_queue=8, ...)``: a scheduler on a gated engine."""
    opened: list[tuple[Scheduler, GatedEngine]] = []

    def make(max_batch: int = 4, workers: int = 1, **options: Any) -> tuple[Scheduler, GatedEngine]:
        engine = GatedEngine(speaker, max_batch, workers)
        settings = {"max_queue": 16, "deadline_seconds": WAIT, "metrics": Metrics()} | options
        opened.append((Scheduler(engine, **settings), engine))
        return opened[-1]

    yield make
    for scheduler, engine in opened:
        engine.gate.set()
        scheduler.close()


@pytest.fixture()
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as threads:
        yield threads


def until(condition: Callable[[], bool]) -> None:
    """Wait until another thread has made ``condition`` true."""
    waiting = threading.Event()
    for _ in range(int(WAIT / 0.01)):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it did not happen")


def joined(parts: Sequence[SpokenPart]) -> np.ndarray:
    return np.concatenate([part.audio for part in parts])


# --- the same speech ------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [1.0, 1.7])
def test_the_parts_are_what_speaking_alone_gives(
    start: Open, speaker: Speaker, made_up_voice: Voice, speed: float
) -> None:
    settings = Settings(speed=speed)
    scheduler, _ = start(workers=2)
    parts = list(scheduler.speak(BOOK, made_up_voice, settings, "a"))
    alone = speaker.speak_with(BOOK, made_up_voice, settings)
    audio = joined(parts)
    assert audio.shape == alone.audio.shape
    # random weights make more of a rounding error than trained ones do: see the next test
    assert np.corrcoef(audio, alone.audio)[0, 1] > 0.999
    assert len(parts) == len(alone.lines)
    words = [word for part in parts for word in part.words]
    assert [w.text for w in words] == [w.text for w in alone.words]
    assert [w.start for w in words] == pytest.approx([w.start for w in alone.words])
    ends = np.cumsum([len(part.audio) for part in parts]) / 24_000
    for part, end in zip(parts, ends, strict=True):
        assert all(word.start < end for word in part.words), "a word comes with its sound"


def test_trained_models_give_the_same_within_a_thousandth(
    shipped_checkpoints: Path, tmp_path: Path
) -> None:
    assert shipped_checkpoints.is_dir()
    trained = Speaker(store=VoiceStore(tmp_path))
    scheduler = Scheduler(
        LocalEngine(trained, 4, workers=2), max_queue=8, deadline_seconds=WAIT, metrics=Metrics()
    )
    try:
        text = f"{LONG} {BOOK}"
        parts = list(scheduler.speak(text, trained.voice("ada"), Settings(), "a"))
    finally:
        scheduler.close()
    alone = trained.speak(text, "ada")
    assert len(parts) == len(alone.lines) + 1
    assert len(parts[0].audio) < 2.6 * 24_000, "of a long first line, its head comes first"
    assert joined(parts).shape == alone.audio.shape
    # rounding moves F0 by a ten-millionth, and in seconds the highest harmonics' phase by more
    difference = np.square(joined(parts) - alone.audio).mean()
    assert difference < 1e-6 * np.square(alone.audio).mean()  # 60 dB below


def test_many_listeners_at_once_each_hear_their_own_text(
    start: Open, speaker: Speaker, made_up_voice: Voice, pool: ThreadPoolExecutor
) -> None:
    scheduler, engine = start(workers=2)
    texts = [f"{n} small birds sang. Then {n} more came." for n in (2, 3, 17, 40, 52, 61, 70, 88)]
    spoken = list(
        pool.map(
            lambda text: list(scheduler.speak(text, made_up_voice, Settings(), text)), texts * 2
        )
    )
    for text, parts in zip(texts * 2, spoken, strict=True):
        alone = speaker.speak(text, made_up_voice)
        assert [w.text for p in parts for w in p.words] == [w.text for w in alone.words]
        assert joined(parts).shape == alone.audio.shape
    assert max(map(len, engine.batches)) > 1, "lines of several people were rendered together"


# --- whose turn it is -----------------------------------------------------------------------


def test_a_client_with_one_request_does_not_wait_behind_another_s_many(
    start: Open, made_up_voice: Voice, pool: ThreadPoolExecutor
) -> None:
    scheduler, engine = start(max_batch=1)
    engine.gate.clear()

    def ask(client: str) -> None:
        list(scheduler.speak(f"Client {client}.", made_up_voice, Settings(), client))

    asked = [pool.submit(ask, "one")]
    assert engine.arrived.acquire(timeout=WAIT), "the worker is busy with it"
    asked += [pool.submit(ask, "one") for _ in range(6)]
    until(lambda: scheduler.queue_length() == 7)
    asked += [pool.submit(ask, "two")]
    until(lambda: scheduler.queue_length() == 8)
    engine.gate.set()
    for one in asked:
        one.result(WAIT)
    texts = [request.line.text for request in engine.lines]
    assert texts.index("Client two.") <= 2


def test_who_has_heard_nothing_goes_before_who_has_enough() -> None:
    clock = 100.0
    turns = Turns(now=lambda: clock)
    request = line_request("Some words.")
    later, soon, first = (Turn(request, "a", due) for due in (130.0, 110.0, 100.0))
    other = Turn(request, "b", 100.0)
    for turn in (later, soon, first, other):
        turns.add(turn)
    assert turns.take(8) == [first, other], "those who wait, and nothing that can wait"
    assert turns.take(1, finished=2) == [soon]
    assert turns.take(1, finished=1) == [later]
    assert len(turns) == 0


def test_idle_workers_share_what_waits() -> None:
    turns = Turns(workers=2, now=lambda: 100.0)
    waiting = [Turn(line_request("Go."), str(n), 100.0) for n in range(7)]
    for turn in waiting:
        turns.add(turn)
    assert turns.take(8) == waiting[:4]
    assert turns.take(2) == waiting[4:6], "no more than the engine takes"
    turns.drop(waiting[6])
    assert len(turns) == 0 and waiting[6].result.cancelled()


def test_what_nobody_waits_for_yet_does_not_keep_a_newcomer_waiting_for_long() -> None:
    turns = Turns(now=lambda: 100.0)
    request = line_request("The passengers took their bags and stepped out into the evening.")
    for _ in range(8):
        turns.add(Turn(request, "a", 200.0))
    batch = turns.take(8)
    assert 1 <= len(batch) < 8
    assert sum(turn.symbols for turn in batch) <= EARLY_SYMBOLS


# --- bounds ---------------------------------------------------------------------------------


def test_a_full_queue_refuses_and_says_when_to_come_back(
    start: Open, made_up_voice: Voice, pool: ThreadPoolExecutor
) -> None:
    scheduler, engine = start(max_queue=4)
    engine.gate.clear()

    def ask(client: str) -> list[SpokenPart]:
        return list(scheduler.speak("Hello there.", made_up_voice, Settings(), client))

    asked = [pool.submit(ask, "greedy") for _ in range(3)]
    until(lambda: scheduler.queue_length() == 3)
    with pytest.raises(Problem, match="of yours are waiting") as refused:
        ask("greedy")
    assert refused.value.status == 429
    asked.append(pool.submit(ask, "modest"))
    until(lambda: scheduler.queue_length() == 4)
    with pytest.raises(Problem) as refused:
        ask("third")
    assert refused.value.code == "queue_full"
    assert int(refused.value.headers["Retry-After"]) >= 1
    engine.gate.set()
    assert all(one.result(WAIT) for one in asked), "who was let in is served"
    assert scheduler.queue_length() == 0
    assert ask("third"), "and then there is room again"


def test_a_request_that_gets_no_turn_in_time_is_told_so(start: Open, made_up_voice: Voice) -> None:
    scheduler, engine = start(max_batch=1, deadline_seconds=0.3)
    engine.gate.clear()
    for _ in range(2):  # the first is being rendered, the second waits
        with pytest.raises(Problem) as late:
            next(scheduler.speak("Hello there.", made_up_voice, Settings(), "a"))
        assert late.value.code == "deadline_exceeded" and late.value.status == 503
    assert scheduler.queue_length() == 0
    engine.gate.set()
    scheduler.close()
    assert len(engine.lines) == 1, "nobody waits for the second any more"


def test_a_slow_reader_holds_a_few_lines_and_no_one_else_up(
    start: Open, made_up_voice: Voice
) -> None:
    scheduler, engine = start()
    slow = scheduler.speak(MANY, made_up_voice, Settings(), "slow")
    next(slow)
    quick = list(scheduler.speak(MANY, made_up_voice, Settings(), "quick"))
    assert len(quick) == 30
    mine = len(engine.lines) - 30
    assert mine <= 1 + AHEAD, "the rest is rendered when it is asked for"
    assert len(list(slow)) == 29


def test_closing_takes_back_what_has_not_been_rendered(start: Open, made_up_voice: Voice) -> None:
    scheduler, engine = start(max_batch=1)
    parts = scheduler.speak(MANY, made_up_voice, Settings(), "a")
    next(parts)
    parts.close()
    rendered = len(engine.lines)
    list(scheduler.speak("Go.", made_up_voice, Settings(), "b"))
    assert len(engine.lines) <= rendered + 2, "at most what was being rendered, and the new one"


def test_a_reader_who_left_is_noticed_while_waiting(start: Open, made_up_voice: Voice) -> None:
    scheduler, engine = start()
    engine.gate.clear()
    with pytest.raises(Problem) as left:
        next(scheduler.speak("Hello.", made_up_voice, Settings(), "a", gone=lambda: True))
    assert left.value.code == "client_gone"
    assert scheduler.queue_length() == 0


# --- errors ---------------------------------------------------------------------------------


def test_an_error_reaches_only_the_line_at_fault(
    start: Open, made_up_voice: Voice, pool: ThreadPoolExecutor
) -> None:
    scheduler, engine = start()
    engine.gate.clear()
    broken = replace(made_up_voice, name="broken")

    def ask(voice: Voice, client: str) -> list[SpokenPart]:
        return list(scheduler.speak("Hello there.", voice, Settings(), client))

    first = pool.submit(ask, made_up_voice, "first")  # keeps the worker busy
    assert engine.arrived.acquire(timeout=WAIT)
    good = [pool.submit(ask, made_up_voice, name) for name in ("x", "y")]
    bad = pool.submit(ask, broken, "z")
    until(lambda: scheduler.queue_length() == 4)
    engine.gate.set()
    assert first.result(WAIT) and all(one.result(WAIT) for one in good)
    with pytest.raises(InputError, match="this voice is broken"):
        bad.result(WAIT)
    assert any(len(batch) == 3 for batch in engine.batches), "they were in one batch"


def test_nothing_to_speak_costs_no_place_in_the_queue(start: Open, made_up_voice: Voice) -> None:
    scheduler, engine = start()
    with pytest.raises(InputError, match="nothing in it that can be spoken"):
        next(scheduler.speak("... !?", made_up_voice, Settings(), "a"))
    assert scheduler.queue_length() == 0 and not engine.lines


def test_closing_down_finishes_what_is_rendered_and_refuses_the_rest(
    start: Open, made_up_voice: Voice, pool: ThreadPoolExecutor
) -> None:
    scheduler, engine = start(max_batch=1)
    engine.gate.clear()

    def ask(client: str) -> list[SpokenPart]:
        return list(scheduler.speak("Hello there.", made_up_voice, Settings(), client))

    rendered = pool.submit(ask, "a")
    assert engine.arrived.acquire(timeout=WAIT)
    waiting = pool.submit(ask, "b")
    until(lambda: scheduler.queue_length() == 2)
    closing = pool.submit(scheduler.close)
    with pytest.raises(Problem) as refused:
        waiting.result(WAIT)
    assert refused.value.code == "not_ready"
    engine.gate.set()
    assert rendered.result(WAIT)
    closing.result(WAIT)
    with pytest.raises(Problem) as refused:
        ask("c")
    assert refused.value.code == "not_ready"
    assert scheduler.queue_length() == 0


def test_the_numbers_tell_what_was_made(start: Open, made_up_voice: Voice) -> None:
    metrics = Metrics()
    scheduler, engine = start(metrics=metrics)
    parts = list(scheduler.speak(BOOK, made_up_voice, Settings(), "a"))
    scheduler.close()  # the workers have counted what they made
    text = metrics.text().decode()
    assert f"voiceclone_batch_lines_sum {len(engine.lines)}.0" in text
    silence = sum(len(p.audio) for p in parts) / 24_000
    made = float(text.split("\nvoiceclone_audio_seconds_total ")[1].split()[0])
    assert 0 < made <= silence, "pauses between lines are not rendered"
    assert "voiceclone_first_audio_seconds_count 1.0" in text
    assert "voiceclone_queue_length 0.0" in text


def line_request(text: str) -> LineRequest:
    """A line as the turns see it; they never look at its voice."""
    line = next(script.lines(text))
    return LineRequest(line, None, Settings())  # type: ignore[arg-type]
