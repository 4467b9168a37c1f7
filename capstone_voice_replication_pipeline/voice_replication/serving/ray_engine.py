"""The engine of several processes or machines: Ray Serve runs replicas, each with its own models.

    scheduler ─ batch ─► RayEngine ─ line by line ─► Ray Serve's router ─► replica 1: batch ─► audio
                             ▲                                        └──► replica 2: batch ─► audio
                             └── a line whose replica died goes to another one

A line is a pure function of its request, so it may be sent twice and still sounds the same: that is
why no request is lost with a replica. Ray is imported only here, and only when this engine is asked
for (``pip install "voice-cloning-pipeline[ray]"``).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from env_utils import MissingDependencyError, VoiceReplicationError

from voice_replication.narration.text_to_speech import KEPT_DELTAS
from voice_replication.serving.engine import LineRequest, RenderedLine
from voice_replication.serving.problems import Problem
from voice_replication.serving.ray_replica import Replica, ShippedDelta, ShippedLine
from voice_replication.serving.settings import ServerSettings

OBJECT_STORE_BYTES = 100 * 2**20  # of a cluster that is started here; lines are small
BATCH_WAIT_SECONDS = 0.005  # for other lines to arrive; a line alone takes ten times as long
START_ATTEMPTS = 3
STOP_SECONDS = 5.0  # for a replica to finish its batch when the engine is closed
RAY_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is reported to anybody
    "RAY_worker_niceness": "0",  # replicas are no background work
    "RAY_SERVE_LOG_TO_STDERR": "0",  # stderr is the studio's log, which is JSON
}
UPSCALE_SECONDS = 5.0  # that there is more work than the replicas of a cluster can batch
PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)  # before a line is sent again; then the last of them


class RayEngine:
    """See :class:`voice_replication.serving.engine.Engine`.

    Starts Ray on this machine, or joins the cluster at ``settings.ray_address``.
    Raises ``MissingDependencyError`` if ray is not installed.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.workers, self.max_batch = settings.replicas, settings.max_batch
        self.application = _application_name(settings)
        self._patience_seconds = settings.deadline_seconds
        self._deltas: OrderedDict[tuple[Path, int], ShippedDelta] = OrderedDict()
        self._lock = threading.Lock()
        self._ray, self._serve = _import_ray()
        self._started_ray = settings.ray_address is None
        with _signals_kept():
            self._connect(settings)
        self._serve.start(proxy_location="Disabled")  # the studio is the only door
        deployment = _deployment(self._serve, settings)
        self._handle = self._serve.run(deployment, name=self.application, route_prefix=None)

    def render(self, requests: Sequence[LineRequest]) -> list[RenderedLine]:
        """Each line, wherever; sent again until a replica has lived long enough to answer.

        Raises an error of the house for the line at fault, and ``Problem`` not_ready when no
        replica answers within the deadline.
        """
        lines = [self._shipped(request) for request in requests]
        deadline = time.monotonic() + self._patience_seconds
        answers = [self._handle.render.remote(line) for line in lines]
        return [
            self._answer(answer, line, deadline)
            for answer, line in zip(answers, lines, strict=True)
        ]

    def replica_processes(self) -> set[int]:
        """The processes of the replicas that answer now."""
        answers = [self._handle.process_id.remote() for _ in range(8 * self.workers)]
        return {answer.result(timeout_s=self._patience_seconds) for answer in answers}

    def close(self) -> None:
        """Stop the replicas; and Ray, if it was started here."""
        if self._started_ray:
            self._serve.shutdown()
        else:
            self._serve.delete(self.application)
        self._ray.shutdown()

    def _connect(self, settings: ServerSettings) -> None:
        quiet = {"log_to_driver": False, "configure_logging": False, "namespace": "voiceclone"}
        if settings.ray_address is not None:
            self._ray.init(address=settings.ray_address, **quiet)
            return
        for attempts_left in reversed(range(START_ATTEMPTS)):
            try:
                self._ray.init(
                    address="local",
                    num_cpus=settings.replicas,
                    object_store_memory=OBJECT_STORE_BYTES,
                    include_dashboard=False,
                    **quiet,
                )
                return
            except Exception:  # Ray gives its parts 15 seconds, which a busy machine may exceed
                self._ray.shutdown()
                if not attempts_left:
                    raise

    def _answer(self, answer: Any, line: ShippedLine, deadline: float) -> RenderedLine:
        """What ``answer`` holds, or that of another attempt."""
        pauses = iter(PAUSES_SECONDS)
        while True:
            try:
                result = answer.result(timeout_s=max(0.0, deadline - time.monotonic()))
            except self._ray.exceptions.RayTaskError:
                raise  # the replica lives, and says that this line cannot be rendered
            except TimeoutError:
                raise _no_replica() from None
            except (self._ray.exceptions.RayError, self._serve.exceptions.RayServeException):
                time.sleep(next(pauses, PAUSES_SECONDS[-1]))
                if time.monotonic() > deadline:
                    raise _no_replica() from None
                answer = self._handle.render.remote(line)
                continue
            if isinstance(result, VoiceReplicationError):
                raise result
            rendered: RenderedLine = result
            return replace(rendered, audio=np.array(rendered.audio))  # Ray's memory is read-only

    def _shipped(self, request: LineRequest) -> ShippedLine:
        """``request`` without anything that only this machine has."""
        voice = request.voice
        plain = replace(request, voice=replace(voice, delta=None, consent_recording=None))
        return ShippedLine(plain, self._delta(voice.delta.resolve()) if voice.delta else None)

    def _delta(self, path: Path) -> ShippedDelta:
        """The delta at ``path``, put where every replica can fetch it."""
        facts = path.stat()
        key = (path, facts.st_mtime_ns)
        with self._lock:
            if key not in self._deltas:
                content = self._ray.put(path.read_bytes())
                self._deltas[key] = ShippedDelta(path, facts.st_size, facts.st_mtime_ns, content)
            self._deltas.move_to_end(key)
            while len(self._deltas) > KEPT_DELTAS:
                self._deltas.popitem(last=False)  # Ray frees what nobody refers to
            return self._deltas[key]


