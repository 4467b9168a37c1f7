"""The route that says whether a recording carries our watermark."""

from __future__ import annotations

import threading

from audio_utils import DEFAULT_SPEC, load_audio
from env_utils import InputError
from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.file import FileStorage
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from voice_replication.serving.api_document import problems
from voice_replication.serving.forms import with_form
from voice_replication.serving.problems import Problem
from voice_replication.serving.studio import Studio, studio
from voice_replication.serving.uploads import Upload, UploadLimits, incoming, save_uploads
from voice_replication.watermark_detection import THRESHOLD, Detection, detect

detection = APIBlueprint("detection", __name__, abp_tags=[Tag(name="watermark")])

FIELD = "file"
_detecting = threading.Lock()  # one at a time: minutes of audio need hundreds of megabytes


class DetectForm(BaseModel):
    """The recording in question."""

    model_config = ConfigDict(extra="forbid")

    file: FileStorage = Field(
        description="a sound file (WAV, FLAC, OGG, MP3; with FFmpeg also M4A and WebM)"
    )


class DetectionEntry(BaseModel):
    """What was found. Without the mark a recording may still be synthetic, by others or by us."""

    watermarked: bool = Field(description=f"whether the score is {THRESHOLD:g} or more")
    confidence: float = Field(
        ge=0, le=1, description="probability of a mark if both were equally likely before"
    )
    score: float = Field(description="logarithm of the likelihood ratio, marked against unmarked")
    seconds: float = Field(description="length of the recording")
    checked_seconds: float = Field(description="of it, what was loud enough to be judged")


@detection.post(
    "/v1/audio/detect",
    summary="Is this recording watermarked by us",
    responses={
        200: DetectionEntry,
        **problems("unusable_recording", "unusable_input", "queue_full", "storage_full"),
    },
)
@with_form
def detect_watermark(form: DetectForm) -> Response:
    """Looks for the inaudible mark that all speech made here carries.

    Two seconds of speech are enough, also after MP3, Opus, resampling or another level. False
    alarms are rarer than one in a thousand recordings. The recording is not kept.
    """
    here = studio()
    limits = UploadLimits(FIELD, 1, here.settings.max_upload_bytes)
    with incoming(here.settings) as folder:
        (upload,) = save_uploads([form.file], folder, limits)
        found, seconds = _look(here, upload)
    return jsonify(
        {
            "watermarked": found.marked,
            "confidence": found.confidence,
            "score": found.score,
            "seconds": seconds,
            "checked_seconds": found.checked_seconds,
        }
    )


def _look(here: Studio, upload: Upload) -> tuple[Detection, float]:
    """Detection in an upload, and its length in seconds."""
    rate = DEFAULT_SPEC.sample_rate
    path = here.decoder.decode(
        upload.path,
        max_seconds=here.settings.max_upload_seconds,
        label=upload.label,
        field=FIELD,
    )
    if not _detecting.acquire(timeout=here.settings.deadline_seconds):
        raise Problem(
            "queue_full", "Too many recordings are being looked at.", headers={"Retry-After": "10"}
        )
    try:
        audio = load_audio(path, rate)
    except InputError as error:
        reason = str(error).replace(str(path), upload.label)
        raise Problem("unusable_recording", reason, field=FIELD) from None
    else:
        return detect(audio, rate), len(audio) / rate
    finally:
        _detecting.release()
