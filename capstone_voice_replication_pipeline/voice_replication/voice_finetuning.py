"""Fine-tuning a voice, end to end: prepare, adapt, measure before and after, keep only the better.

Everything derived from the recordings is kept with the voice, so that deleting it deletes it all.
"""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from audio_utils import load_audio
from data_utils import Utterance, read_manifest
from env_utils import (
    ConsentError,
    InputError,
    QualityError,
    atomic_write_json,
    folder_lock,
    read_json,
)
from training_utils import load_checkpoint

from voice_replication.data_processing.alignment import align_folder, load_aligner
from voice_replication.data_processing.features import compute_embeddings, compute_features
from voice_replication.data_processing.preprocess import PreprocessConfig, preprocess
from voice_replication.home import checkpoint_path, shipped
from voice_replication.progress import OnProgress, Pace, Progress, unwatched
from voice_replication.synthesizer.average_spectrum import SENTENCES, measure_timbre
from voice_replication.synthesizer.clear_speech import mark_noise
from voice_replication.synthesizer.data import SpeechDataset
from voice_replication.synthesizer.finetune import FinetuneConfig, finetune
from voice_replication.synthesizer.inference import Synthesizer
from voice_replication.synthesizer.treble import KNOWN_HZ
from voice_replication.voice_judge import VoiceJudge, VoiceQuality
from voice_replication.voices import Voice, VoiceStore

MINIMUM_RECORDINGS = 10
TRAINING_SHARE = (0.1, 0.95)  # of the whole; before it recordings are prepared, then it is judged


@dataclass(frozen=True)
class Report:
    """What fine-tuning changed."""

    before: VoiceQuality
    after: VoiceQuality
    loss_before: float
    loss_after: float
    steps: int
    recordings: int


def prepare_recordings(recordings: Path, data: Path, encoder: Path) -> list[Utterance]:
    """Preprocess, align and compute features of a folder of transcribed recordings."""
    preprocess(recordings, data, PreprocessConfig())
    utterances = [u for u in read_manifest(data / "manifest.csv") if u.text.strip()]
    if len(utterances) < MINIMUM_RECORDINGS:
        raise InputError(
            f"{recordings}: {len(utterances)} usable recordings with a transcript, but at least "
            f"{MINIMUM_RECORDINGS} are needed. See {data / 'report.csv'} for what was refused; add "
            "recordings (`voiceclone record`) or use `voiceclone enroll`, which needs one."
        )
    aligner = shipped("checkpoints") / "aligner.safetensors"
    align_folder(data, utterances, load_aligner(aligner))
    compute_features(data, utterances)
    compute_embeddings(data, utterances, encoder)
    return utterances


def finetune_voice(
    voice: Voice,
    recordings: Path,
    store: VoiceStore,
    config: FinetuneConfig,
    *,
    models_dir: Path | None = None,
    force: bool = False,
    work: Path | None = None,
    on_progress: OnProgress = unwatched,
) -> Report:
    """Adapt ``voice`` to its ``recordings`` and store it, if it became better.

    ``work`` (default: among what is derived from the voice) keeps what is prepared and how far
    the training is, so that a second call with the same arguments goes on where the first was
    interrupted. When the voice was stored it is removed.

    Raises ``ConsentError`` (the voice is no person's), ``InputError`` (too few usable recordings,
    the voice was deleted meanwhile) and ``QualityError`` (the adapted voice is less similar or less
    intelligible than before, and ``force`` is not given).
    """
    require_consent(voice)
    work = work or store.derived(voice.name) / "finetuning"
    _keep_only_work_on(recordings, work)
    with folder_lock(work):
        adapted, report = _adapt(voice, recordings, work, config, models_dir, on_progress)
        if report.after.is_worse_than(report.before) and not force:
            before, after = report.before, report.after
            raise QualityError(
                f"voice '{voice.name}' was left as it is, because fine-tuning made it worse: "
                f"similarity {before.similarity:.3f} -> {after.similarity:.3f}, intelligibility "
                f"{before.confidence:.2f} -> {after.confidence:.2f}. Use more or cleaner "
                "recordings, or --force."
            )
        store.update(adapted)
    shutil.rmtree(work, ignore_errors=True)
    on_progress(Progress(1.0, 0.0))
    return report


