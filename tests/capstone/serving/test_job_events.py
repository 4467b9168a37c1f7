"""Events of a job: in order, alive while nothing happens, and over when the job is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from voice_replication.serving import job_routes
from voice_replication.serving.jobs import Job, JobFile, JobStore
from voice_replication.serving.settings import ServerSettings

# Jobs that are "running" from the start are left alone by the runner, so these tests move them.
RUNNING_JOB = Job("job_0123456789abcdef", "narration", "A Book", ("nobody",), state="running")


@pytest.fixture()
def application(open_app: Callable[..., OpenAPI], tiny_settings: ServerSettings) -> OpenAPI:
    return open_app(home=tiny_settings.home, models_dir=tiny_settings.models_dir)


@pytest.fixture()
def store(application: OpenAPI) -> JobStore:
    return application.extensions["studio"].jobs.store


@pytest.fixture()
def client(application: OpenAPI) -> FlaskClient:
    return application.test_client()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_routes, "EVENT_SECONDS", 0.01)


def events(client: FlaskClient, job: Job) -> Iterator[str]:
    """The messages of the stream, without the empty lines that end them."""
    response = client.get(f"/v1/jobs/{job.id}/events")
    assert response.status_code == 200 and response.mimetype == "text/event-stream"
    for part in response.response:
        text = part.decode() if isinstance(part, bytes) else str(part)
        assert text.endswith("\n\n")
        yield text.removesuffix("\n\n")


def data(message: str) -> dict[str, Any]:
    first, second = message.split("\n")
    assert first == "event: job"
    return json.loads(second.removeprefix("data: "))


def test_a_follower_sees_every_state_in_order_and_the_end(
    client: FlaskClient, store: JobStore
) -> None:
    job = store.add(RUNNING_JOB)
    stream = events(client, job)
    assert data(next(stream))["progress"] == 0.0
    store.change(job.id, progress=0.25, seconds_left=9.0)
    assert data(next(stream))["seconds_left"] == 9.0
    file = JobFile("01_One.mp3", "One", 2.0, 1000)
    store.change(job.id, progress=0.5, files=(file,))
    shown = data(next(stream))
    assert shown["files"] == [
        {
            "name": "01_One.mp3",
            "title": "One",
            "seconds": 2.0,
            "bytes": 1000,
            "url": f"/v1/jobs/{job.id}/files/01_One.mp3",
        }
    ]
    store.change(job.id, state="succeeded", progress=1.0)
    assert data(next(stream))["state"] == "succeeded"
    assert list(stream) == []


def test_many_changes_make_few_events_and_the_last_one_is_never_lost(
    client: FlaskClient, store: JobStore
) -> None:
    job = store.add(RUNNING_JOB)

    def work() -> None:
        for step in range(1, 501):
            store.change(job.id, progress=step / 500)
        store.change(job.id, state="succeeded")

    thread = threading.Thread(target=work)
    seen = []
    for message in events(client, job):
        if not seen:
            thread.start()
        seen.append(data(message))
    thread.join()
    progress = [shown["progress"] for shown in seen]
    assert progress == sorted(progress) and progress[-1] == 1.0
    assert seen[-1]["state"] == "succeeded" and len(seen) < 500


def test_a_heartbeat_comes_while_nothing_changes(
    client: FlaskClient, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_routes, "HEARTBEAT_SECONDS", 0.02)
    job = store.add(RUNNING_JOB)
    stream = events(client, job)
    next(stream)
    assert [next(stream)[0] for _ in range(3)] == [":", ":", ":"]  # comments, which clients ignore
    store.change(job.id, state="failed", error=None)
    assert data(next(m for m in stream if m[0] != ":"))["state"] == "failed"


def test_who_comes_late_is_told_the_end(client: FlaskClient, store: JobStore) -> None:
    job = store.add(RUNNING_JOB)
    store.change(job.id, state="cancelled")
    (only,) = events(client, job)
    assert data(only)["state"] == "cancelled"


def test_the_stream_of_a_removed_job_ends(client: FlaskClient, store: JobStore) -> None:
    job = store.add(RUNNING_JOB)
    stream = events(client, job)
    next(stream)
    store.remove(job.id)
    assert list(stream) == []


def test_a_server_that_stops_ends_its_streams(
    application: OpenAPI, client: FlaskClient, store: JobStore
) -> None:
    stream = events(client, store.add(RUNNING_JOB))
    next(stream)
    application.extensions["studio"].stopping.set()
    assert [message for message in stream if message[0] != ":"] == []


def test_too_many_followers_are_asked_to_come_again(
    application: OpenAPI, client: FlaskClient, store: JobStore
) -> None:
    application.extensions["studio"].jobs.followers = threading.BoundedSemaphore(1)
    job = store.add(RUNNING_JOB)
    first = events(client, job)
    next(first), store.change(job.id, progress=0.1), next(first)
    second = list(events(client, job))
    assert data(second[0])["progress"] == 0.1 and second[1].startswith("retry: ")
    store.change(job.id, state="succeeded")
    assert data(list(first)[-1])["state"] == "succeeded"
    third = store.add(Job("job_1", "narration", "Another", ("nobody",), state="running"))
    stream = events(client, third)  # the place is free again
    next(stream), store.change(third.id, progress=0.5)
    assert data(next(stream))["progress"] == 0.5
    stream.close()


def test_a_follower_that_leaves_frees_its_place(
    application: OpenAPI, client: FlaskClient, store: JobStore
) -> None:
    places = application.extensions["studio"].jobs.followers = threading.BoundedSemaphore(1)
    job = store.add(RUNNING_JOB)
    response = client.get(f"/v1/jobs/{job.id}/events")
    parts = iter(response.response)
    next(parts), store.change(job.id, progress=0.1), next(parts)
    assert not places.acquire(blocking=False)
    response.close()
    assert places.acquire(blocking=False)


def test_events_of_no_job_are_a_problem(client: FlaskClient) -> None:
    response = client.get("/v1/jobs/job_0/events")
    assert response.status_code == 404 and response.json["code"] == "job_not_found"
