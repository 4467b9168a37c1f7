"""Requests per minute and audio per hour, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask_openapi3.openapi import OpenAPI
from voice_replication.serving.context import LOCAL, Client
from voice_replication.serving.limits import Limiter
from voice_replication.serving.problems import Problem

ANNA, BEN = Client("0000000a", "anna"), Client("0000000b", "ben")


class Clock:
    """Time as the test wants it."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def retry_after(error: pytest.ExceptionInfo[Problem]) -> int:
    return int(error.value.headers["Retry-After"])


def test_a_minute_s_requests_may_come_at_once_and_then_at_their_rate() -> None:
    clock = Clock()
    limiter = Limiter(30, 60, clock)
    for _ in range(30):
        limiter.count_request(ANNA)
    with pytest.raises(Problem) as refused:
        limiter.count_request(ANNA)
    assert refused.value.code == "rate_limited"
    assert retry_after(refused) == 2
    limiter.count_request(BEN)  # another key has its own
    clock.now += retry_after(refused)
    limiter.count_request(ANNA)
    with pytest.raises(Problem):
        limiter.count_request(ANNA)
    clock.now += 3600  # an idle hour saves up no more than a minute's worth
    for _ in range(30):
        limiter.count_request(ANNA)
    with pytest.raises(Problem):
        limiter.count_request(ANNA)


def test_refused_requests_cost_nothing() -> None:
    clock = Clock()
    limiter = Limiter(60, 60, clock)
    for _ in range(60):
        limiter.count_request(ANNA)
    for _ in range(500):
        with pytest.raises(Problem):
            limiter.count_request(ANNA)
    clock.now += 1
    limiter.count_request(ANNA)


def test_audio_is_charged_when_made_and_waited_for_afterwards() -> None:
    clock = Clock()
    limiter = Limiter(60, 1.0, clock)  # one minute per hour: a second of it comes back each minute
    limiter.require_audio(ANNA)
    limiter.charge_audio(ANNA, 90.0)  # the last request may overdraw
    with pytest.raises(Problem) as refused:
        limiter.require_audio(ANNA)
    assert refused.value.code == "audio_limit_reached"
    assert retry_after(refused) == 31 * 60
    limiter.require_audio(BEN)
    clock.now += retry_after(refused)
    limiter.require_audio(ANNA)


def test_the_user_of_the_machine_itself_has_no_limits() -> None:
    limiter = Limiter(1, 0.1, Clock())
    for _ in range(100):
        limiter.count_request(LOCAL)
        limiter.charge_audio(LOCAL, 1000.0)
        limiter.require_audio(LOCAL)


def test_over_http_it_is_429_with_retry_after(open_app: Callable[..., OpenAPI]) -> None:
    app = open_app(require_keys=True, requests_per_minute=3)
    key = app.extensions["studio"].keys.create("busy")[1]
    headers = {"Authorization": f"Bearer {key}"}
    api = app.test_client()
    assert [api.get("/v1/models", headers=headers).status_code for _ in range(3)] == [200] * 3
    refused = api.get("/v1/models", headers=headers)
    assert refused.status_code == 429
    assert refused.mimetype == "application/problem+json"
    assert refused.get_json()["code"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    assert api.get("/healthz").status_code == 200
