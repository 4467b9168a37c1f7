"""Adapting the synthesizer to the few seconds that a voice was enrolled from, without a transcript.

An embedding says which of the speakers of the training a new one is like; the synthesizer then
speaks as somebody between those. But the reference itself shows how this person's phones sound::

    reference ─ phones heard in it (data_utils.phone_loop), pitch, mel ─► some steps of training

Only the decoder moves, and only for as many steps as teach it the voice rather than the sentence;
what may be the recording's own noise is not learned, because it is not part of the voice.
More than half of the recognized phones are wrong, yet little is lost by it: what all frames have
in common is the speaker, and what tells one phone from the next is held where it was. The same with
transcripts of better quality is `voiceclone finetune`.

(Adapting to untranscribed speech: AdaSpeech 2, Yan et al., 2104.09715, which predicts the decoder's
input from mels where we recognize phones.)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from audio_utils import DEFAULT_SPEC, mel_spectrogram
from data_utils.phone_hmm import ALIGN_HOP, PhoneHmm, alignment_features, speaker_statistics
from env_utils import InputError
from text_utils import Symbols
from training_utils import load_checkpoint

from voice_replication.data_processing.alignment import load_aligner, transcribe_phones
from voice_replication.data_processing.prepare_file import pieces, source_rate
from voice_replication.enrollment import Reference
from voice_replication.home import checkpoint_path, shipped
from voice_replication.synthesizer.average_spectrum import SENTENCES
from voice_replication.synthesizer.clear_speech import mark_noise
from voice_replication.synthesizer.data import Recording, SpeechDataset
from voice_replication.synthesizer.finetune import FinetuneConfig, finetune
from voice_replication.synthesizer.inference import Synthesizer
from voice_replication.voice import Voice
from voice_replication.voice_judge import VoiceJudge, VoiceQuality
from voice_replication.voices import VoiceStore

DECODER = ("decoder.", "final_norm.", "to_mel.")
FEWEST_STEPS, MOST_STEPS = 48, 100
STEPS_PER_SECOND = 0.8  # of references: more of them can teach more before they are known by heart
LEARNING_RATE = 7e-4
CONTRAST = 1.0  # weight of losses.lost_contrast
PIECE_SECONDS = 12.0  # references are practised in pieces of at most this length
MOST_SECONDS = 120.0  # of all of them
# Unadapted speech is made from the very embedding that it is then compared with, so our encoder
# prefers it: by up to 0.1 where an independent one hears the speaker better after adapting.
SIMILARITY_SLACK = 0.15


@dataclass(frozen=True)
class Adaptation:
    """``voice`` with its delta, or as it was if adapting did harm; measured ``before`` and
    ``after``."""

    voice: Voice
    before: VoiceQuality
    after: VoiceQuality

    @property
    def kept(self) -> bool:
        """Whether the voice was adapted."""
        return self.voice.adapted


def adapt(
    voice: Voice,
    references: Sequence[Reference],
    folder: Path,
    models_dir: Path | None = None,
) -> Adaptation:
    """``voice`` adapted to the ``references`` it was enrolled from; its delta is in ``folder``.

    Kept only if neither words nor voice were lost by it. Takes some ten seconds, for two minutes
    of references half a minute. Raises ``InputError`` if the synthesizer is a Tacotron.
    """
    base_path, step = require_adaptable(models_dir)
    base = Synthesizer.load(base_path)
    hmm = load_aligner(shipped("checkpoints") / "aligner.safetensors")
    practice = mark_noise(SpeechDataset(_recordings(voice, references, hmm), base.encoder))
    settings = settings_for(sum(example.frames for example in practice.examples))
    result = finetune(base, voice.embedding, practice, practice, settings)
    delta = result.save(folder / "delta.safetensors", step)
    adapted = dataclasses.replace(voice, embedding=result.embedding, delta=delta, adapted=True)
    judge = VoiceJudge([r.audio for r in references], SENTENCES, hmm, models_dir)
    before = _measure(judge, base, voice)
    after = _measure(judge, Synthesizer.load(base_path, delta), adapted)
    failed = after.is_worse_than(before, SIMILARITY_SLACK)
    return Adaptation(voice if failed else adapted, before, after)


def require_adaptable(models_dir: Path | None = None) -> tuple[Path, int]:
    """The synthesizer's checkpoint and its step; ``InputError`` if it is a Tacotron."""
    path = checkpoint_path("synthesizer", models_dir)
    _, meta = load_checkpoint(path)
    if meta["config"].get("architecture", "feedforward") != "feedforward":
        raise InputError(
            f"{path}: only the feedforward synthesizer can be adapted to a voice. Enroll with "
            "--quick, which leaves that out."
        )
    return path, meta["step"]


def settings_for(frames: int) -> FinetuneConfig:
    """How long to practise ``frames`` mel frames of references."""
    wanted = round(STEPS_PER_SECOND * frames / DEFAULT_SPEC.frames_per_second)
    steps = min(max(wanted, FEWEST_STEPS), MOST_STEPS)
    return FinetuneConfig(
        steps=steps,
        learning_rate=LEARNING_RATE,
        validate_every=steps,
        share=1.0,  # so few steps change little
        contrast=CONTRAST,
        parts=DECODER,
    )


def adapt_stored(
    voice: Voice,
    references: Sequence[Reference],
    store: VoiceStore,
    models_dir: Path | None = None,
) -> Adaptation:
    """:func:`adapt` a voice that is in ``store``, and store the result in its place.

    Raises ``VoiceNotFoundError`` if the voice was deleted or replaced in the meantime.
    """
    with TemporaryDirectory() as scratch:
        result = adapt(voice, references, Path(scratch), models_dir)
        kept = store.update(result.voice) if result.kept else voice
        return dataclasses.replace(result, voice=kept)


def _measure(judge: VoiceJudge, synthesizer: Synthesizer, voice: Voice) -> VoiceQuality:
    numbers = voice.statistics
    median = numbers.f0_median_hz or None
    return judge.measure(synthesizer, voice.embedding, median, numbers.f0_spread, voice.timbre)


def _recordings(voice: Voice, references: Sequence[Reference], hmm: PhoneHmm) -> list[Recording]:
    """The references in pieces, with the phones that are heard in them."""
    spec, symbols = DEFAULT_SPEC, Symbols()
    raw = [alignment_features(reference.audio) for reference in references]
    mean, std = speaker_statistics(raw)
    embedding = torch.from_numpy(voice.embedding)
    found: list[Recording] = []
    left = round(MOST_SECONDS * spec.frames_per_second)  # frames
    for reference, features in zip(references, raw, strict=True):
        mel = mel_spectrogram(reference.audio, spec)
        for start, end in pieces(reference.audio, PIECE_SECONDS):
            first, last = start // spec.hop_length, min(end // spec.hop_length, mel.shape[1])
            if last - first > left:
                return found
            left -= last - first
            name = f"{voice.name}-{len(found)}"
            heard = (features[ALIGN_HOP * first : ALIGN_HOP * last] - mean) / std
            found.append(
                Recording(
                    id=name,
                    speaker=voice.name,
                    text="",
                    source_rate=source_rate(spec.sample_rate, reference.quality.bandwidth_hz),
                    mel=torch.from_numpy(mel[:, first:last]).half(),
                    f0_hz=torch.from_numpy(reference.f0_hz[first:last]).float(),
                    alignment=transcribe_phones(hmm, name, heard, last - first, symbols),
                    embedding=embedding,
                )
            )
    return found
