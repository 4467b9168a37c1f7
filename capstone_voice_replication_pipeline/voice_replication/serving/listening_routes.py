"""Routes of listening tests: make one, hear it blind, answer, and read the results.

Whoever has a key may make, delete and read tests. What a session sends names no system: samples
have the labels of the trial, and the test itself is only shown by its title.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from flask import Response, jsonify, send_file
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.file import FileStorage
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, StringConstraints

from voice_replication.evaluation.subjective import Kind
from voice_replication.serving.api_document import binary, problems
from voice_replication.serving.forms import with_form
from voice_replication.serving.listening import LISTENER_LIMIT, ListeningTest, Session
from voice_replication.serving.listening_results import (
    ListeningResults,
    Table,
    check_answer,
    results,
    results_csv,
)
from voice_replication.serving.listening_samples import create_test
from voice_replication.serving.problems import Problem
from voice_replication.serving.studio import studio

listening = APIBlueprint("listening", __name__, abp_tags=[Tag(name="listening")])

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Rating = StrictInt | Annotated[float, Field(strict=True, allow_inf_nan=False)]


class TestPath(BaseModel):
    """A listening test."""

    test_id: str


class SessionPath(BaseModel):
    """A listener's session."""

    session_id: str


class StimulusPath(SessionPath):
    """One sample of a session, as the listener knows it."""

    trial: int = Field(description="From 1")
    label: str


