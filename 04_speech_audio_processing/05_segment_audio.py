"""04.5  Where somebody speaks

What you will learn: voice activity from levels; why a fixed threshold works at one desk and fails
at the next, and what to do instead; cutting a long recording into segments, each with its metadata
as JSON and CSV, as every corpus has them.
Needs: nothing but the installation; `--input me.wav` segments your own recording.
Writes to outputs/04_speech_audio_processing/: activity.png, segments/segments.json,
segments/segments.csv, segments/segment_000.wav …, 05_listen.html
Look for: the accuracy of the fixed threshold on the quiet and on the noisy copy.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from audio_utils import (
    Segment,
    add_noise,
    change_gain,
    find_segments,
    save_audio,
    voice_activity,
    write_segments,
)
from audio_utils.activity import FRAME_SECONDS
from audio_utils.augment import pink_noise
from audio_utils.practice import PracticeVoice, add_speech_options, practice_speech
from audio_utils.segments import spans_of
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import lesson_parser, run_lesson, seed_everything
from tts_utils.listening_page import Clip, write_listening_page

RATE = 24_000
FIXED_DBFS = -45.0
PAUSES_SECONDS = (0.7, 0.45, 1.1, 0.6, 0.9)
SENTENCES = (
    "The ferry leaves at noon.",
    "Nobody told the new captain about the bell.",
    "It rings by itself.",
    "On some nights you can hear it across the bay.",
    "My uncle says that the wind does it.",
)

Audio = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


def levels_by_hand(audio: Audio) -> npt.NDArray[np.float64]:
    """Level of each whole 10 ms in dBFS, without its mean (an offset is not sound): ``(n,)``."""
    frame = round(FRAME_SECONDS * RATE)
    frames = audio[: len(audio) // frame * frame].reshape(-1, frame).astype(np.float64)
    return 10 * np.log10(np.maximum(frames.var(axis=1), 1e-9))


def fixed_threshold(audio: Audio, threshold_dbfs: float = FIXED_DBFS) -> Flags:
    """The first idea of everybody: speech is what is louder than a number."""
    return levels_by_hand(audio) > threshold_dbfs


def bridge_gaps(active: Flags, frames: int = 15) -> Flags:
    """Pauses of up to ``frames`` inside speech belong to it: a "p" is 100 ms of silence."""
    result = active.copy()
    spans = [(round(a / FRAME_SECONDS), round(b / FRAME_SECONDS)) for a, b in spans_of(active)]
    for (_, end), (start, _) in itertools.pairwise(spans):
        if start - end <= frames:
            result[end:start] = True
    return result


def loud_part(audio: Audio) -> Audio:
    """A sentence without the silence that the engine put around it (40 dB below its peak)."""
    heard = np.flatnonzero(np.abs(audio) > 0.01 * np.abs(audio).max())
    return audio[heard[0] : heard[-1] + 1]


def recording_with_truth(voice: PracticeVoice, count: int) -> tuple[Audio, Flags]:
    """Sentences with pauses between them, and for each 10 ms whether a sentence is on."""
    pieces = [np.zeros(round(0.5 * RATE), np.float32)]
    truth = [np.zeros(len(pieces[0]), bool)]
    for sentence, pause in zip(SENTENCES[:count], PAUSES_SECONDS, strict=False):
        spoken = loud_part(voice.say(sentence))
        pieces += [spoken, np.zeros(round(pause * RATE), np.float32)]
        truth += [np.ones(len(spoken), bool), np.zeros(len(pieces[-1]), bool)]
    samples = np.concatenate(truth)
    centres = np.arange(len(samples) // 240) * 240 + 120
    return np.concatenate(pieces), samples[centres]


def accuracy(active: Flags, truth: Flags) -> float:
    """Share of 10 ms frames decided as they are."""
    return float(np.mean(active[: len(truth)] == truth))


def compare(audio: Audio, truth: Flags, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    """Both methods on three copies: as it is, 25 dB quieter, and with noise 10 dB below."""
    noise = pink_noise(len(audio), rng)
    copies = {
        "as recorded": audio + np.float32(1e-5) * noise,
        "25 dB quieter": change_gain(audio, -25.0) + np.float32(1e-5) * noise,
        "noise at 10 dB": add_noise(audio, noise, 10.0),
    }
    scores = {}
    print(f"{'accuracy':<16} {'fixed':>8} {'adaptive':>9}")
    for name, copy in copies.items():
        fixed = accuracy(bridge_gaps(fixed_threshold(copy)), truth)
        adaptive = accuracy(voice_activity(copy, RATE), truth)
        scores[name] = {"fixed": fixed, "adaptive": adaptive}
        print(f"{name:<16} {fixed:>8.1%} {adaptive:>9.1%}")
    print(f"(a detector that always says 'speech' has {truth.mean():.1%})\n")
    return scores


def draw_activity(audio: Audio, segments: Sequence[Segment], path: Path) -> None:
    """Waveform and level, with the segments that were found."""
    figure = new_figure(8.0, 4.2)
    wave, level = figure.subplots(2, 1, sharex=True)
    wave.plot(np.arange(len(audio)) / RATE, audio, color=COLOURS[0], linewidth=0.4)
    values = levels_by_hand(audio)
    centres = (np.arange(len(values)) + 0.5) * FRAME_SECONDS
    level.plot(centres, values, color=COLOURS[0], linewidth=0.8)
    level.axhline(FIXED_DBFS, color=COLOURS[1], linestyle="--", label="the fixed threshold")
    for axes in (wave, level):
        for segment in segments:
            axes.axvspan(segment.start, segment.end, color=COLOURS[2], alpha=0.2)
    for segment in segments:
        wave.annotate(str(segment.index), (segment.start, 0.9), xycoords=("data", "axes fraction"))
    wave.set(ylabel="amplitude (1 = full scale)", title="Green: the segments that were found")
    level.set(xlabel="time (s)", ylabel="level of 10 ms (dBFS)", ylim=(-92, 0))
    level.legend(loc="lower right", fontsize=8)
    save_plot(figure, path)


def options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = add_speech_options(lesson_parser("04_speech_audio_processing", __doc__))
    parser.add_argument("--max-seconds", type=float, default=4.0, help="longest segment (4)")
    parser.add_argument("--noise", type=float, default=30.0, help="SNR of the recording, dB (30)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Compare two detectors where the truth is known, then cut a recording into segments."""
    args = options(argv)
    rng = seed_everything(args.seed)
    measured: dict[str, object] = {}
    if args.input is None:
        voice = PracticeVoice(args.engine, args.voice, RATE)
        print(f"Speech: from {voice.source}.\n")
        audio, truth = recording_with_truth(voice, 3 if args.smoke else len(SENTENCES))
        measured["accuracy"] = compare(audio, truth, rng)
        measured["sentences"] = 3 if args.smoke else len(SENTENCES)
        audio = add_noise(audio, pink_noise(len(audio), rng), args.noise)
    else:
        audio = practice_speech(args).samples

    folder = args.output_dir / "segments"
    segments, clips = [], [Clip("The whole recording", audio, RATE)]
    for segment in find_segments(audio, RATE, args.max_seconds):
        name = f"segment_{segment.index:03d}.wav"
        piece = audio[round(segment.start * RATE) : round(segment.end * RATE)]
        save_audio(folder / name, piece, RATE)
        segments.append(dataclasses.replace(segment, file=name))
        clips.append(Clip(f"{name}: {segment.start:.2f} to {segment.end:.2f} s", piece, RATE))
    write_segments(folder, segments)
    print(" #   start     end  seconds  LUFS  pitch")
    for item in segments:
        print(
            f"{item.index:2d} {item.start:7.2f} {item.end:7.2f} {item.seconds:8.2f} "
            f"{item.loudness_lufs:5.1f} {item.f0_hz:4.0f} Hz"
        )
    kept = sum(segment.seconds for segment in segments)
    print(f"{kept:.1f} of {len(audio) / RATE:.1f} s are in {len(segments)} segments.")

    draw_activity(audio, segments, args.output_dir / "activity.png")
    intro = "Each segment should begin and end in silence, with no word cut."
    page = args.output_dir / "05_listen.html"
    write_listening_page(page, "04.5 Segments", intro, clips)
    print(f"\nSegments: {folder}/segments.json and .csv; listen: 05_listen.html")
    longest = max(segment.seconds for segment in segments)
    return {**measured, "segments": len(segments), "kept_seconds": kept, "longest": longest}


# Try this next
#  1. --max-seconds 1.5: where are sentences cut when there is no pause to cut in?
#  2. --noise 5: which consonants are lost first at the edges, and why those?
#  3. Clap, cough and play a note into a recording. Which of them count as speech, and what would a
#     detector have to look at to know better?

if __name__ == "__main__":
    run_lesson(main)
