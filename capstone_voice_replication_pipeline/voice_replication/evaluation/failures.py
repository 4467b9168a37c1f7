"""Failures that show without a reference: silence, clipping, loops, noise, racing, unasked pauses.

Every detector gives a number, a limit, and the place; the limits were set between 150 recordings of
many readers (in brackets: what 98 % of them span) and constructed failures.

    silence    loudest tenth of the frames below -50 dBFS, or hardly any sound
    clipping   more than 0.1 % of the samples at full scale
    looping    a stretch of at least 0.6 s that repeats what came before, frame by frame, to within
               2.5 dB of mel-cepstral distortion [4.8 and more]; also a sound that never ends
    noise      loud and quiet frames less than 13 dB apart [25 and more], or fewer than 25 % of the
               sounding frames voiced [42 %]
    racing     more than 20 phones a second, pauses left out [9 to 16]
    crawling   fewer than 6 phones a second
    gap        a pause above 0.6 s inside the speech where the text has no punctuation
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, AudioSpec, f0_contour, mel_spectrogram
from text_utils import normalize_text, pronounce

from voice_replication.evaluation.forced_alignment import AlignedWord
from voice_replication.evaluation.objective import MCD_SCALE, mel_cepstra
from voice_replication.evaluation.recognition import fold_text

Audio = npt.NDArray[np.float32]
Mel = npt.NDArray[np.float32]

KINDS = ("silence", "clipping", "looping", "noise", "racing", "crawling", "gap")

SILENCE_DBFS = -50.0
MIN_SOUND_SECONDS = 0.08
CLIPPED_SHARE = 0.001
LOOP_MCD_DB = 2.5
LOOP_SECONDS = 0.6
LOOP_LOUD_SHARE = 0.6  # of the frame pairs compared
LOUD_RANGE_DB = 30.0
LOOP_PERIODS_SECONDS = (0.15, 2.5)
NOISE_RANGE_DB = 13.0
NOISE_VOICED_SHARE = 0.25
RACING_PHONES_PER_SECOND = 20.0
CRAWLING_PHONES_PER_SECOND = 6.0
GAP_SECONDS = 0.6
_FEW_PHONES = 5  # a pace from fewer phones than this means nothing


@dataclass(frozen=True)
class Failure:
    """One defect: its kind (of :data:`KINDS`), where it starts in seconds, and the number."""

    kind: str
    start: float
    detail: str


def find_failures(
    audio: Audio,
    text: str = "",
    words: Sequence[AlignedWord] | None = None,
    spec: AudioSpec = DEFAULT_SPEC,
) -> list[Failure]:
    """All failures of ``(T,)`` audio at ``spec.sample_rate``; ``[]`` if it is fine.

    With ``text`` the pace and the pauses are judged too; ``words`` (from forced alignment, one per
    word of the folded text) say where the text's punctuation lies in the recording. A text without
    any punctuation (many transcripts) does not say where pauses belong, so they are not judged.
    Silence hides all other failures and is reported alone.
    """
    if audio.size == 0 or not np.isfinite(audio).all():
        return [Failure("silence", 0.0, "no samples, or samples that are not numbers")]
    mel = mel_spectrogram(audio, spec)
    level = frame_level_db(mel)
    silent = _silence(audio, level, spec)
    if silent:
        return [silent]
    sounding = level > _pause_threshold_db(level)
    loud = sounding & (level > np.percentile(level, 98) - LOUD_RANGE_DB)  # a breath may hiss on
    found = [_clipping(audio, spec), _looping(mel, loud, spec)]
    found.append(_noise(level, sounding, f0_contour(audio, spec)))
    if text:
        found.append(_pace(sounding, text, spec))
        if re.search(r"[,;:.?!]", text):
            found.extend(_gaps(find_pauses(sounding, spec), text, words))
    return [failure for failure in found if failure is not None]


def frame_level_db(mel: Mel) -> npt.NDArray[np.float64]:
    """Level of each frame of a log-mel ``(M, F)`` in dB; only differences mean something."""
    return np.asarray(10.0 * np.log10(np.exp(2.0 * mel.astype(np.float64)).sum(axis=0)))


def find_pauses(
    sounding: npt.NDArray[np.bool_], spec: AudioSpec = DEFAULT_SPEC
) -> list[tuple[float, float]]:
    """(start, end) in seconds of every pause longer than 0.6 s between two sounds."""
    frames = np.flatnonzero(sounding)
    breaks = np.flatnonzero(np.diff(frames) > GAP_SECONDS * spec.frames_per_second)
    rate = spec.frames_per_second
    return [((int(frames[b]) + 1) / rate, int(frames[b + 1]) / rate) for b in breaks]


def clause_ends(text: str) -> set[int]:
    """After how many words (of :func:`fold_text`) the text has punctuation, its end included.

    >>> sorted(clause_ends("Yes, we have 2 dogs; you?"))
    [1, 5, 6]
    """
    ends, count = set(), 0
    for clause in re.split(r"[,;:.?!…()\[\]\"“”—–]+(?=\s|$)|\s-+\s|[—–…]", normalize_text(text)):
        count += len(fold_text(clause).split())
        ends.add(count)
    return ends - {0}


def _silence(audio: Audio, level: npt.NDArray[np.float64], spec: AudioSpec) -> Failure | None:
    hop = spec.hop_length
    whole = audio[: len(audio) // hop * hop].reshape(-1, hop) if len(audio) >= hop else audio[None]
    rms = np.sqrt(np.mean(whole.astype(np.float64) ** 2, axis=1))
    loud_dbfs = 20.0 * float(np.log10(max(float(np.percentile(rms, 90)), 1e-9)))
    if loud_dbfs < SILENCE_DBFS:
        return Failure("silence", 0.0, f"the loudest tenth is at {loud_dbfs:.0f} dBFS")
    seconds = float((level > level.max() - 30.0).sum()) / spec.frames_per_second
    if seconds < MIN_SOUND_SECONDS:
        return Failure("silence", 0.0, f"only {1000 * seconds:.0f} ms of sound")
    return None


def _clipping(audio: Audio, spec: AudioSpec) -> Failure | None:
    at_limit = np.abs(audio) >= 0.999
    share = float(at_limit.mean())
    if share <= CLIPPED_SHARE:
        return None
    first = int(at_limit.argmax()) / spec.sample_rate
    return Failure("clipping", first, f"{100 * share:.2f} % of the samples at full scale")


def _pause_threshold_db(level: npt.NDArray[np.float64]) -> float:
    """Between noise floor and speech: just above the floor, 25 to 40 dB below the loud frames."""
    floor, loud = np.percentile(level, [5, 98])
    return float(np.clip(floor + 6.0, loud - 40.0, loud - 25.0))


def _looping(mel: Mel, loud: npt.NDArray[np.bool_], spec: AudioSpec) -> Failure | None:
    """The lag at which the speech equals itself best, over a window of one period or 0.6 s.

    Only pairs of loud frames count, and they must be most of the window.
    """
    cepstra = mel_cepstra(mel)
    rate = spec.frames_per_second
    shortest, longest = (round(seconds * rate) for seconds in LOOP_PERIODS_SECONDS)
    best = (np.inf, 0, 0)  # distance in dB, lag, start
    for lag in range(shortest, longest + 1):
        window = max(round(LOOP_SECONDS * rate), lag)
        if len(cepstra) < lag + window:
            break
        distance = MCD_SCALE * np.linalg.norm(cepstra[lag:] - cepstra[:-lag], axis=1)
        both = (loud[lag:] & loud[:-lag]).astype(float)
        share = _moving_mean(both, window)
        mean = _moving_mean(distance * both, window) / np.maximum(share, 1e-9)
        mean[share < LOOP_LOUD_SHARE] = np.inf
        start = int(mean.argmin())
        best = min(best, (float(mean[start]), lag, start))
    if best[0] > LOOP_MCD_DB:
        return None
    detail = f"repeats itself every {best[1] / rate:.2f} s to within {best[0]:.1f} dB"
    return Failure("looping", best[2] / rate, detail)


def _moving_mean(values: npt.NDArray[np.float64], window: int) -> npt.NDArray[np.float64]:
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray((total[window:] - total[:-window]) / window)


def _noise(
    level: npt.NDArray[np.float64],
    sounding: npt.NDArray[np.bool_],
    f0: npt.NDArray[np.float32],
) -> Failure | None:
    inside = level[np.flatnonzero(sounding)[0] : np.flatnonzero(sounding)[-1] + 1]
    quiet, loud = np.percentile(inside, [5, 98])
    voiced = float((f0[: len(sounding)] > 0)[sounding[: len(f0)]].mean())
    if voiced < NOISE_VOICED_SHARE:
        return Failure("noise", 0.0, f"only {100 * voiced:.0f} % of the sound is voiced")
    if loud - quiet < NOISE_RANGE_DB and len(inside) > 50:
        detail = f"only {loud - quiet:.0f} dB between loud and quiet"
        return Failure("noise", 0.0, detail)
    return None


def _pace(sounding: npt.NDArray[np.bool_], text: str, spec: AudioSpec) -> Failure | None:
    phones = sum(len(word.phones) for word in pronounce(text))
    if phones < _FEW_PHONES:
        return None
    pace = phones / (float(sounding.sum()) / spec.frames_per_second)
    detail = f"{pace:.1f} phones a second"
    if pace > RACING_PHONES_PER_SECOND:
        return Failure("racing", 0.0, detail)
    return Failure("crawling", 0.0, detail) if pace < CRAWLING_PHONES_PER_SECOND else None


def _gaps(
    pauses: Sequence[tuple[float, float]], text: str, words: Sequence[AlignedWord] | None
) -> list[Failure]:
    """The pauses that no punctuation asked for.

    Without word times only their number can be judged: punctuation marks inside the text excuse as
    many pauses.
    """
    ends = clause_ends(text)
    if words is None:
        pauses = sorted(pauses, key=lambda p: p[0] - p[1])[max(0, len(ends) - 1) :]
    else:
        pauses = [p for p in pauses if _boundary(p, words) not in ends]
    return [Failure("gap", start, f"{end - start:.2f} s") for start, end in pauses]


def _boundary(pause: tuple[float, float], words: Sequence[AlignedWord]) -> int:
    """After how many words the pause lies: at the word boundary nearest to it.

    An aligner may give the silence to the word before or after it, so both edges count.
    """
    middle = (pause[0] + pause[1]) / 2
    if len(words) < 2:
        return 0
    distance = [
        min(abs(a.end - middle), abs(b.start - middle)) for a, b in itertools.pairwise(words)
    ]
    return int(np.argmin(distance)) + 1
