"""The whole evaluation: speak, judge, sum up; interrupted at any point it goes on there.

    sentences.txt ─ system ──┐
                  ─ espeak ──┤
                  ─ zero-shot┤
    recordings ─ real ───────┼─► audio/ROW/KEY.flac ─► judges ─► verdicts/KEY.json ─► summary
               ─ copy ───────┤
               ─ same text ──┘

Rows: ``system`` speaks new sentences in voices heard in training; ``same-text`` speaks what the
held-out recordings say, in their speakers' voices, so that words are compared with the same words;
``real``, ``copy`` (vocoder only) and ``espeak`` are the anchors. ``zero-shot`` speaks new sentences
in voices made from one reference of a speaker whom nobody trained on; ``real-unseen`` and
``copy-unseen`` are the anchors of those. Without recordings only ``system``
and ``espeak`` remain, and the report says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from env_utils import InputError, atomic_write_json, read_json
from tqdm import tqdm

from voice_replication.evaluation import summary
from voice_replication.evaluation.against_real import full_band_level_db, real_side
from voice_replication.evaluation.hard_inputs import HardResult, try_hard_inputs
from voice_replication.evaluation.judging import Case, Verdict, encoder, judge_cached, recognizer
from voice_replication.evaluation.matched import similarity_as_short
from voice_replication.evaluation.quality_bars import all_bars
from voice_replication.evaluation.real_voices import RealVoice, centroids, profile_all
from voice_replication.evaluation.similarity import Embedding
from voice_replication.evaluation.speaking import Plan, jobs, spread_over
from voice_replication.evaluation.unseen import unseen_speakers
from voice_replication.evaluation.zero_shot import (
    Trials,
    gallery_of,
    other_training_speakers,
    profiled_heard,
    profiled_unseen,
    results,
)

UNSEEN_ROWS = ("zero-shot", "real-unseen", "copy-unseen")


@dataclass(frozen=True)
class Evaluation:
    """Everything the report shows."""

    verdicts: list[Verdict]
    summaries: dict[str, dict[str, Any]]
    groups: dict[str, dict[str, dict[str, Any]]]  # row -> voice group -> summary
    voices: list[dict[str, Any]]
    bars: list[summary.Bar]
    hard: list[HardResult]
    centroids: dict[str, Embedding]
    trials: list[Trials]  # zero-shot voices and their references, verified
    full_band_db: float | None  # energy above 8 kHz in full-band recordings
    judges: dict[str, str]
    notes: list[str]


def default_sentences(count: int | None = None) -> list[str]:
    """The package's 120 new sentences, or ``count`` of them, spread over short and long ones."""
    text = files("voice_replication.evaluation").joinpath("sentences.txt").read_text("utf-8")
    sentences = [line.strip() for line in text.splitlines() if line.strip()]
    if count is None:
        return sentences
    if not 1 <= count <= len(sentences):
        raise InputError(f"--sentences {count}: there are 1 to {len(sentences)} to choose from.")
    return spread_over(sentences, count)


def evaluate(plan: Plan, folder: Path, workers: int = 1) -> Evaluation:
    """Run ``plan``; everything that took time is kept in ``folder`` and not done twice.

    ``workers`` processes judge, one thread each.
    """
    plan = with_unseen(plan)
    todo = list(jobs(plan, folder))
    cases = [job.done() for job in tqdm(todo, desc="speaking", unit="sentence", disable=None)]
    stored = folder / "verdicts"
    hard = _hard(plan, folder) if plan.hard_inputs else []
    with judging_pool(workers) as pool:
        heard, unseen, brief = real_voices(plan, stored, pool)
        verdicts = judge_all(cases, stored, plan.whisper, pool)
        new = [v for v in verdicts if v["row"] == "system"]
        as_short = similarity_as_short(new, plan.speakers, centroids(heard), pool)
    real = real_side(verdicts, {**unseen, **heard})
    gallery = gallery_of(unseen, heard, brief)
    known = [v for v in verdicts if v["row"] not in UNSEEN_ROWS]
    strange = [v for v in verdicts if v["row"] in UNSEEN_ROWS]
    everyone = {**gallery.training, **gallery.unseen}
    summaries = summary.summarize(known, gallery.heard, real) | summary.summarize(
        strange, everyone, real
    )
    if "system" in summaries:
        summaries["system"]["similarity_as_short"] = as_short
    groups = summary.summarize_groups(known, gallery.heard, real)
    ours = [v for v in verdicts if v["row"] in ("system", "same-text")]
    voices = summary.per_voice(ours, gallery.heard, real)
    trials = results(verdicts, unseen, gallery)
    return Evaluation(
        verdicts=verdicts,
        summaries=summaries,
        groups=groups,
        voices=voices,
        bars=all_bars(summaries, groups, voices, trials, hard, full_band_level_db(heard)),
        hard=hard,
        centroids={**gallery.heard, **gallery.unseen},
        trials=trials,
        full_band_db=full_band_level_db(heard),
        judges={"words": recognizer(plan.whisper).name, "speakers": encoder().name},
        notes=_notes(plan),
    )


