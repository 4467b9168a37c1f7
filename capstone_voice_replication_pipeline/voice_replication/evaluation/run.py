"""The whole evaluation: speak, judge, sum up; interrupted at any point it goes on there.

    sentences.txt ─ system ──┐
                  ─ espeak ──┤
    recordings ─ real ───────┼─► audio/ROW/KEY.flac ─► judges ─► verdicts/KEY.json ─► summary
               ─ copy ───────┤
               ─ same text ──┘

Rows: ``system`` speaks new sentences in voices heard in training; ``same-text`` speaks what the
held-out recordings say, in their speakers' voices, so that words are compared with the same words;
``real``, ``copy`` (vocoder only) and ``espeak`` are the anchors. Without recordings only ``system``
and ``espeak`` remain, and the report says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from audio_utils import DEFAULT_SPEC, load_audio
from env_utils import InputError, atomic_write_json, read_json
from tqdm import tqdm

from voice_replication.evaluation import summary
from voice_replication.evaluation.hard_inputs import HardResult, try_hard_inputs
from voice_replication.evaluation.judging import Case, Verdict, encoder, judge_cached, recognizer
from voice_replication.evaluation.recordings import HeardSpeaker
from voice_replication.evaluation.similarity import Embedding, centroid
from voice_replication.evaluation.speaking import Plan, jobs


@dataclass(frozen=True)
class Evaluation:
    """Everything the report shows."""

    verdicts: list[Verdict]
    summaries: dict[str, dict[str, Any]]
    voices: list[dict[str, Any]]
    bars: list[summary.Bar]
    hard: list[HardResult]
    centroids: dict[str, Embedding]
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
    places = np.linspace(0, len(sentences) - 1, count).round().astype(int)
    return [sentences[i] for i in places]


def evaluate(plan: Plan, folder: Path, workers: int = 1) -> Evaluation:
    """Run ``plan``; everything that took time is kept in ``folder`` and not done twice.

    ``workers`` processes judge, one thread each.
    """
    todo = list(jobs(plan, folder))
    cases = [job.done() for job in tqdm(todo, desc="speaking", unit="sentence", disable=None)]
    centroids = real_voices(plan.speakers, folder / "verdicts")
    hard = _hard(plan, folder) if plan.hard_inputs else []
    verdicts = judge_all(cases, folder / "verdicts", plan.whisper, workers)
    summaries = summary.summarize(verdicts, centroids)
    ours = [v for v in verdicts if v["row"] in ("system", "same-text")]
    return Evaluation(
        verdicts=verdicts,
        summaries=summaries,
        voices=summary.per_voice(ours, centroids),
        bars=summary.bars(summaries, hard),
        hard=hard,
        centroids=centroids,
        judges={"words": recognizer(plan.whisper).name, "speakers": encoder().name},
        notes=_notes(plan),
    )


def judge_all(
    cases: Sequence[Case], folder: Path, whisper: str | None = None, workers: int = 1
) -> list[Verdict]:
    """Verdicts in the order of ``cases``, cached in ``folder``."""
    with tqdm(total=len(cases), desc="judging", unit="sentence", disable=None) as bar:
        if workers <= 1:
            verdicts = []
            for case in cases:
                verdicts.append(judge_cached(case, folder, whisper))
                bar.update()
            return verdicts
        context = get_context("spawn")  # a fork would inherit torch's threads in an unknown state
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread) as pool:
            futures = [pool.submit(judge_cached, case, folder, whisper) for case in cases]
            try:
                for future in as_completed(futures):
                    future.result()
                    bar.update()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [future.result() for future in futures]


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def real_voices(speakers: Iterable[HeardSpeaker], folder: Path) -> dict[str, Embedding]:
    """The independent judge's idea of each speaker, from training recordings; cached."""
    result = {}
    for speaker in tqdm(list(speakers), desc="real voices", unit="speaker", disable=None):
        names = "|".join(f"{u.path}:{u.path.stat().st_size}" for u in speaker.references)
        stored = folder / f"voice-{hashlib.sha256(names.encode()).hexdigest()[:20]}.json"
        if not stored.is_file():
            heard = [load_audio(u.path) for u in speaker.references]
            mean = centroid([encoder().embed(a, DEFAULT_SPEC.sample_rate) for a in heard])
            atomic_write_json(stored, [float(x) for x in mean])
        result[speaker.name] = np.asarray(read_json(stored), dtype=np.float32)
    return result


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
    return notes