def _adapt(
    voice: Voice,
    recordings: Path,
    work: Path,
    config: FinetuneConfig,
    models_dir: Path | None,
    on_progress: OnProgress,
) -> tuple[Voice, Report]:
    """The adapted voice, whose delta is in ``work``, and what changed."""
    data = work / "data"
    encoder = checkpoint_path("encoder", models_dir)
    utterances = prepare_recordings(recordings, data, encoder)
    n_held_out = max(2, len(utterances) // 10)
    held_out, train = utterances[:n_held_out], utterances[n_held_out:]
    train_set = mark_noise(SpeechDataset.read(data, train))
    held_out_set = mark_noise(SpeechDataset.read(data, held_out))
    if len(train_set.examples) < MINIMUM_RECORDINGS - 2 or not held_out_set.examples:
        raise InputError(
            f"{recordings}: the transcripts of most recordings do not fit their audio. "
            "Check the transcript file; `voiceclone align` names the misfits."
        )
    base_path = checkpoint_path("synthesizer", models_dir)
    base = Synthesizer.load(base_path)
    _, meta = load_checkpoint(base_path)
    judge = VoiceJudge(
        [load_audio(u.path) for u in utterances],  # two or three held-out ones would be too few
        [*(u.text for u in held_out), *SENTENCES],
        load_aligner(data / "alignment" / "aligner.safetensors"),
        models_dir,
    )
    f0_hz = np.concatenate([example.f0_hz.float().numpy() for example in train_set.examples])
    voiced = f0_hz[f0_hz > 0]
    low, high = np.percentile(voiced, [5, 95]) if voiced.size else (0.0, 0.0)
    f0_median = float(np.exp(next(iter(train_set.log_f0.values()))))
    statistics = dataclasses.replace(
        voice.statistics, f0_low_hz=float(low), f0_median_hz=f0_median, f0_high_hz=float(high)
    )
    spread = voice.statistics.f0_spread
    current = Synthesizer.load(base_path, voice.delta) if voice.delta else base
    before = judge.measure(current, voice.embedding, f0_median, spread, voice.timbre)
    pace = Pace(config.steps, TRAINING_SHARE)

    def on_steps(steps: int, worked: bool) -> None:
        pace.advance(steps, worked)
        on_progress(pace.progress())

    state = work / "training.safetensors"
    result = finetune(
        base, voice.embedding, train_set, held_out_set, config, state=state, on_steps=on_steps
    )
    delta = result.save(work / "delta.safetensors", meta["step"])
    synthesizer = Synthesizer.load(base_path, delta)
    # of minutes instead of seconds: the average spectrum is better known now
    timbre = measure_timbre(
        [example.mel.float().numpy() for example in train_set.examples],
        [example.f0_hz.float().numpy() for example in train_set.examples],
        voice.statistics.bandwidth_hz or KNOWN_HZ,
    )
    spread = statistics.f0_spread
    after = judge.measure(synthesizer, result.embedding, f0_median, spread, timbre)
    adapted = dataclasses.replace(
        voice,
        embedding=result.embedding,
        timbre=timbre,
        delta=delta,
        adapted=False,
        statistics=statistics,
    )
    return adapted, Report(
        before, after, result.loss_before, result.loss_after, result.steps, len(utterances)
    )


def require_consent(voice: Voice) -> None:
    """``ConsentError`` unless a person agreed to ``voice``: recordings would make it theirs."""
    if voice.consent is None:
        raise ConsentError(
            f"voice '{voice.name}' belongs to nobody, so there is no consent to fine-tune it on a "
            "person's recordings. Enroll that person's voice first."
        )


def _keep_only_work_on(recordings: Path, work: Path) -> None:
    """Empty ``work`` if it was begun with other recordings."""
    source, note = str(recordings.resolve()), work / "recordings.json"
    if not note.is_file() or read_json(note) != source:
        shutil.rmtree(work, ignore_errors=True)
        atomic_write_json(note, source)