def _deployment(serve: Any, settings: ServerSettings) -> Any:
    """``Replica`` as a deployment of Ray Serve that batches what arrives together."""
    max_batch = settings.max_batch

    class RenderingReplica:
        def __init__(self, models_dir: Path | None) -> None:
            import ray

            self._replica = Replica(models_dir, max_batch, ray.get)
            self._thread = ThreadPoolExecutor(1)  # the event loop stays free to collect a batch

        @serve.batch(max_batch_size=max_batch, batch_wait_timeout_s=BATCH_WAIT_SECONDS)  # type: ignore[untyped-decorator]
        async def render(self, lines: list[ShippedLine]) -> list[Any]:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self._replica.render, lines)

        def process_id(self) -> int:
            return self._replica.process_id()

    deployment = serve.deployment(
        RenderingReplica,
        name="rendering",
        **_how_many(settings),
        max_ongoing_requests=2 * max_batch,  # the next batch gathers while one is rendered
        graceful_shutdown_timeout_s=STOP_SECONDS,
        ray_actor_options={"num_cpus": 1},  # a batch is computed on one core
    )
    return deployment.bind(settings.models_dir)


def _how_many(settings: ServerSettings) -> dict[str, Any]:
    """All replicas at once on this machine; on a cluster as many as there is work and room for."""
    if settings.ray_address is None:
        return {"num_replicas": settings.replicas}
    return {
        "autoscaling_config": {
            "min_replicas": 1,
            "max_replicas": settings.replicas,
            "target_ongoing_requests": settings.max_batch,
            "upscale_delay_s": UPSCALE_SECONDS,
        }
    }


def _application_name(settings: ServerSettings) -> str:
    """One for every data folder: a studio that starts again finds its replicas again."""
    place = f"{platform.node()}:{settings.home.resolve()}"
    return f"voiceclone-{hashlib.sha256(place.encode()).hexdigest()[:12]}"


def _import_ray() -> tuple[Any, Any]:
    for name, value in RAY_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        from ray import serve
    except ImportError as error:
        raise MissingDependencyError(
            "--engine ray needs the extra 'ray', which is not installed "
            f'({error}). Install it: pip install "voice-cloning-pipeline[ray]".'
        ) from error
    return ray, serve


def _no_replica() -> Problem:
    return Problem(
        "not_ready",
        "No replica answered in time; the operator finds out with `ray status` what is wrong.",
        headers={"Retry-After": "5"},
    )


@contextmanager
def _signals_kept() -> Iterator[None]:
    """``ray.init`` replaces the handler of SIGTERM; the server's own comes back afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
