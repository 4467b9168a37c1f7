"""The route that makes a voice more faithful from ten or more transcribed recordings."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Sequence
from pathlib import Path

from data_utils.own_recordings import table_rows
from env_utils import InputError, atomic_write_text
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.file import FileStorage
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from voice_replication.serving.api_document import problems
from voice_replication.serving.context import client
from voice_replication.serving.forms import with_form
from voice_replication.serving.job_models import JobModel
from voice_replication.serving.job_requests import FinetuneRequest
from voice_replication.serving.job_routes import accepted
from voice_replication.serving.job_worker import RECORDINGS
from voice_replication.serving.problems import Problem
from voice_replication.serving.studio import studio
from voice_replication.serving.uploads import (
    Upload,
    UploadLimits,
    incoming,
    label_of,
    save_uploads,
)
from voice_replication.serving.voice_routes import VoicePath, find_voice
from voice_replication.voice_finetuning import MINIMUM_RECORDINGS, require_consent

finetuning = APIBlueprint("finetuning", __name__, abp_tags=[Tag(name="voices")])

MOST_RECORDINGS = 60
RECORDING_SECONDS = 60.0
TRANSCRIPTS_BYTES = 2**20


class FinetuneForm(BaseModel):
    """Recordings of the voice's speaker, and what is said in each."""

    model_config = ConfigDict(extra="forbid")

    recordings: list[FileStorage] = Field(
        description=f"{MINIMUM_RECORDINGS} to {MOST_RECORDINGS} files of one sentence each"
    )
    transcripts: FileStorage = Field(
        description="a table with a header: `file` (as the recording is called) and `text`, "
        "separated by commas, tabs, semicolons or bars"
    )


@finetuning.post(
    "/v1/audio/voices/<voice_id>/finetune",
    summary="Fine-tune a voice",
    responses={
        202: JobModel,
        **problems(
            "voice_not_found",
            "voice_read_only",
            "consent_required",
            "unusable_recording",
            "unusable_input",
            "queue_full",
            "storage_full",
        ),
    },
)
@with_form
def finetune_voice(path: VoicePath, form: FinetuneForm) -> Response:
    """A job that adapts the models to the speaker; the voice changes only if it became better.

    The recordings must be of the person whose consent is on record. They are deleted with the job's
    success, or with the job.
    """
    voice = find_voice(path.voice_id)
    if voice.sample:
        raise Problem("voice_read_only", f"'{voice.name}' ships with the program and stays as is.")
    require_consent(voice)
    with studio().jobs.draft() as draft:
        count = _store(form, draft.folder / RECORDINGS)
        job = draft.submit(
            FinetuneRequest(voice=voice.name), f"Fine-tuning {voice.name}", client().id
        )
    studio().audit.write("finetune", voice.name, job=job.id, recordings=count)
    return accepted(job)


def _store(form: FinetuneForm, target: Path) -> int:
    """Decode the recordings into ``target`` with their table; how many there are."""
    if len(form.recordings) < MINIMUM_RECORDINGS:
        raise Problem(
            "unusable_recording",
            f"{len(form.recordings)} recordings; at least {MINIMUM_RECORDINGS} are needed.",
            field="recordings",
        )
    settings = studio().settings
    with incoming(settings) as folder:
        limits = UploadLimits("transcripts", 1, TRANSCRIPTS_BYTES)
        table = save_uploads([form.transcripts], folder, limits)[0]
        limits = UploadLimits("recordings", MOST_RECORDINGS, settings.max_upload_bytes)
        uploads = save_uploads(form.recordings, folder, limits)
        texts = _texts(table, uploads)
        decoded = studio().decoder.decode_all(
            [upload.path for upload in uploads],
            [upload.label for upload in uploads],
            max_seconds=RECORDING_SECONDS,
            field="recordings",
        )
        target.mkdir()
        rows = [("file", "text")]
        for number, (source, text) in enumerate(zip(decoded, texts, strict=True), 1):
            name = f"{number:03d}.wav"
            shutil.move(source, target / name)
            rows.append((name, text))
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    atomic_write_text(target / "transcripts.csv", written.getvalue())
    return len(uploads)


def _texts(table: Upload, uploads: Sequence[Upload]) -> list[str]:
    """What is said in each of ``uploads``; each must be in the table, under its name or stem."""
    try:
        rows = table_rows(table.path)
    except InputError as error:
        reason = str(error).replace(str(table.path), table.label)
        raise Problem("unusable_input", reason, field="transcripts") from None
    said: dict[str, str] = {}
    for row in rows:
        name = label_of(row["file"], "")
        said[name] = said[Path(name).stem] = " ".join(row["text"].split())
    texts = [said.get(upload.label) or said.get(Path(upload.label).stem) for upload in uploads]
    for upload, text in zip(uploads, texts, strict=True):
        if not text:
            raise Problem(
                "unusable_input",
                f"{table.label}: there is no text for the recording '{upload.label}'.",
                field="transcripts",
            )
    return [text for text in texts if text]
