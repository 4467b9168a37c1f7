"""Enrolling from uploads: consent first, then the recordings, decoded where they do no harm.

    consent? ─ no ─► 403        name taken? ─► 409
        │ yes
    uploads ─► limited decoder ─► measured, refused or cleaned ─► embedding ─► VoiceStore

Of the recordings only the embedding and a few numbers stay. A recorded consent stays with the
voice, as decoded samples: whatever else the uploaded file carried is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import soundfile
from audio_utils import load_audio, save_audio
from env_utils import InputError
from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, Field
from training_utils import file_fingerprint
from werkzeug.datastructures import FileStorage as UploadedFile

from voice_replication.enrollment import Reference, load_reference, voice_from_references
from voice_replication.home import checkpoint_path
from voice_replication.serving.problems import Problem
from voice_replication.serving.studio import Studio
from voice_replication.serving.uploads import UploadLimits, incoming, save_uploads
from voice_replication.voice import VoiceExistsError, VoiceReadOnlyError, check_name
from voice_replication.voice_files import CONSENT_RECORDING
from voice_replication.voices import Consent, Voice

MAX_SAMPLES = 10  # recordings of one enrollment
CONSENT_SECONDS = 120.0  # of a recorded consent at most
SPOKEN_SECONDS = 1.0  # of speech in it at least
DECLARED, RECORDED = "ticked in the studio", "recorded in the studio"
_measuring = threading.Lock()  # one at a time: minutes of audio need hundreds of megabytes


class EnrollForm(BaseModel):
    """A new voice, and the speaker's agreement to it."""

    name: str = Field(description="Letters, digits, - and _; 48 at most")
    audio_sample: list[FileStorage] = Field(
        description="1 to 10 recordings of the speaker, 3 s of speech in all (WAV, FLAC, OGG, MP3; "
        "with FFmpeg also M4A and WebM)",
    )
    consent_speaker: str = Field("", max_length=200, description="Who is speaking")
    consent_statement: str = Field(
        "", max_length=2000, description="What the speaker agreed to, in their words"
    )
    consent_declaration: str = Field(
        "", max_length=16, description="'true': I have the speaker's agreement"
    )
    consent_recording: FileStorage | None = Field(
        None, description="The speaker says so; kept with the voice"
    )
    adapt: str = Field(
        "",
        max_length=16,
        description="'true': adapt the synthesizer to the recordings, which takes some ten seconds "
        "and sounds more like the speaker",
    )
    replace: str = Field(
        "", max_length=16, description="'true': put it in the place of an earlier voice"
    )


def enroll_uploads(studio: Studio, form: EnrollForm) -> Voice:
    """The enrolled, stored voice.

    Raises ``Problem``: ``consent_required``, ``voice_exists``, ``voice_read_only``,
    ``unusable_recording``, ``too_large``, ``unsupported_media_type``, ``queue_full``.
    """
    consent = consent_of(form)
    replace = form.replace == "true"
    _require_free(studio, form.name, replace)
    with incoming(studio.settings) as folder:
        samples = _decoded(studio, form.audio_sample, folder, "audio_sample", MAX_SAMPLES)
        recording = None
        if form.consent_recording is not None:
            spoken = _decoded(studio, [form.consent_recording], folder, "consent_recording", 1)
            recording = _evidence(*spoken[0])
        with _one_at_a_time(studio):
            references = [_reference(path, label, "audio_sample") for path, label in samples]
            try:
                voice = voice_from_references(
                    form.name,
                    references,
                    consent,
                    studio.speaker.encoder,
                    file_fingerprint(checkpoint_path("encoder", studio.settings.models_dir)),
                    recording,
                )
            except InputError as error:
                raise Problem("unusable_recording", str(error), field="audio_sample") from None
        try:
            voice = studio.store.add(voice, replace)
        except VoiceExistsError:  # another enrollment of this name was quicker
            _require_free(studio, form.name, replace)
            raise
        return _adapted(studio, voice, references) if form.adapt == "true" else voice


