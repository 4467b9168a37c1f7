"""Fine-tuning over HTTP: recordings and their table become a job, or a reason why not."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile
from data_utils.own_recordings import read_own
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from voice_replication.serving.job_runner import JobRunner
from voice_replication.serving.jobs import Job, JobStore
from voice_replication.serving.settings import ServerSettings

COUNT = 10


@pytest.fixture()
def application(
    open_app: Callable[..., OpenAPI],
    tiny_settings: ServerSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> OpenAPI:
    """It takes jobs but does not begin to work on them."""
    monkeypatch.setattr(JobRunner, "_work", lambda _: None)
    return open_app(home=tiny_settings.home, models_dir=tiny_settings.models_dir)


@pytest.fixture()
def store(application: OpenAPI) -> JobStore:
    return application.extensions["studio"].jobs.store


@pytest.fixture()
def client(application: OpenAPI) -> FlaskClient:
    return application.test_client()


def tone(number: int, seconds: float = 0.5) -> bytes:
    data = io.BytesIO()
    time = np.arange(round(16_000 * seconds)) / 16_000
    soundfile.write(data, 0.3 * np.sin(2 * np.pi * (200 + number) * time), 16_000, format="WAV")
    return data.getvalue()


def table(count: int = COUNT, separator: str = ",") -> str:
    rows = [f"file{separator}text"]
    rows += [f'recordings/take {n}.wav{separator}"Line {n}, said."' for n in range(count)]
    return "\n".join(rows)


def post(
    client: FlaskClient,
    *,
    voice: str = "nobody",
    count: int = COUNT,
    text: str | None = None,
    **changed: bytes,
) -> Any:
    recordings = [(changed.get(f"r{n}", tone(n)), f"take {n}.wav") for n in range(count)]
    form = {
        "recordings": [(io.BytesIO(data), name) for data, name in recordings],
        "transcripts": (io.BytesIO((text or table(count)).encode()), "said.csv"),
    }
    return client.post(f"/v1/audio/voices/{voice}/finetune", data=form)


@pytest.mark.parametrize("separator", [",", "\t"])
def test_recordings_and_texts_are_kept_for_the_job(
    client: FlaskClient, store: JobStore, separator: str
) -> None:
    answer = post(client, text=table(separator=separator))
    assert answer.status_code == 202, answer.json
    shown = answer.json
    assert (shown["kind"], shown["voice"], shown["state"]) == ("finetune", "nobody", "queued")
    job: Job = store.get(shown["id"])
    utterances = read_own(store.folder_of(job.id) / "recordings")
    assert [u.text for u in utterances] == [f"Line {n}, said." for n in range(COUNT)]
    for utterance in utterances:
        assert soundfile.info(str(utterance.path)).samplerate == 24_000


@pytest.mark.parametrize(
    ("change", "code", "field", "reason"),
    [
        ({"count": 9}, "unusable_recording", "recordings", "at least 10"),
        ({"count": 61}, "too_large", None, ""),
        ({"text": table(9)}, "unusable_input", "transcripts", "'take 9.wav'"),
        ({"text": "name,words\n1,x"}, "unusable_input", "transcripts", "'file' is missing"),
        ({"text": "\x00"}, "unusable_input", "transcripts", "said.csv"),
        ({"r3": b"not sound"}, "unusable_recording", "recordings", "take 3.wav"),
        ({"r3": tone(3, 61.0)}, "too_large", "recordings", "take 3.wav"),
        ({"voice": "someone"}, "voice_not_found", None, "someone"),
        ({"voice": "ada"}, "voice_read_only", None, "ships"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    client: FlaskClient,
    store: JobStore,
    change: dict[str, Any],
    code: str,
    field: str | None,
    reason: str,
) -> None:
    answer = post(client, **change)
    assert answer.json["code"] == code, answer.json
    assert answer.json.get("field") == field and reason in answer.json["detail"]
    assert str(store.folder.parent) not in answer.get_data(as_text=True)
    assert store.all() == [] and not list(store.folder.iterdir())


def test_a_voice_that_belongs_to_nobody_is_not_made_somebodys(
    application: OpenAPI, client: FlaskClient
) -> None:
    import dataclasses

    voices = application.extensions["studio"].store
    mixed = dataclasses.replace(voices.get("nobody"), name="mixed", consent=None, synthetic=True)
    voices.add(mixed)
    answer = post(client, voice="mixed")
    assert (answer.status_code, answer.json["code"]) == (403, "consent_required")
