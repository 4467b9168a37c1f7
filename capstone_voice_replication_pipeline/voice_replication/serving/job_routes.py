"""Routes of jobs: how far they are, as a list, one by one and as events; and their files."""

from __future__ import annotations

import json
import re
import time
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

from flask import Response, jsonify, send_file
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from voice_replication.serving.api_document import binary, problems
from voice_replication.serving.job_archive import stored_zip
from voice_replication.serving.job_models import JobDeleted, JobList, JobModel, job_url, shown
from voice_replication.serving.job_worker import OUTPUT
from voice_replication.serving.jobs import Job
from voice_replication.serving.problems import Problem
from voice_replication.serving.studio import studio

jobs = APIBlueprint("jobs", __name__, abp_tags=[Tag(name="jobs")])

MEDIA_TYPES = {
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".m4b": "audio/mp4",
}
HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 1.0  # so soon a stream ends when the server is stopped
EVENT_SECONDS = 0.25  # at least, from one event to the next
RETRY_MILLISECONDS = 2000  # for who is sent one event and asked to come again


class JobPath(BaseModel):
    """Which job."""

    job_id: str = Field(description="job_ and sixteen hexadecimal digits")


class JobFilePath(JobPath):
    """Which file of which job."""

    name: str = Field(description="as in the job's `files`")


def accepted(job: Job) -> Response:
    """202, and where the job is."""
    response = jsonify(shown(job))
    response.status_code = 202
    response.headers["Location"] = job_url(job.id)
    return response


@jobs.get("/v1/jobs", summary="List the jobs", responses={200: JobList})
def list_jobs() -> Response:
    """All jobs, newest first."""
    data = [shown(job) for job in studio().jobs.store.all()]
    return jsonify({"object": "list", "data": data})


@jobs.get(
    "/v1/jobs/<job_id>",
    summary="How far a job is",
    responses={200: JobModel, **problems("job_not_found")},
)
def get_job(path: JobPath) -> Response:
    """One job."""
    return jsonify(shown(studio().jobs.store.get(path.job_id)))


@jobs.delete(
    "/v1/jobs/<job_id>",
    summary="Cancel or remove a job",
    responses={
        200: {
            "description": "The cancelled job, or that a finished one is gone",
            "content": {
                "application/json": {
                    "schema": {
                        "anyOf": [
                            {"$ref": "#/components/schemas/JobModel"},
                            JobDeleted.model_json_schema(),
                        ]
                    }
                }
            },
        },
        **problems("job_not_found"),
    },
)
def delete_job(path: JobPath) -> Response:
    """A queued or running job is cancelled and keeps its finished files; any other is removed."""
    runner = studio().jobs
    job = runner.store.get(path.job_id)
    if not job.is_final:
        studio().audit.write("cancel", job.id)
        return jsonify(shown(runner.cancel(job.id)))
    runner.remove(job.id)
    studio().audit.write("delete", job.id)
    return jsonify(JobDeleted(id=job.id).model_dump())


@jobs.post(
    "/v1/jobs/<job_id>/retry",
    summary="Let a failed or cancelled job go on",
    responses={202: JobModel, **problems("job_not_found", "job_not_resumable")},
)
def retry_job(path: JobPath) -> Response:
    """It goes on where it was; what it has finished is not done again."""
    job = studio().jobs.retry(path.job_id)
    studio().audit.write("retry", job.id)
    return accepted(job)


@jobs.get(
    "/v1/jobs/<job_id>/events",
    summary="Follow a job",
    responses={
        200: binary("Server-sent events named `job`", "text/event-stream"),
        **problems("job_not_found"),
    },
)
def follow_job(path: JobPath) -> Response:
    """The job now, and again whenever it changes (at most four times a second), until it ends.

    A stream holds a thread of the server. When a third of them do, one more gets the job as it is
    now and the time after which to ask again, which browsers do by themselves.
    """
    store, followers = studio().jobs.store, studio().jobs.followers
    stopping, first = studio().stopping, store.get(path.job_id)

    def events() -> Iterator[str]:
        yield _event(first)
        if first.is_final:
            return
        if not followers.acquire(blocking=False):
            yield f"retry: {RETRY_MILLISECONDS}\n\n"
            return
        try:
            job: Job | None = first
            said = time.monotonic()
            while job is not None and not job.is_final and not stopping.is_set():
                time.sleep(EVENT_SECONDS)
                seen, job = job, store.wait(job, min(LOOK_SECONDS, HEARTBEAT_SECONDS))
                if job is not None and job is not seen:
                    yield _event(job)
                    said = time.monotonic()
                elif time.monotonic() - said >= HEARTBEAT_SECONDS:
                    yield ": still here\n\n"
                    said = time.monotonic()
        finally:
            followers.release()

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(events(), mimetype="text/event-stream", headers=headers)


def _event(job: Job) -> str:
    return f"event: job\ndata: {json.dumps(shown(job))}\n\n"


@jobs.get(
    "/v1/jobs/<job_id>/files/<name>",
    summary="One file of a job",
    responses={
        200: binary("The file", *MEDIA_TYPES.values()),
        206: binary("The part that `Range` asks for", *MEDIA_TYPES.values()),
        **problems("job_not_found", "not_found", "range_not_satisfiable"),
    },
)
def job_file(path: JobFilePath) -> Response:
    """A finished chapter, while others are still being spoken. Answers ``Range`` requests."""
    store = studio().jobs.store
    job = store.get(path.job_id)
    file = next((file for file in job.files if file.name == path.name), None)
    if file is None:
        raise Problem("not_found", "This job has no such file.", field="name")
    where = store.folder_of(job.id) / OUTPUT / file.name
    if not where.is_file():
        raise Problem("not_found", "This file is gone.", field="name")
    return send_file(where, MEDIA_TYPES[where.suffix], conditional=True, max_age=0)


@jobs.get(
    "/v1/jobs/<job_id>/archive",
    summary="All files of a job as one archive",
    responses={
        200: binary("A ZIP archive", "application/zip"),
        **problems("job_not_found", "job_not_finished"),
    },
)
def job_archive(path: JobPath) -> Response:
    """The files of a job that has ended, as a ZIP archive that is made while it is sent."""
    store = studio().jobs.store
    job = store.get(path.job_id)
    if not job.is_final or not job.files:
        raise Problem("job_not_finished", "There is nothing to download from this job yet.")
    folder = store.folder_of(job.id) / OUTPUT
    response = Response(
        stored_zip([folder / file.name for file in job.files]), mimetype="application/zip"
    )
    response.headers["Content-Disposition"] = attachment(f"{job.title}.zip")
    return response


def attachment(name: str) -> str:
    """``Content-Disposition`` of a download called ``name``, whatever is in it (RFC 6266)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", plain)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
