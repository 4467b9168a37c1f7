"""A job as clients see it."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field

from voice_replication.serving.jobs import Job, Kind, State
from voice_replication.serving.problems import ProblemDetails


class JobFileModel(BaseModel):
    """A finished file; ``seconds`` of audio."""

    name: str
    title: str
    seconds: float
    bytes: int
    url: str


class JobModel(BaseModel):
    """A job. Times are ISO 8601 in UTC; ``files`` of finished chapters appear while it runs."""

    id: str
    object: Literal["job"] = "job"
    kind: Kind
    state: State
    title: str
    voice: str
    progress: float = Field(ge=0, le=1)
    seconds_left: float | None
    created: str
    started: str | None
    finished: str | None
    error: ProblemDetails | None
    result: dict[str, Any] | None
    files: list[JobFileModel]


class JobList(BaseModel):
    """All jobs, newest first."""

    object: Literal["list"] = "list"
    data: list[JobModel]


class JobDeleted(BaseModel):
    """The job and its files are gone."""

    id: str
    object: Literal["job.deleted"] = "job.deleted"
    deleted: Literal[True] = True


def job_url(job_id: str) -> str:
    """Where the job is."""
    return f"/v1/jobs/{job_id}"


def shown(job: Job) -> dict[str, Any]:
    """The job as clients see it."""
    values = {name: getattr(job, name) for name in JobModel.model_fields if hasattr(job, name)}
    files = [
        JobFileModel(**vars(file), url=f"{job_url(job.id)}/files/{quote(file.name)}")
        for file in job.files
    ]
    model = JobModel.model_validate({**values, "voice": job.voices[0], "files": files})
    return model.model_dump(mode="json")