class ListeningTestForm(BaseModel):
    """A new test. Every file is called SYSTEM/CLIP.wav (WAV, FLAC, OGG, MP3)."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    kind: Kind
    title: Title
    files: list[FileStorage] = Field(min_length=1)


class ListeningTestBody(BaseModel):
    """A test; ``trials`` are the questions of each listener."""

    id: str
    object: Literal["listening.test"] = "listening.test"
    kind: Kind
    title: str
    created: str
    systems: list[str]
    clips: list[str]
    trials: int
    sessions: int
    finished: int


class ListeningTestList(BaseModel):
    """All tests, newest first."""

    object: Literal["list"] = "list"
    data: list[ListeningTestBody]


class ListeningTestDeleted(BaseModel):
    """The test is gone, and all that belonged to it."""

    id: str
    object: Literal["listening.test.deleted"] = "listening.test.deleted"
    deleted: Literal[True] = True


class ListeningSessionRequest(BaseModel):
    """Who listens. A name that has begun goes on where it stopped; no name is somebody new."""

    listener: str = Field(default="", max_length=LISTENER_LIMIT)


class StimulusBody(BaseModel):
    """A sample to play."""

    label: str
    url: str


class TrialBody(BaseModel):
    """One question; ``answer`` is what was answered, or null."""

    trial: int
    stimuli: list[StimulusBody]
    answer: int | str | dict[str, float] | None


class ListeningSession(BaseModel):
    """A session: what to hear and what was answered. No system is named."""

    id: str
    object: Literal["listening.session"] = "listening.session"
    test: str
    kind: Kind
    title: str
    listener: str
    trials: list[TrialBody]
    answered: int
    finished: bool


class AnswerBody(BaseModel):
    """mos: 1 to 5; abx: "A" or "B"; mushra: a rating from 0 to 100 for every label."""

    trial: StrictInt
    answer: StrictInt | StrictStr | dict[str, Rating]


class TableQuery(BaseModel):
    """Which table."""

    table: Table = "systems"


@listening.get("/v1/listening/tests", summary="List tests", responses={200: ListeningTestList})
def list_tests() -> Response:
    """Newest first."""
    return _json(ListeningTestList(data=[_test_body(test) for test in studio().listening.all()]))


@listening.post(
    "/v1/listening/tests",
    summary="Make a test of uploaded samples",
    responses={
        201: ListeningTestBody,
        **problems("unusable_input", "unusable_recording", "queue_full", "storage_full"),
    },
)
@with_form
def create(form: ListeningTestForm) -> Response:
    """``abx`` takes two systems, ``mushra`` needs one called ``reference``, ``mos`` at least as
    many clips as systems. Every system needs the same clips."""
    test = create_test(form.kind, form.title, form.files)
    studio().audit.write("create", test.id, kind=test.kind, samples=len(form.files))
    return _json(_test_body(test), 201)


@listening.get(
    "/v1/listening/tests/<test_id>",
    summary="Show a test",
    responses={200: ListeningTestBody, **problems("test_not_found")},
)
def show_test(path: TestPath) -> Response:
    """With the names of its systems: not for listeners."""
    return _json(_test_body(studio().listening.get(path.test_id)))


@listening.delete(
    "/v1/listening/tests/<test_id>",
    summary="Delete a test",
    responses={200: ListeningTestDeleted, **problems("test_not_found")},
)
def delete_test(path: TestPath) -> Response:
    """Removes samples, sessions and answers."""
    studio().listening.delete(path.test_id)
    studio().audit.write("delete", path.test_id)
    return _json(ListeningTestDeleted(id=path.test_id))


@listening.post(
    "/v1/listening/tests/<test_id>/sessions",
    summary="Begin or resume a session",
    responses={200: ListeningSession, 201: ListeningSession, **problems("test_not_found")},
)
def begin(path: TestPath, body: ListeningSessionRequest) -> Response:
    """201 for a new listener; 200 for a name that has begun before, with its answers."""
    session, new = studio().listening.begin(path.test_id, body.listener)
    return _json(_session_body(session), 201 if new else 200)


@listening.get(
    "/v1/listening/sessions/<session_id>",
    summary="Show a session",
    responses={200: ListeningSession, **problems("session_not_found")},
)
def show_session(path: SessionPath) -> Response:
    """All trials in their order, and what was answered."""
    return _json(_session_body(studio().listening.session(path.session_id)))


@listening.get(
    "/v1/listening/sessions/<session_id>/trials/<int:trial>/<label>",
    summary="Hear a sample",
    responses={200: binary("The sample", "audio/wav"), **problems("session_not_found")},
)
def hear(path: StimulusPath) -> Response:
    """Neither the address nor the headers tell which system it is."""
    session = studio().listening.session(path.session_id)
    if 1 <= path.trial <= len(session.trials):
        trial = session.trials[path.trial - 1]
        for stimulus in trial.stimuli:
            if stimulus.label == path.label:
                file = studio().listening.sample(session.test, stimulus.system, trial.clip)
                return _unnamed(file, f"trial{path.trial}{path.label}.wav")
    raise Problem("session_not_found", "The session has no such sample.")


@listening.post(
    "/v1/listening/sessions/<session_id>/answers",
    summary="Answer a trial",
    responses={200: ListeningSession, **problems("session_not_found", "already_answered")},
)
def answer(path: SessionPath, body: AnswerBody) -> Response:
    """An answer stays; sending the same one again is no error."""
    session = studio().listening.session(path.session_id)
    if not 1 <= body.trial <= len(session.trials):
        sentence = f"The session has the trials 1 to {len(session.trials)}."
        raise Problem("invalid_request", sentence, field="trial")
    checked = check_answer(session.test.kind, session.trials[body.trial - 1], body.answer)
    return _json(_session_body(studio().listening.answer(session.id, body.trial, checked)))


@listening.get(
    "/v1/listening/tests/<test_id>/results",
    summary="ListeningResults with confidence intervals",
    responses={200: ListeningResults, **problems("test_not_found")},
)
def show_results(path: TestPath) -> Response:
    """Of all answers so far; ``meaning`` says what the intervals cover."""
    test = studio().listening.get(path.test_id)
    return _json(results(test, studio().listening.sessions(test.id)))


@listening.get(
    "/v1/listening/tests/<test_id>/results.csv",
    summary="ListeningResults as CSV",
    responses={200: binary("The table", "text/csv"), **problems("test_not_found")},
)
def export(path: TestPath, query: TableQuery) -> Response:
    """``systems``: the results; ``answers``: every single answer."""
    test = studio().listening.get(path.test_id)
    text = results_csv(test, studio().listening.sessions(test.id), query.table)
    response = Response(text, content_type="text/csv; charset=utf-8; header=present")
    name = f"{test.title}_{query.table}.csv"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _unnamed(file: Path, name: str) -> Response:
    """The file called ``name``; nothing in the headers says which of two samples are the same."""
    response = send_file(file, "audio/wav", download_name=name, conditional=True, etag=False)
    for header in ("Last-Modified", "Cache-Control"):
        response.headers.pop(header, None)
    return response


def _test_body(test: ListeningTest) -> ListeningTestBody:
    return ListeningTestBody(
        id=test.id,
        kind=test.kind,
        title=test.title,
        created=test.created,
        systems=list(test.systems),
        clips=list(test.clips),
        trials=test.trials,
        sessions=test.sessions,
        finished=test.finished,
    )


def _session_body(session: Session) -> ListeningSession:
    def stimuli(number: int) -> list[StimulusBody]:
        base = f"/v1/listening/sessions/{session.id}/trials/{number}"
        labels = [stimulus.label for stimulus in session.trials[number - 1].stimuli]
        return [StimulusBody(label=label, url=f"{base}/{label}") for label in labels]

    return ListeningSession(
        id=session.id,
        test=session.test.id,
        kind=session.test.kind,
        title=session.test.title,
        listener=session.listener,
        trials=[
            TrialBody(trial=n, stimuli=stimuli(n), answer=session.answers.get(n))
            for n in range(1, len(session.trials) + 1)
        ],
        answered=len(session.answers),
        finished=len(session.answers) == len(session.trials),
    )


def _json(body: BaseModel, status: int = 200) -> Response:
    response: Any = jsonify(body.model_dump())
    response.status_code = status
    return response  # type: ignore[no-any-return]
