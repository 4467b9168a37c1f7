"""What the watermark costs, whether it is heard, what it survives, and how often it is imagined.

    python benchmarks/watermark.py cost sound attacks                  # about ten minutes
    python benchmarks/watermark.py alarms --data data/speech           # as long again per 10 hours
    python benchmarks/watermark.py attacks --clips 2000 -o outputs/watermark.json

Speech is made by the shipped models: the 120 sentences of `voiceclone evaluate`, in the four sample
voices, each at another speed and pitch, with the pauses that a text has. Detection rates are those
of two-second clips cut at random places of it, pauses included. `--data`: a folder of recordings
with a `manifest.csv`, as in CONTRIBUTING.md. Results of earlier calls stay in the output file.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC, load_audio, resample
from data_utils import read_manifest
from env_utils import InputError, atomic_write_json, describe_machine, read_json
from scipy.stats import binomtest
from tqdm import tqdm
from tts_utils.espeak import EspeakEngine
from voice_replication.evaluation.run import default_sentences
from voice_replication.evaluation.unmarked_sounds import SOUNDS, Unmarked
from voice_replication.evaluation.watermark_attacks import FURTHER, REQUIRED
from voice_replication.narration import line_audio
from voice_replication.narration.settings import Settings
from voice_replication.narration.text_to_speech import Speaker, Speech
from voice_replication.watermark import mark
from voice_replication.watermark_detection import detect

Audio = npt.NDArray[np.float32]

RATE = DEFAULT_SPEC.sample_rate
CLIP_SECONDS = 2.0
SOUND_SECONDS = 300.0  # of every unmarked sound
FURTHER_SECONDS = 120.0  # of every voice, for what nobody required
SENTENCES_IN_PARAGRAPH = 4
STYLES = ((1.0, 0.0), (0.85, -1.0), (1.15, 1.0), (1.0, 2.0))  # speed and semitones, by voice
PESQ_RATE = 16_000


def spoken(marked: bool, texts: Sequence[str], speaker: Speaker) -> Iterator[Speech]:
    """``texts`` in every sample voice, with or without the watermark."""
    for name, (speed, semitones) in zip(speaker.store.names(), STYLES, strict=False):
        settings = Settings(speed, semitones)
        text = "\n\n".join(texts)
        if marked:
            yield speaker.speak_with(text, speaker.voice(name), settings)
        else:
            with mock.patch.object(line_audio, "Marker", Unmarked):
                yield speaker.speak_with(text, speaker.voice(name), settings)


def paragraphs() -> list[str]:
    """The sentences, a few to a paragraph."""
    lines = default_sentences()
    step = SENTENCES_IN_PARAGRAPH
    return [" ".join(lines[i : i + step]) for i in range(0, len(lines), step)]


def measure_cost(speaker: Speaker, rounds: int = 12) -> dict[str, float]:
    """Best of ``rounds``: seconds of computing for each second of audio, on one thread."""
    voice = speaker.voice(next(iter(speaker.store.names())))
    text = paragraphs()[0]
    speech = speaker.speak_with(text, voice, Settings())
    audio = speech.audio[: 5 * RATE]
    best: dict[str, float] = defaultdict(lambda: float("inf"))
    for _ in range(rounds):
        for name, call, seconds in (
            ("speaking", lambda: speaker.speak_with(text, voice, Settings()), speech.seconds),
            ("marking", lambda: mark(audio), len(audio) / RATE),
            ("detecting", lambda: detect(audio, RATE), len(audio) / RATE),
        ):
            started = time.process_time()
            call()
            best[name] = min(best[name], (time.process_time() - started) / seconds)
    return {**best, "share": best["marking"] / best["speaking"]}


def measure_sound(speaker: Speaker, texts: Sequence[str]) -> dict[str, Any]:
    """PESQ-WB of marked lines against the same lines unmarked, and how levels change."""
    from pesq import pesq

    scores, gains, peak = [], [], 0.0
    pairs = zip(spoken(True, texts, speaker), spoken(False, texts, speaker), strict=True)
    for marked, plain in pairs:
        peak = max(peak, float(np.abs(marked.audio).max()))
        for line in marked.lines:
            part = slice(round(line.start * RATE), round(line.end * RATE))
            a, b = plain.audio[part], marked.audio[part]
            gains.append(10.0 * np.log10(np.mean(np.square(b)) / np.mean(np.square(a))))
            both = (resample(x, RATE, PESQ_RATE) for x in (a, b))
            scores.append(pesq(PESQ_RATE, *both, "wb"))
    return {
        "lines": len(scores),
        "pesq mean": float(np.mean(scores)),
        "pesq 1 %": float(np.quantile(scores, 0.01)),
        "pesq worst": min(scores),
        "largest change of level dB": float(np.abs(gains).max()),
        "peak": peak,
    }


def clips_of(audio: Audio, count: int, seconds: float, rng: np.random.Generator) -> Iterator[Audio]:
    """``count`` stretches from random places."""
    length = round(seconds * RATE)
    for start in rng.integers(0, len(audio) - length, count):
        yield audio[start : start + length]


def measure_attacks(
    speaker: Speaker, clips: int, lengths: Sequence[float]
) -> dict[str, dict[str, Any]]:
    """Attack -> share of clips in which the mark is found, with a 95 % interval."""
    recordings = [speech.audio for speech in spoken(True, paragraphs(), speaker)]
    rows: dict[str, dict[str, Any]] = {}
    for name, attack in tqdm({**REQUIRED, **FURTHER}.items(), desc="attacks"):
        end = None if name in REQUIRED else round(FURTHER_SECONDS * RATE)
        changed = [attack(audio[:end]) for audio in recordings]
        for seconds in lengths if name == "nothing" else (CLIP_SECONDS,):
            rng = np.random.default_rng(1)
            count = (clips if name in REQUIRED else clips // 4) // len(changed)
            found = [
                detect(clip, RATE) for x in changed for clip in clips_of(x, count, seconds, rng)
            ]
            label = name if seconds == CLIP_SECONDS else f"{name}, clips of {seconds:g} s"
            rows[label] = shares([d.score for d in found], sum(d.marked for d in found))
            tqdm.write(f"{label:<36}" + describe(rows[label]))
    return rows


def shares(scores: Sequence[float], marked: int) -> dict[str, Any]:
    """How many of ``scores`` count as marked, with the interval of Clopper and Pearson."""
    interval = binomtest(marked, len(scores)).proportion_ci(0.95, "exact")
    return {
        "clips": len(scores),
        "marked": marked,
        "share": marked / len(scores),
        "interval": [float(interval.low), float(interval.high)],
        "scores 0, 1, 50, 100 %": np.quantile(scores, [0, 0.01, 0.5, 1]).round(1).tolist(),
    }


def describe(row: dict[str, Any]) -> str:
    """One line of a table."""
    low, high = row["interval"]
    return (
        f"{row['marked']:>6} of {row['clips']:<6} {row['share']:>8.3%} ({low:.3%} to {high:.3%})"
        f"  scores {row['scores 0, 1, 50, 100 %']}"
    )


def measure_alarms(speaker: Speaker, data: Path | None) -> dict[str, dict[str, Any]]:
    """Kind of unmarked sound -> share of clips, and of whole recordings, called marked."""
    scores: dict[str, list[float]] = defaultdict(list)
    marked: dict[str, int] = defaultdict(int)

    def look(kind: str, audio: Audio) -> None:
        length = round(CLIP_SECONDS * RATE)
        whole = len(audio) > 1.5 * length  # else it is the same as its only clip
        parts = [audio[i : i + length] for i in range(0, len(audio) - length + 1, length)]
        for label, part in [(kind, x) for x in parts] + [(f"{kind}, whole", audio)] * whole:
            detection = detect(part, RATE)
            scores[label].append(detection.score)
            marked[label] += detection.marked

    for speech in spoken(False, paragraphs(), speaker):
        look("our own speech, unmarked", speech.audio)
    engine = EspeakEngine()
    for sentence in default_sentences():
        look("espeak-ng", resample(*_sound(engine, sentence)))
    for name, make in SOUNDS.items():
        look(name, make(round(SOUND_SECONDS * RATE)))
    for utterance in tqdm(read_manifest(data / "manifest.csv") if data else [], desc="real"):
        look("real speech", load_audio(utterance.path))
    rows = {name: shares(scores[name], marked[name]) for name in scores}
    for name, row in rows.items():
        print(f"{name:<36}{describe(row)}")
    return rows


def _sound(engine: EspeakEngine, sentence: str) -> tuple[Audio, int, int]:
    audio = engine.synthesize(sentence)
    return audio.samples, audio.sample_rate, RATE


def main() -> None:
    """Measure what was asked for, print it, and keep it."""
    parser = argparse.ArgumentParser(description="Measure the watermark.")
    parser.add_argument("parts", nargs="+", choices=("cost", "sound", "attacks", "alarms"))
    parser.add_argument("--clips", type=int, default=1200, help="for a required attack (1200)")
    parser.add_argument("--data", type=Path, help="a folder of real recordings, for alarms")
    parser.add_argument("-o", "--output", type=Path, default=Path("outputs/watermark.json"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    try:
        results = read_json(args.output)
    except InputError:
        results = {}
    results["machine"] = describe_machine().summary()
    speaker = Speaker()
    for part in args.parts:
        if part == "cost":
            results[part] = measure_cost(speaker)
        elif part == "sound":
            results[part] = measure_sound(speaker, paragraphs()[::3])
        elif part == "attacks":
            results[part] = measure_attacks(speaker, args.clips, (0.5, 1.0, CLIP_SECONDS, 5.0))
        else:
            results[part] = measure_alarms(speaker, args.data)
        if part in ("cost", "sound"):
            print(part, results[part])
        atomic_write_json(args.output, results)


if __name__ == "__main__":
    main()
