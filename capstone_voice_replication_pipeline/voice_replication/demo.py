"""The demo: one reference, one text, and everything worth hearing and seeing about it.

    recording ─ enroll ─► voice ─┐
    text ────────────────────────┴─ speak ─► sound files, results.json and index.html in one folder

The voice of a recording lives in a temporary folder that is gone when the demo ends, unless it is
to be kept, which needs a consent statement just as ``voiceclone enroll`` does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, mel_spectrogram, save_audio
from env_utils import (
    ConsentError,
    InputError,
    atomic_write_json,
    atomic_write_text,
    describe_machine,
)
from text_utils import pronounce
from tqdm import tqdm
from training_utils import file_fingerprint

from voice_replication.demo_page import Demo, Track, write_html
from voice_replication.demo_pictures import alignment_of
from voice_replication.enrollment import (
    Reference,
    consent_from_statement,
    enroll,
    load_reference,
    remarks,
    statistics_of,
    timbre_of,
)
from voice_replication.home import checkpoint_path
from voice_replication.narration.formats import Tags, write_audio
from voice_replication.narration.script import check_text
from voice_replication.narration.text_to_speech import Clock, Speaker, Speech
from voice_replication.voices import Consent, Voice, VoiceStore

Embedding = npt.NDArray[np.float32]

TEXT = (
    "Nobody recorded this sentence. A model read it, in a voice that it had heard for a few "
    "seconds, and it can read anything else in the same voice."
)
LONGEST_TEXT = 600  # characters: this is a page to look at, not a book
SHOWN_SECONDS = 15.0  # of a long reference on the page
SHORTEST_MEASURED_SECONDS = 0.5  # of speech whose similarity says anything
OTHER_VOICES = 2
RATE = DEFAULT_SPEC.sample_rate
TEMPORARY_NAME = "your-voice"
TEMPORARY_CONSENT = (
    "By running the demo with a recording of my own voice I agree that it is cloned for a "
    "temporary voice on this machine."
)


@dataclass(frozen=True)
class DemoRequest:
    """What to demonstrate. ``None`` as recording: the reference of the first sample voice."""

    output: Path
    recording: Path | None = None
    text: str = TEXT
    keep: str | None = None
    consent: str | None = None
    seed: int = 0
    models_dir: Path | None = None
    samples: Path | None = None  # folder of sample voices; ``None``: those that ship


@dataclass(frozen=True)
class MadeDemo:
    """What the page shows, the page, and remarks for whoever ran the demo."""

    demo: Demo
    page: Path
    remarks: Sequence[str]


def make_demo(request: DemoRequest) -> MadeDemo:
    """Enroll, speak, measure, and write everything to ``request.output``.

    Raises ``InputError`` (recording or text can not be used), ``ConsentError`` (a voice is to be
    kept without consent) and ``CheckpointError``; the page is written last.
    """
    _check(request)
    with (
        tempfile.TemporaryDirectory() as scratch,
        tqdm(total=3 + OTHER_VOICES, desc="demo", disable=None, leave=False) as bar,
    ):
        store = VoiceStore(None if request.keep else Path(scratch), request.samples)
        samples = VoiceStore(Path(scratch), store.samples).names()
        speaker = Speaker(request.models_dir, store)
        clock = Clock()
        _ = speaker.encoder, speaker.vocoder, pronounce("Hello.")  # each loads at its first use
        clock.lap("loading encoder, vocoder, dictionary")
        bar.update()
        reference, voice = _enrolled(request, speaker, samples)
        clock.lap("enrolling")
        if request.recording is not None:
            from voice_replication.voice_adaptation import adapt_stored  # loads numba

            voice = adapt_stored(voice, [reference], store, request.models_dir).voice
            clock.lap("adapting to the recording")
        bar.update()
        _ = speaker.synthesizer(voice)
        clock.lap("loading the synthesizer")
        speeches = {voice.name: speaker.speak(request.text, voice, seed=request.seed)}
        bar.update()
        for other in _others(store, samples, voice):
            speeches[other.name] = speaker.speak(request.text, other, seed=request.seed)
            bar.update()
        made = clock.stages | speeches[voice.name].stages
        made.pop("load")  # it was loaded before
        demo = _present(request, speaker, reference, speeches, made)
    page = request.output / "index.html"
    atomic_write_json(request.output / "results.json", results(demo))
    atomic_write_text(page, write_html(demo))
    return MadeDemo(demo, page, _remarks(request, voice, speeches[voice.name]))


def _check(request: DemoRequest) -> None:
    """What can be refused before any model is loaded."""
    check_text(request.text)
    if len(request.text) > LONGEST_TEXT:
        raise InputError(
            f"--text has {len(request.text)} characters; the demo speaks at most {LONGEST_TEXT}. "
            "`voiceclone speak` and `voiceclone narrate` read longer texts."
        )
    if request.keep and request.recording is None:
        raise InputError("--keep: a sample voice is there anyway; give a recording with --voice.")
    if request.keep and not (request.consent or "").strip():
        raise ConsentError(
            f"--keep {request.keep}: a voice is stored only with its owner's agreement. Add "
            '--consent "I, ..., agree that ...", or leave --keep out for a temporary voice.'
        )


def _enrolled(
    request: DemoRequest, speaker: Speaker, samples: Sequence[str]
) -> tuple[Reference, Voice]:
    """The reference and the voice cloned from it."""
    fingerprint = file_fingerprint(checkpoint_path("encoder", request.models_dir))
    if request.recording is not None:
        voice = enroll(
            request.keep or TEMPORARY_NAME,
            [request.recording],
            _consent(request),
            speaker.encoder,
            speaker.store,
            fingerprint=fingerprint,
        )
        return load_reference(request.recording), voice
    if not samples:
        raise InputError(
            f"{speaker.store.samples}: there is no sample voice here; give a recording with "
            "--voice FILE."
        )
    reference = load_reference(speaker.store.samples / samples[0] / "reference.flac")
    voice = Voice(
        name=samples[0],
        embedding=speaker.encoder.embed(reference.audio),
        encoder=fingerprint,
        audio=DEFAULT_SPEC.to_dict(),
        synthetic=True,  # a model spoke the reference
        statistics=statistics_of([reference]),
        timbre=timbre_of([reference]),
    )
    return reference, voice


def _consent(request: DemoRequest) -> Consent:
    if request.keep:
        return consent_from_statement(request.consent or "", request.keep)
    today = date.today().isoformat()
    return Consent("whoever ran the demo", TEMPORARY_CONSENT, today, "running the demo")


def _others(store: VoiceStore, samples: Sequence[str], voice: Voice) -> list[Voice]:
    """Sample voices to compare with: not the reference, and of the same encoder."""
    candidates = [store.get(name) for name in samples if name != voice.name]
    return [other for other in candidates if other.encoder == voice.encoder][:OTHER_VOICES]


def _remarks(request: DemoRequest, voice: Voice, speech: Speech) -> list[str]:
    notes = remarks(voice) if request.recording else []
    if speech.unreadable:
        notes.append(f"no reading is known for: {speech.unreadable}")
    return notes


def _present(
    request: DemoRequest,
    speaker: Speaker,
    reference: Reference,
    speeches: Mapping[str, Speech],
    stages: Mapping[str, float],
) -> Demo:
    """Write the sound files, measure them, and put together what the page says about them.

    ``speeches`` holds the clone first and then the other voices, by name.
    """
    own, folder = request.recording is not None, request.output
    target = speaker.encoder.embed(reference.audio)
    tracks = []
    for place, (name, speech) in enumerate(speeches.items()):
        path = folder / ("clone.wav" if place == 0 else f"{name}.wav")
        write_audio(path, speech.audio, RATE, Tags(title=request.text[:100], voice=name))
        title, note = (name, "Sample voice.") if place else ("Clone", "Spoken in that voice.")
        similarity = _similarity(speaker, speech, target)
        mel = mel_spectrogram(speech.audio, DEFAULT_SPEC)
        tracks.append(Track(title, note, path, mel, speech.seconds, similarity))
    clone = next(iter(speeches.values()))
    checkpoint = file_fingerprint(checkpoint_path("encoder", request.models_dir))
    return Demo(
        reference=_reference_track(reference, folder / "reference.wav", own),
        clone=tracks[0],
        others=tracks[1:],
        words=clone.words,
        alignment=alignment_of(clone, tracks[0].mel),
        encoder=f"our own speaker encoder (checkpoint {checkpoint})",
        own_recording=own,
        voice_kept=request.keep or "",
        stages=dict(stages),
        machine=describe_machine().summary(),
    )


def _reference_track(reference: Reference, path: Path, own: bool) -> Track:
    """Write the beginning of the reference as the models heard it: trimmed, normalized."""
    shown = reference.audio[: round(SHOWN_SECONDS * RATE)]
    if own:
        note = reference.path.name
        save_audio(path, shown, RATE)  # a person spoke it: no tags that say otherwise
    else:
        note = f"Sample voice “{reference.path.parent.name}”; a model spoke this, too."
        write_audio(path, shown, RATE, Tags(title="Reference"))
    if len(shown) < len(reference.audio):
        note += f" The first {SHOWN_SECONDS:.0f} of {reference.seconds:.0f} s."
    mel = mel_spectrogram(shown, DEFAULT_SPEC)
    return Track("Your recording" if own else "Reference", note, path, mel, len(shown) / RATE)


def _similarity(speaker: Speaker, speech: Speech, target: Embedding) -> float | None:
    """Cosine to the reference's embedding; ``None`` if the speech is too short to tell."""
    if speech.seconds < SHORTEST_MEASURED_SECONDS:
        return None
    return float(speaker.encoder.embed(speech.audio) @ target)


def results(demo: Demo) -> dict[str, Any]:
    """The page's numbers, for programs."""
    tracks = (demo.clone, *demo.others)
    return {
        "reference_seconds": demo.reference.seconds,
        "clone_seconds": demo.clone.seconds,
        "similarity_to_reference": {track.title: track.similarity for track in tracks},
        "similarity_measured_with": demo.encoder,
        "real_time_factor": demo.real_time_factor,
        "seconds_per_stage": demo.stages,
        "words": [{"word": w.text, "start": w.start, "end": w.end} for w in demo.words],
        "machine": demo.machine,
    }
