"""How fast and how small: the numbers of ``voiceclone bench``.

Everything is measured as a user meets it: text in, samples out, nothing left out, on two threads.
The voice is made on the spot from espeak-ng's speech, so nobody's recording is needed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, save_audio
from env_utils import QualityError, VoiceReplicationError
from training_utils import file_fingerprint

from voice_replication.enrollment import enroll
from voice_replication.evaluation import measured_process, peers
from voice_replication.evaluation.run import default_sentences
from voice_replication.evaluation.timing import ROUNDS, Measurement, best_of, torch_threads
from voice_replication.home import checkpoint_path
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.voices import Consent, Voice, VoiceStore

THREADS = 2
SHORT = "Hello there, how are you today?"
LONG = (
    "When the train finally reached the last station of the line, the passengers took their bags, "
    "walked through the quiet hall, and stepped out into the evening light of the old harbour."
)  # about ten seconds
PEER_SECONDS = 10.0


@dataclass(frozen=True)
class Bench:
    """What the measurements share. ``speaker`` keeps its models; ``home`` is thrown away."""

    speaker: Speaker
    voice: Voice
    home: Path
    reference: Path  # five seconds of speech
    models_dir: Path | None
    rounds: int


@contextmanager
def prepared(models_dir: Path | None = None, rounds: int = ROUNDS) -> Iterator[Bench]:
    """A temporary home with one voice that belongs to nobody, and the loaded models."""
    with tempfile.TemporaryDirectory(prefix="voiceclone-bench-") as folder:
        home = Path(folder)
        reference = home / "reference.wav"
        save_audio(reference, espeak_speech(5.0), DEFAULT_SPEC.sample_rate)
        speaker = Speaker(models_dir, VoiceStore(home))
        voice = _enroll(speaker, reference, models_dir)
        yield Bench(speaker, voice, home, reference, models_dir, rounds)


def text_to_audio(bench: Bench) -> Iterator[Measurement]:
    """A ten-second sentence, text to samples, and VITS in turns with it (2 s if in a hurry)."""
    speech = bench.speaker.speak(LONG, bench.voice)
    calls: dict[str, Callable[[], object]] = {
        "ours": lambda: bench.speaker.speak(LONG, bench.voice)
    }
    made, reason = 0.0, ""
    try:
        calls["vits"], made = peers.vits_call(PEER_SECONDS if bench.rounds >= ROUNDS else 2.0)
    except VoiceReplicationError as error:
        reason = str(error)
    with torch_threads(THREADS):
        best = best_of(calls, bench.rounds)
    ours = speech.seconds / best["ours"]
    note = f"{speech.seconds:.1f} s of speech in {1000 * best['ours']:.0f} ms"
    yield Measurement("text to audio", ours, "× real time", 60, note=note)
    ratio = ours / (made / best["vits"]) if "vits" in best else None
    if ratio is not None:
        reason = f"VITS runs at {made / best['vits']:.1f} × real time"
    yield Measurement("… against VITS", ratio, "times as fast", 6, note=reason)


def vocoder_alone(bench: Bench) -> Iterator[Measurement]:
    """The vocoder on ten seconds of mel (two if in a hurry), and HiFi-GAN V1 in turns with it."""
    mel = bench.speaker.speak(LONG, bench.voice).mel
    mel = np.ascontiguousarray(mel if bench.rounds >= ROUNDS else mel[:, :188])
    seconds = (mel.shape[1] - 1) / DEFAULT_SPEC.frames_per_second
    vocoder = bench.speaker.vocoder
    calls: dict[str, Callable[[], object]] = {"ours": lambda: vocoder.decode(mel)}
    reason = ""
    try:
        calls["hifigan"] = peers.hifigan_call(mel)
    except VoiceReplicationError as error:
        reason = str(error)
    with torch_threads(THREADS):
        best = best_of(calls, bench.rounds)
    yield Measurement("vocoder alone", seconds / best["ours"], "× real time")
    ratio = best["hifigan"] / best["ours"] if "hifigan" in best else None
    if ratio is not None:
        reason = f"HiFi-GAN V1 runs at {seconds / best['hifigan']:.1f} × real time"
    yield Measurement("… against HiFi-GAN V1", ratio, "times as fast", 30, note=reason)


def first_audio(bench: Bench) -> Iterator[Measurement]:
    """From the call to the first samples of a streamed short sentence, everything loaded."""
    with torch_threads(THREADS):
        best = best_of({"first": lambda: next(bench.speaker.stream(SHORT, bench.voice))},
                       bench.rounds)  # fmt: skip
    yield Measurement("first audio, warm", 1000 * best["first"], "ms", 60, at_least=False)


def whole_process(bench: Bench) -> Iterator[Measurement]:
    """``voiceclone speak`` as its own process, start to finished WAV, and its peak memory."""
    out = bench.home / "spoken.wav"
    command = [sys.executable, "-m", measured_process.__name__, "speak", SHORT]
    command += ["--voice", bench.voice.name, "-o", str(out)]
    if bench.models_dir:
        command += ["--models-dir", str(bench.models_dir.resolve())]
    settings = {"VOICECLONE_HOME": str(bench.home), "OMP_NUM_THREADS": str(THREADS)}
    best, peak = float("inf"), 0
    for _ in range(max(2, bench.rounds // 3)):
        start = time.perf_counter()
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | settings
        )
        best = min(best, time.perf_counter() - start)
        if result.returncode != 0:
            raise QualityError(f"voiceclone speak failed: {result.stderr.strip()[-300:]}")
        peak = max(peak, int(result.stdout.split(measured_process.MARK)[1]))
    yield Measurement("start to finished WAV", best, "s", 4, at_least=False)
    yield Measurement("peak memory of that", peak / 1e6, "MB", 900, at_least=False)


def enrolling(bench: Bench) -> Iterator[Measurement]:
    """Five seconds of WAV to a stored voice, the encoder loaded."""
    with torch_threads(THREADS):
        best = best_of(
            {"enroll": lambda: _enroll(bench.speaker, bench.reference, bench.models_dir)},
            bench.rounds,
        )
    yield Measurement("enrolling five seconds", 1000 * best["enroll"], "ms", 50, at_least=False)


def preprocessing(source: Path | None = None, minutes: float = 4.0) -> Iterator[Measurement]:
    """``preprocess`` on one core, on the recordings in ``source`` or on generated ones."""
    from voice_replication.data_processing.preprocess import preprocess

    with tempfile.TemporaryDirectory(prefix="voiceclone-bench-") as folder:
        if source is None:
            source = Path(folder) / "recordings"
            _generate_recordings(source, minutes)
        with torch_threads(1):
            preprocess(source, Path(folder) / "warm-up", limit=2)
            start = time.perf_counter()
            summary = preprocess(source, Path(folder) / "data")
            seconds = time.perf_counter() - start
    rate = summary.prepared_seconds / seconds
    note = f"{summary.prepared} recordings, {summary.prepared_seconds / 60:.1f} minutes"
    yield Measurement("preprocessing, one core", rate, "× real time", 200, note=note)


def espeak_speech(seconds: float) -> npt.NDArray[np.float32]:
    """Exactly ``seconds`` of synthetic speech at 24 kHz: ``(T,)``."""
    from voice_replication.evaluation.systems import Espeak

    engine, samples = Espeak(), int(seconds * DEFAULT_SPEC.sample_rate)
    parts: list[npt.NDArray[np.float32]] = []
    for sentence in default_sentences()[60:]:
        parts.append(engine.speak(sentence, engine.voices[0]).audio)
        if sum(map(len, parts)) >= samples:
            break
    return np.concatenate(parts)[:samples]


def _generate_recordings(folder: Path, minutes: float) -> None:
    """Transcribed recordings at 24 kHz, spoken by espeak-ng, about ten seconds each."""
    from voice_replication.evaluation.systems import Espeak

    engine, sentences = Espeak(), default_sentences()[90:]
    folder.mkdir(parents=True)
    for index in range(round(minutes * 6)):
        text = " ".join(sentences[(index + k) % len(sentences)] for k in range(2))
        save_audio(folder / f"{index:03}.wav", engine.speak(text, engine.voices[0]).audio)
        (folder / f"{index:03}.txt").write_text(text + "\n", encoding="utf-8")


def _enroll(speaker: Speaker, reference: Path, models_dir: Path | None) -> Voice:
    today = date.today().isoformat()
    consent = Consent("espeak-ng", "Synthetic speech; nobody's voice.", today, "not a person")
    return enroll(
        "bench",
        [reference],
        consent,
        speaker.encoder,
        speaker.store,
        fingerprint=file_fingerprint(checkpoint_path("encoder", models_dir)),
        replace=True,
    )
