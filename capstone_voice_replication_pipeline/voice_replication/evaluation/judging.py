"""One spoken sentence before all judges: everything that is measured about it, as plain numbers.

Judging is the slow part (recognition runs at about five times real time), so results are cached by
content: a verdict is made again only if the audio, the text or a judge changed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, load_audio
from env_utils import InputError, atomic_write_json, read_json

from voice_replication.evaluation.copy_measures import mean_spectrum_db, measure_copy
from voice_replication.evaluation.failures import find_failures
from voice_replication.evaluation.forced_alignment import PocketSphinxAligner
from voice_replication.evaluation.objective import compare, pesq_wideband, stoi
from voice_replication.evaluation.recognition import Recognizer, load_recognizer, word_errors
from voice_replication.evaluation.signal_measures import measure_signal
from voice_replication.evaluation.similarity import IndependentEncoder

Audio = npt.NDArray[np.float32]
Verdict = dict[str, Any]

VERSION = 4  # raise it when a measure changes: cached verdicts are then made again


@dataclass(frozen=True)
class Case:
    """One recording to judge. ``reference`` is a real recording of the same text and speaker;
    ``synchronous`` if the audio follows it sample by sample (copy-synthesis)."""

    row: str
    speaker: str
    text: str
    audio: Path
    compute_seconds: float = math.nan
    reference: Path | None = None
    synchronous: bool = False
    source_rate: int | None = None  # Hz at which the speaker was recorded; None: nobody's voice
    predicted: Mapping[str, Any] | None = None  # movement of the synthesizer's own mel
    recognize: bool = True  # False: words are not of interest (copies), which saves most time
    verifiable: bool = True  # False: the recording is among those its speaker is judged by


def judge_cached(case: Case, folder: Path, whisper: str | None = None) -> Verdict:
    """The verdict on ``case``: from ``folder`` if it is there, else judged and stored there."""
    asked = f"{VERSION}|{whisper}|{case.text}|{case.synchronous}|{case.recognize}"
    digest = hashlib.sha256(asked.encode())
    for path in (case.audio, case.reference):
        digest.update(path.read_bytes() if path else b"-")
    stored = folder / f"{digest.hexdigest()[:20]}.json"
    if stored.is_file():
        try:
            verdict = read_json(stored)
        except InputError:  # damaged: judge again
            verdict = None
    else:
        verdict = None
    if verdict is None:
        verdict = judge(case, whisper)
        atomic_write_json(stored, verdict)
    if not case.verifiable:
        verdict = {**verdict, "embedding": None}
    return {**verdict, **_identity(case)}


def _identity(case: Case) -> Verdict:
    """What is known without judging, and may differ between two uses of one verdict."""
    return {
        "row": case.row,
        "speaker": case.speaker,
        "text": case.text,
        "audio": str(case.audio),
        "source_rate": case.source_rate,
        "predicted": clean(case.predicted),
        "compute_seconds": None if math.isnan(case.compute_seconds) else case.compute_seconds,
    }


def judge(case: Case, whisper: str | None = None) -> Verdict:
    """Measure everything that can be measured about ``case``. Values are JSON's own types.

    A measure that cannot be made (no reference, no voiced frame, silence) is None.
    """
    rate = DEFAULT_SPEC.sample_rate
    audio = load_audio(case.audio, rate)
    heard, wrong, words = "", 0, 0
    if case.recognize:
        heard = recognizer(whisper).transcribe(audio, rate)
        wrong, words = word_errors(case.text, heard)
    aligned = aligner().align(audio, rate, case.text)
    failures = find_failures(audio, case.text, aligned)
    verdict: Verdict = {
        "heard": heard,
        "wrong_words": wrong,
        "words": words,
        "aligned": aligned is not None,
        "failures": [asdict(failure) for failure in failures],
        "embedding": _embedding(audio, rate),
        **asdict(measure_signal(audio)),
        "spectrum_db": [round(float(x), 3) for x in mean_spectrum_db(audio)],
        **_against_reference(audio, case),
    }
    cleaned: Verdict = clean(verdict)
    return cleaned


def _embedding(audio: Audio, rate: int) -> list[float] | None:
    try:
        return [round(float(x), 6) for x in encoder().embed(audio, rate)]
    except InputError:  # too little sound
        return None


def _against_reference(audio: Audio, case: Case) -> Verdict:
    """MCD, F0 and voicing against the same words spoken for real; the rest only for copies."""
    empty = ("mcd_db", "f0_rmse_hz", "f0_rmse_cents", "voicing_error", "duration_ratio")
    copied = ("pesq", "stoi", "voiced_lost", "hnr_difference_db")
    result: Verdict = dict.fromkeys((*empty, *copied))
    if case.reference is None:
        return result
    rate = DEFAULT_SPEC.sample_rate
    reference = load_audio(case.reference, rate)
    result |= asdict(compare(reference, audio))
    if case.synchronous:
        result |= {"stoi": stoi(reference, audio, rate)} | asdict(measure_copy(reference, audio))
        try:
            result |= {"pesq": pesq_wideband(reference, audio, rate)}
        except InputError:  # PESQ heard no utterance in it
            result |= {"pesq": None}
    return result


def clean(value: Any) -> Any:
    """The same with NaN and infinities as None, tuples as lists and numpy numbers as Python's."""
    if isinstance(value, Mapping):
        return {str(key): clean(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [clean(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@lru_cache(maxsize=2)
def recognizer(whisper: str | None) -> Recognizer:
    """The recognizer of this process."""
    return load_recognizer(whisper)


@lru_cache(maxsize=1)
def aligner() -> PocketSphinxAligner:
    """The aligner of this process."""
    return PocketSphinxAligner()


@lru_cache(maxsize=1)
def encoder() -> IndependentEncoder:
    """The independent speaker encoder of this process."""
    return IndependentEncoder()
