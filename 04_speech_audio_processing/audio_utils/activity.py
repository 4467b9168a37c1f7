"""Where somebody speaks: voice activity, trimming, cutting long recordings at their pauses.

Activity is a matter of level, not of a trained model: in each of two bands (everything, and the
high frequencies where an "s" lives) a frame is active when it lies clearly above the noise floor.
The threshold sits between floor and speech level, so neither the recording's gain nor its noise
has to be known. A steady signal (noise, hum) has no such distance and is not speech.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FRAME_SECONDS = 0.01  # one decision every 10 ms

_FLOOR_DB = -90.0  # dBFS; quieter than this is digital silence
_RANGE_DB = 50.0  # the floor is taken to be at most this far below the speech
_STEADY_DB = 7.0  # a signal whose level moves less than this is not speech
_SHARE = 0.35  # where the threshold lies between floor (0) and speech level (1), in dB
_MARGIN_DB = 5.0  # but at least this far above the floor
_SPAN_FRAMES = 3000  # the floor may drift: it is measured anew every 30 s
_GAP_FRAMES = 15  # gaps up to 150 ms (closures of stops) belong to the speech
_BURST_FRAMES = 3  # activity of up to 30 ms is a click
_HANGOVER_FRAMES = 4  # 40 ms more on both sides: weak onsets and tails

Audio = npt.NDArray[np.float32]
Levels = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


def voice_activity(audio: Audio, sample_rate: int) -> Flags:
    """Speech or not in each 10 ms of ``(T,)`` audio: ``(ceil(T / 10 ms),)`` bool.

    Works alike for quiet and loud recordings (about -50 to 0 dBFS) and for noise up to about
    10 dB below the speech. Steady noise, hum and silence are inactive.
    """
    return activity_of_levels(frame_levels(audio, sample_rate))


def trim_silence(audio: Audio, sample_rate: int, keep_seconds: float = 0.1) -> Audio:
    """``(T,)`` audio without leading and trailing silence, but ``keep_seconds`` of it at each end.

    Empty when there is no voice at all. A view of ``audio``, not a copy.
    """
    active = np.flatnonzero(voice_activity(audio, sample_rate))
    if active.size == 0:
        return audio[:0]
    frame, keep = FRAME_SECONDS * sample_rate, keep_seconds * sample_rate
    start = max(0, round(active[0] * frame - keep))
    end = min(len(audio), round((active[-1] + 1) * frame + keep))
    return audio[start:end]


def split_at_pauses(
    audio: Audio, sample_rate: int, max_seconds: float, keep_seconds: float = 0.2
) -> list[tuple[float, float]]:
    """Pieces ``[(start, end), ...]`` in seconds, none longer than ``max_seconds``.

    A piece that is too long is cut at its longest pause, the more willingly the nearer that lies to
    the middle; without any pause, at its quietest moment. At most ``keep_seconds`` of silence stay
    at each end of a piece. No voice, no pieces.
    """
    levels = frame_levels(audio, sample_rate)
    active = activity_of_levels(levels)
    limit = max(2, int(max_seconds / FRAME_SECONDS))
    pieces = _split(active, _smooth(levels[0], 5), 0, len(active), limit)
    total, keep = len(audio) / sample_rate, min(keep_seconds, max_seconds / 8)
    spans = []
    for i, (start, end) in enumerate(pieces):
        low = pieces[i - 1][1] * FRAME_SECONDS if i else 0.0
        high = pieces[i + 1][0] * FRAME_SECONDS if i + 1 < len(pieces) else total
        first, last = start * FRAME_SECONDS, min(end * FRAME_SECONDS, total)
        room = max(0.0, max_seconds - (last - first)) / 2
        before = min(keep, room, (first - low) / (2 if i else 1))
        after = min(keep, room, (high - last) / (2 if i + 1 < len(pieces) else 1))
        spans.append((first - before, last + after))
    return spans


def frame_levels(audio: Audio, sample_rate: int) -> tuple[Levels, Levels]:
    """Level of each 10 ms in dBFS, of the whole band and of the high frequencies: two ``(n,)``.

    The high band is the first difference, which lifts 4 kHz by 14 dB against 500 Hz.
    """
    frame = round(FRAME_SECONDS * sample_rate)
    count = -(-len(audio) // frame)
    padded = np.zeros(count * frame + 1, dtype=np.float32)
    padded[1 : len(audio) + 1] = audio
    padded[0] = padded[min(1, len(audio))]  # no step, so no click, at the start
    whole = padded[1:].reshape(count, frame)
    power = np.einsum("ij,ij->i", whole, whole) / frame - np.square(whole.mean(axis=1))
    steps = np.diff(padded).reshape(count, frame)
    rough = np.einsum("ij,ij->i", steps, steps) / frame
    floor = 10.0 ** (_FLOOR_DB / 10.0)
    low, high = (10.0 * np.log10(np.maximum(band, floor)) for band in (power, rough))
    return low.astype(np.float32), high.astype(np.float32)


def activity_of_levels(levels: tuple[Levels, Levels]) -> Flags:
    """Decisions from :func:`frame_levels`: two ``(n,)`` -> ``(n,)`` bool."""
    if len(levels[0]) == 0:
        return np.zeros(0, dtype=bool)
    active = _above_floor(levels[0]) | _above_floor(levels[1])
    active = _close(_open(active, _BURST_FRAMES), _GAP_FRAMES)
    return _grow(active, _HANGOVER_FRAMES)


def _above_floor(levels: Levels) -> Flags:
    smooth = _smooth(levels, 3)
    speech = _speech_level(smooth)
    floor = np.maximum(_floor(smooth), speech - _RANGE_DB)
    distance = speech - floor
    threshold = floor + np.maximum(_MARGIN_DB, _SHARE * distance)
    return np.asarray((smooth > threshold) & (distance > _STEADY_DB))


def _speech_level(levels: Levels) -> float:
    """The level that the loudest 100 ms (plus half a percent of the signal) exceed."""
    rank = min(len(levels) - 1, 10 + len(levels) // 200)
    return float(-np.partition(-levels, rank)[rank])


def _floor(levels: Levels) -> Levels:
    """The noise floor around each frame: a low percentile within 30 s, interpolated between."""
    if len(levels) <= _SPAN_FRAMES:
        return np.full(len(levels), np.percentile(levels, 5), dtype=np.float32)
    spans = np.array_split(levels, round(len(levels) / _SPAN_FRAMES))
    ends = np.cumsum([len(span) for span in spans])
    centres = ends - np.array([len(span) / 2 for span in spans])
    floors = np.array([np.percentile(span, 5) for span in spans])
    return np.asarray(np.interp(np.arange(len(levels)), centres, floors), dtype=np.float32)


def _smooth(levels: Levels, frames: int) -> Levels:
    """Moving average over an odd number of frames, the ends repeated."""
    half = frames // 2
    padded = np.pad(levels, half, mode="edge")
    return np.convolve(padded, np.full(frames, 1.0 / frames), mode="valid").astype(np.float32)


def _runs(flags: Flags) -> npt.NDArray[np.int64]:
    """``(runs, 2)``: start and end (exclusive) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return edges.reshape(-1, 2)


