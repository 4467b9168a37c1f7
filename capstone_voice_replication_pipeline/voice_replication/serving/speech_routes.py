"""Speech over HTTP: as a stream of sound, as server-sent events, or whole with word times."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Literal
from urllib.parse import quote

import numpy as np
from audio_utils import DEFAULT_SPEC
from env_utils import InputError, VoiceReplicationError
from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from voice_replication.narration.formats import Tags
from voice_replication.narration.script import unreadable
from voice_replication.narration.timestamps import WordTime
from voice_replication.serving.api_document import binary, problems
from voice_replication.serving.audio_formats import MEDIA_TYPES, AudioFormat, encode, encode_whole
from voice_replication.serving.context import client, request_id
from voice_replication.serving.logs import log_text
from voice_replication.serving.problems import Problem, problem_of
from voice_replication.serving.speech_requests import SpeechBody, require_text, require_voice
from voice_replication.serving.spoken_text import SpokenPart
from voice_replication.serving.studio import studio

speech = APIBlueprint("speech", __name__, abp_tags=[Tag(name="speech")])

EVENT_BYTES = 32 * 1024  # of sound in one server-sent event
RATE = DEFAULT_SPEC.sample_rate
_PROBLEMS = problems(
    "voice_not_found",
    "too_large",
    "unusable_input",
    "queue_full",
    "audio_limit_reached",
    "deadline_exceeded",
    "not_available",
)


class Word(BaseModel):
    """A word as it is spoken ("3" is "three"), with its times in seconds."""

    word: str
    start: float
    end: float


class TimedSpeech(BaseModel):
    """A whole speech; ``audio`` in base64, ``unreadable``: characters that were left out."""

    audio: str
    response_format: AudioFormat
    sample_rate: Literal[24000]
    seconds: float
    words: list[Word]
    unreadable: str


@speech.post(
    "/v1/audio/speech",
    summary="Speak a text",
    responses={
        200: binary("The sound, as it is made", *MEDIA_TYPES.values(), "text/event-stream"),
        **_PROBLEMS,
    },
)
def speak(body: SpeechBody) -> Response:
    """Sound in pieces; the first leaves as soon as the first phrase is spoken.

    With `stream_format: sse` every event is a JSON object: `speech.audio.delta` with base64 in
    `audio`, before it `speech.words.delta` if `words` is true, and `speech.audio.done` at the end.
    """
    parts = _spoken(body)
    tags = Tags(voice=_name(body))
    if body.stream_format == "sse":
        stream, media_type = _events(parts, body, tags), "text/event-stream"
    else:
        sound = (part.audio for part in parts)
        stream, media_type = encode(sound, body.response_format, tags), _media_type(body)
    # the first piece is made before the answer begins, so that an error can still be one
    first = next(stream)
    response = Response(itertools.chain([first], stream), content_type=media_type)
    response.call_on_close(stream.close)
    response.call_on_close(parts.close)
    response.headers["X-Accel-Buffering"] = "no"
    return _noted(response, body)


@speech.post(
    "/v1/audio/speech/timestamps",
    summary="Speak a text and say when each word is spoken",
    responses={200: TimedSpeech, **_PROBLEMS},
)
def timestamps(body: SpeechBody) -> Response:
    """The whole sound in base64 with the times of its words."""
    with contextlib.closing(_spoken(body)) as parts:
        spoken = list(parts)
    audio = np.concatenate([part.audio for part in spoken])
    data = encode_whole(audio, body.response_format, Tags(voice=_name(body)))
    answer = TimedSpeech(
        audio=base64.b64encode(data).decode(),
        response_format=body.response_format,
        sample_rate=24000,
        seconds=round(len(audio) / RATE, 4),
        words=[Word(**word) for part in spoken for word in _rows(part.words)],
        unreadable=unreadable(body.input),
    )
    return _noted(jsonify(answer.model_dump()), body)


def _spoken(body: SpeechBody) -> Generator[SpokenPart]:
    """The parts of the speech, limited, charged, and written into the audit log."""
    house, speaker = studio(), client()
    text = require_text(body.input, house.settings.max_input_characters)
    voice = require_voice(house.store, body.voice)
    house.limiter.require_audio(speaker)
    log_text(text)
    gone = request.environ.get("waitress.client_disconnected")
    parts = house.scheduler.speak(text, voice, body.settings, speaker.id, gone)
    identity = request_id()

    def charged() -> Generator[SpokenPart]:
        samples, complete = 0, False
        try:
            for part in parts:
                samples += len(part.audio)
                house.limiter.charge_audio(speaker, len(part.audio) / RATE)
                yield part
            complete = True
        except InputError as error:
            raise problem_of(error, field="input") from None
        finally:
            parts.close()
            if samples:
                house.audit.write(
                    "speak",
                    voice.name,
                    by=speaker,
                    request_id=identity,
                    characters=len(text),
                    seconds=round(samples / RATE, 3),
                    complete=complete,
                )

    return charged()


def _events(parts: Iterator[SpokenPart], body: SpeechBody, tags: Tags) -> Generator[bytes]:
    """Server-sent events; words come before the sound that contains them."""
    samples = 0

    def sound() -> Iterator[np.ndarray[Any, np.dtype[np.float32]]]:
        nonlocal samples
        for part in parts:
            words.extend(_rows(part.words))
            samples += len(part.audio)
            yield part.audio

    words: list[dict[str, Any]] = []
    begun = False
    try:
        for data in encode(sound(), body.response_format, tags):
            if words and body.words:
                yield _event({"type": "speech.words.delta", "words": words})
            words.clear()
            for start in range(0, len(data), EVENT_BYTES):
                piece = base64.b64encode(data[start : start + EVENT_BYTES]).decode()
                yield _event({"type": "speech.audio.delta", "audio": piece})
            begun = True
    except (Problem, VoiceReplicationError) as error:
        if not begun:
            raise
        problem = error if isinstance(error, Problem) else problem_of(error)
        yield _event({"type": "error", "error": {"code": problem.code, "message": problem.detail}})
        return
    count = len(body.input)
    usage = {"input_tokens": count, "output_tokens": 0, "total_tokens": count}
    done = {"type": "speech.audio.done", "usage": usage, "seconds": round(samples / RATE, 4)}
    yield _event(done | {"unreadable": unreadable(body.input)})


def _event(values: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(values).encode() + b"\n\n"


def _rows(words: Sequence[WordTime]) -> list[dict[str, Any]]:
    return [
        {"word": word.text, "start": round(word.start, 4), "end": round(word.end, 4)}
        for word in words
    ]


def _name(body: SpeechBody) -> str:
    return body.voice if isinstance(body.voice, str) else body.voice.id


def _media_type(body: SpeechBody) -> str:
    return MEDIA_TYPES[body.response_format]


def _noted(response: Response, body: SpeechBody) -> Response:
    """``response`` with headers about what was not taken into account."""
    if body.ignored:
        response.headers["X-Ignored-Fields"] = body.ignored
    if odd := unreadable(body.input):
        response.headers["X-Unreadable"] = quote(odd[:50])
    return response