def _adapted(studio: Studio, voice: Voice, references: Sequence[Reference]) -> Voice:
    """``voice``, which is stored and can be used meanwhile, adapted to its ``references``."""
    from voice_replication.voice_adaptation import adapt_stored

    with _one_at_a_time(studio):
        models_dir = studio.settings.models_dir
        return adapt_stored(voice, references, studio.store, models_dir).voice


def consent_of(form: EnrollForm) -> Consent:
    """The consent record; ``Problem`` (``consent_required``) naming the field that is missing."""
    speaker = " ".join(form.consent_speaker.split())
    statement = form.consent_statement.strip()
    recorded, declared = form.consent_recording is not None, form.consent_declaration == "true"
    for field, given, what in (
        ("consent_speaker", speaker, "Say who is speaking."),
        ("consent_statement", statement, "Write down what the speaker agreed to."),
        (
            "consent_declaration",
            recorded or declared,
            "Add a recording in which the speaker agrees, or tick that you have their agreement.",
        ),
    ):
        if not given:
            raise Problem(
                "consent_required",
                f"Nobody's voice is cloned without their consent. {what}",
                field=field,
            )
    how = RECORDED if recorded else DECLARED
    return Consent(speaker, statement, date.today().isoformat(), how)


def _require_free(studio: Studio, name: str, replace: bool) -> None:
    try:
        check_name(name)
    except InputError as error:
        raise Problem("invalid_request", str(error), field="name") from None
    try:
        studio.store.require_free(name, replace)
    except VoiceReadOnlyError as error:
        code = "voice_read_only" if replace else "voice_exists"
        raise Problem(code, str(error), field="name") from None
    except VoiceExistsError as error:
        known = name in studio.store.names()
        detail = f"There is already a voice '{name}'. Choose another name, or replace it."
        raise Problem("voice_exists", detail if known else str(error), field="name") from None


def _decoded(
    studio: Studio, files: Sequence[UploadedFile], folder: Path, field: str, count: int
) -> list[tuple[Path, str]]:
    """``files`` as WAV files in ``folder``, each with what the client calls it."""
    settings = studio.settings
    most = CONSENT_SECONDS if field == "consent_recording" else settings.max_upload_seconds
    uploads = save_uploads(files, folder, UploadLimits(field, count, settings.max_upload_bytes))
    labels = [upload.label for upload in uploads]
    paths = studio.decoder.decode_all(
        [upload.path for upload in uploads], labels, max_seconds=most, field=field
    )
    seconds = sum(soundfile.info(str(path)).duration for path in paths)
    if seconds > most:
        raise Problem(
            "too_large",
            f"{seconds / 60:.1f} minutes of recordings in all; {most / 60:g} are enough.",
            field=field,
        )
    return list(zip(paths, labels, strict=True))


def _reference(path: Path, label: str, field: str) -> Reference:
    try:
        return load_reference(path, label)
    except InputError as error:
        raise Problem("unusable_recording", str(error), field=field) from None


def _evidence(path: Path, label: str) -> Path:
    """The recorded consent as a FLAC file beside ``path``; it must hold speech."""
    reference = _reference(path, label, "consent_recording")
    if reference.seconds < SPOKEN_SECONDS:
        detail = f"{label}: {reference.seconds:.1f} s of speech is no statement; record it again."
        raise Problem("unusable_recording", detail, field="consent_recording")
    target = path.with_name(CONSENT_RECORDING)
    save_audio(target, load_audio(path))
    return target


@contextmanager
def _one_at_a_time(studio: Studio) -> Iterator[None]:
    if not _measuring.acquire(timeout=studio.settings.deadline_seconds):
        raise Problem(
            "queue_full", "Too many voices are being enrolled.", headers={"Retry-After": "20"}
        )
    try:
        yield
    finally:
        _measuring.release()