def with_unseen(plan: Plan) -> Plan:
    """``plan`` with the unseen speakers of its data folder, unless it says which."""
    if plan.unseen is not None:
        return plan
    data = _data_folder(plan)
    return replace(plan, unseen=unseen_speakers(data) if data else ())


def _data_folder(plan: Plan) -> Path | None:
    return plan.speakers[0].data if plan.speakers else None


def real_voices(
    plan: Plan, folder: Path, pool: Executor | None
) -> tuple[dict[str, RealVoice], dict[str, RealVoice], dict[str, RealVoice]]:
    """The profiles of the heard, the unseen and all other training speakers; cached.

    The last are only needed, and measured, when there are unseen ones.
    """
    heard = profile_all([profiled_heard(s) for s in plan.speakers], folder, pool)
    unseen = profile_all([profiled_unseen(s) for s in plan.unseen or ()], folder, pool)
    data = _data_folder(plan)
    others = other_training_speakers(data, list(heard)) if unseen and data else []
    return heard, unseen, profile_all(others, folder, pool)


@contextmanager
def judging_pool(workers: int) -> Iterator[Executor | None]:
    """``workers`` judging processes; None for one, which is this process."""
    if workers <= 1:
        yield None
        return
    context = get_context("spawn")  # a fork would inherit torch's threads in an unknown state
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def judge_all(
    cases: Sequence[Case], folder: Path, whisper: str | None = None, pool: Executor | None = None
) -> list[Verdict]:
    """Verdicts in the order of ``cases``, cached in ``folder``."""
    with tqdm(total=len(cases), desc="judging", unit="sentence", disable=None) as bar:
        if pool is None:
            verdicts = []
            for case in cases:
                verdicts.append(judge_cached(case, folder, whisper))
                bar.update()
            return verdicts
        futures = [pool.submit(judge_cached, case, folder, whisper) for case in cases]
        for future in as_completed(futures):
            future.result()
            bar.update()
        return [future.result() for future in futures]


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _hard(plan: Plan, folder: Path) -> list[HardResult]:
    if plan.system is None:
        return []
    stored = folder / "verdicts" / f"hard-{plan.system.fingerprint}.json"
    if not stored.is_file():
        results = try_hard_inputs(plan.system, plan.system.voices[0])
        atomic_write_json(stored, [asdict(result) for result in results])
    return [HardResult(**values) for values in read_json(stored)]


def _notes(plan: Plan) -> list[str]:
    notes = []
    if plan.system is None:
        notes.append("There is no trained model here: only the anchors were measured.")
    if not plan.speakers:
        notes.append(
            "There are no real recordings here (--data): the rows real, copy and same-text, "
            "speaker similarity and the bar on word error rate are left out."
        )
    elif plan.vocoder is None:
        notes.append("There is no trained vocoder here: the row copy is left out.")
    if plan.speakers and not plan.unseen:
        notes.append("The data folder has no usable speakers of the split `unseen`: zero-shot "
                     "voices and the copies of unseen speakers are left out.")  # fmt: skip
    return notes
