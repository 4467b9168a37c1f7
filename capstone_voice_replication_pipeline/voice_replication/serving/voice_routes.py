"""Routes of voices: list, enroll with consent, look at and listen to one, delete."""

from __future__ import annotations

from typing import Literal

from env_utils import InputError
from flask import Response, current_app, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from voice_replication.enrollment import remarks
from voice_replication.serving.api_document import binary, problems
from voice_replication.serving.forms import with_form
from voice_replication.serving.problems import Problem
from voice_replication.serving.studio import studio
from voice_replication.serving.voice_assets import Asset
from voice_replication.serving.voice_enrollment import EnrollForm, enroll_uploads
from voice_replication.voice import VoiceNotFoundError, check_name
from voice_replication.voices import Voice

voices = APIBlueprint("voices", __name__, abp_tags=[Tag(name="voices")])

ROOT = "/v1/audio/voices"
_SPOKEN = ("voice_not_found", "queue_full", "deadline_exceeded", "not_ready", "storage_full")


class VoicePath(BaseModel):
    """A voice by its id, which is its name."""

    voice_id: str


class ConsentEntry(BaseModel):
    """Who agreed, when (ISO date), and how that was given."""

    speaker: str
    given: str
    how: str


class StatisticsEntry(BaseModel):
    """How the recordings sound; zero where it is not known."""

    references: int
    speech_seconds: float
    f0_median_hz: float
    f0_low_hz: float
    f0_high_hz: float
    bandwidth_hz: float
    level_lufs: float
    snr_db: float


class VoiceEntry(BaseModel):
    """A voice. Whatever is read_only ships with the program and belongs to no real person."""

    id: str
    object: Literal["voice"]
    name: str
    kind: Literal["sample", "enrolled", "adapted", "fine-tuned", "synthetic"]
    created: str
    consent: ConsentEntry | None
    statistics: StatisticsEntry
    read_only: bool
    sample_url: str
    picture_url: str


class NewVoiceEntry(VoiceEntry):
    """A voice that was enrolled just now, with what could be better about its recordings."""

    remarks: list[str]


class VoiceList(BaseModel):
    """All voices that can be read, enrolled ones first."""

    object: Literal["list"]
    data: list[VoiceEntry]


class DeletedVoice(BaseModel):
    """The voice is gone, with everything derived from it."""

    id: str
    object: Literal["voice.deleted"]
    deleted: Literal[True] = Field(description="Always true")


@voices.get(ROOT, summary="List the voices", responses={200: VoiceList})
def list_voices() -> Response:
    """A damaged voice is left out, and named in the server's log."""
    found, store = [], studio().store
    for name in store.names():
        try:
            found.append(entry_of(store.get(name)))
        except VoiceNotFoundError:  # deleted since the names were read
            continue
        except InputError as error:
            current_app.logger.warning("damaged voice: %s", error)
    return jsonify({"object": "list", "data": found})


@voices.post(
    ROOT,
    summary="Enroll a voice, with its speaker's consent",
    responses={
        201: NewVoiceEntry,
        **problems(
            "consent_required",
            "voice_exists",
            "voice_read_only",
            "unusable_recording",
            "unusable_input",
            "queue_full",
            "storage_full",
        ),
    },
)
@with_form
def enroll_voice(form: EnrollForm) -> tuple[Response, int, dict[str, str]]:
    """Seconds of speech become a voice that can be spoken with at once.

    The speaker's name and statement are needed, and either a recording in which they agree or the
    ticked declaration. The recordings themselves are not kept; a recorded consent is.
    """
    voice = enroll_uploads(studio(), form)
    studio().audit.write(
        "enroll",
        voice.name,
        recordings=voice.statistics.references,
        seconds=voice.statistics.speech_seconds,
        consent="recorded" if voice.consent_recording else "declared",
    )
    body = {**entry_of(voice), "remarks": remarks(voice)}
    return jsonify(body), 201, {"Location": f"{ROOT}/{voice.name}"}


@voices.get(
    f"{ROOT}/<voice_id>",
    summary="Look at a voice",
    responses={200: VoiceEntry, **problems("voice_not_found")},
)
def get_voice(path: VoicePath) -> Response:
    """The voice as the list shows it."""
    return jsonify(entry_of(find_voice(path.voice_id)))


@voices.get(
    f"{ROOT}/<voice_id>/sample",
    summary="Listen to a voice",
    responses={
        200: binary("A sentence in the voice", "audio/wav"),
        **problems(*_SPOKEN),
    },
)
def get_sample(path: VoicePath) -> Response:
    """A fixed sentence: 16-bit WAV at 24 kHz. Made when first asked for, then kept."""
    return _send(studio().assets.sample(find_voice(path.voice_id)), "audio/wav")


@voices.get(
    f"{ROOT}/<voice_id>/picture",
    summary="See a voice",
    responses={
        200: binary("The sample's mel spectrogram", "image/png"),
        **problems(*_SPOKEN),
    },
)
def get_picture(path: VoicePath) -> Response:
    """Time to the right, frequency upwards, loudness as color."""
    return _send(studio().assets.picture(find_voice(path.voice_id)), "image/png")


@voices.delete(
    f"{ROOT}/<voice_id>",
    summary="Delete a voice and everything derived from it",
    responses={200: DeletedVoice, **problems("voice_not_found", "voice_read_only")},
)
def delete_voice(path: VoicePath) -> Response:
    """The voice, its consent recording, sample, picture and fine-tuned weights, and its jobs.

    Jobs that use it are cancelled. Speech that is being sent in it ends as it would have.
    """
    name = _checked(path.voice_id)
    studio().store.delete(name)
    studio().jobs.forget_voice(name)
    studio().speaker.forget(name)
    studio().audit.write("delete", name)
    return jsonify({"id": name, "object": "voice.deleted", "deleted": True})


def entry_of(voice: Voice) -> dict[str, object]:
    """A voice as JSON."""
    consent = voice.consent
    return {
        "id": voice.name,
        "object": "voice",
        "name": voice.name,
        "kind": voice.kind,
        "created": voice.created,
        "consent": {"speaker": consent.speaker, "given": consent.given, "how": consent.how}
        if consent
        else None,
        "statistics": vars(voice.statistics),
        "read_only": voice.sample,
        "sample_url": f"{ROOT}/{voice.name}/sample",
        "picture_url": f"{ROOT}/{voice.name}/picture",
    }


def find_voice(voice_id: str) -> Voice:
    """The voice; ``voice_not_found`` also for what could not be a voice's name."""
    return studio().store.get(_checked(voice_id))


def _checked(voice_id: str) -> str:
    try:
        return check_name(voice_id)
    except InputError:
        raise Problem("voice_not_found", "There is no voice of this name.") from None


def _send(asset: Asset, media_type: str) -> Response:
    """``asset``, or 304 when the client has it: a voice that was replaced must not look old."""
    response = Response(asset.content, mimetype=media_type)
    response.set_etag(asset.tag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(
        request.environ, accept_ranges=True, complete_length=len(asset.content)
    )
    return response