def _open(flags: Flags, longest: int) -> Flags:
    """Turn runs of True of at most ``longest`` frames into False."""
    result = flags.copy()
    for start, end in _runs(flags):
        if end - start <= longest:
            result[start:end] = False
    return result


def _close(flags: Flags, longest: int) -> Flags:
    """Turn runs of False of at most ``longest`` frames that lie between Trues into True."""
    result = flags.copy()
    for start, end in _runs(~flags):
        if end - start <= longest and start > 0 and end < len(flags):
            result[start:end] = True
    return result


def _grow(flags: Flags, frames: int) -> Flags:
    """Every run of True becomes longer by ``frames`` on both sides."""
    result = flags.copy()
    for start, end in _runs(flags):
        result[max(0, start - frames) : end + frames] = True
    return result


def _split(active: Flags, quiet: Levels, start: int, end: int, limit: int) -> list[tuple[int, int]]:
    """Cut ``[start, end)`` until every piece, without its outer silence, has ``limit`` frames."""
    voiced = np.flatnonzero(active[start:end])
    if voiced.size == 0:
        return []
    start, end = start + int(voiced[0]), start + int(voiced[-1]) + 1
    if end - start <= limit:
        return [(start, end)]
    length = end - start
    pauses = _runs(~active[start:end]) + start
    if len(pauses):
        pause = np.minimum(pauses[:, 1] - pauses[:, 0], 100)  # one second is as good as more
        shorter_side = np.minimum(pauses[:, 0] - start, end - pauses[:, 1])
        best = pauses[
            np.argmax(pause * np.minimum(1.0, shorter_side / (max(limit, length / 2) / 2)))
        ]
        cuts = (int(best[0]), int(best[1]))
    else:
        nominal = length / -(-length // limit)
        low, high = start + int(0.6 * nominal), start + int(min(limit, 1.4 * nominal))
        cuts = (low + int(np.argmin(quiet[low : high + 1])),) * 2
    left = _split(active, quiet, start, cuts[0], limit)
    return left + _split(active, quiet, cuts[1], end, limit)
