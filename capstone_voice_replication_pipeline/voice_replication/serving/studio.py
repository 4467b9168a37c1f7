"""What stands behind the routes: one object for each concern, made once per process."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Event
from typing import cast

from env_utils import InputError, folder_lock
from flask import current_app

from voice_replication.narration.text_to_speech import Speaker
from voice_replication.serving.audit import FILE_NAME as AUDIT_FILE
from voice_replication.serving.audit import AuditLog
from voice_replication.serving.database import Database, open_database
from voice_replication.serving.decoding import Decoder
from voice_replication.serving.engine import Engine, LocalEngine
from voice_replication.serving.job_runner import JobRunner
from voice_replication.serving.keys import KeyStore
from voice_replication.serving.limits import Limiter
from voice_replication.serving.listening import ListeningStore
from voice_replication.serving.metrics import Metrics
from voice_replication.serving.scheduler import Scheduler
from voice_replication.serving.settings import ServerSettings
from voice_replication.serving.uploads import clear_incoming
from voice_replication.serving.voice_assets import VoiceAssets
from voice_replication.voices import VoiceStore


@dataclass
class Studio:
    """Everything that requests share."""

    settings: ServerSettings
    store: VoiceStore
    speaker: Speaker
    database: Database
    keys: KeyStore
    limiter: Limiter
    audit: AuditLog
    metrics: Metrics
    decoder: Decoder
    assets: VoiceAssets
    scheduler: Scheduler
    jobs: JobRunner
    listening: ListeningStore
    resources: ExitStack  # what close() gives back, last opened first
    stopping: Event = field(default_factory=Event)  # set: end streams that could go on for ever

    @classmethod
    def open(cls, settings: ServerSettings) -> Studio:
        """Lock the data folder, open it, and load what is needed to speak.

        Raises ``InputError`` if another server has the folder, ``CheckpointError`` if a model is
        missing; then nothing stays open.
        """
        with ExitStack() as resources:
            _lock(settings, resources)
            clear_incoming(settings)
            store = VoiceStore(settings.home)
            speaker = Speaker(settings.models_dir, store)
            database = resources.enter_context(open_database(settings.folder))
            metrics = Metrics()
            _ = speaker.encoder  # read now: a missing model is found at the start
            scheduler = _scheduler(settings, speaker, metrics)
            resources.callback(scheduler.close)
            jobs = resources.enter_context(JobRunner(settings, database, store))
            metrics.watch_jobs(jobs.store.count)
            return cls(
                settings=settings,
                store=store,
                speaker=speaker,
                database=database,
                keys=KeyStore(database),
                limiter=Limiter(settings.requests_per_minute, settings.audio_minutes_per_hour),
                audit=AuditLog(settings.folder / AUDIT_FILE),
                metrics=metrics,
                decoder=Decoder(settings),
                assets=VoiceAssets(store, scheduler, speaker),
                scheduler=scheduler,
                jobs=jobs,
                listening=ListeningStore(database, settings.folder / "listening"),
                resources=resources.pop_all(),
            )

    def close(self) -> None:
        """Stop background work and release the data folder."""
        self.stopping.set()
        self.resources.close()


def studio() -> Studio:
    """The studio of the application that handles this request."""
    return cast(Studio, current_app.extensions["studio"])


def _lock(settings: ServerSettings, resources: ExitStack) -> None:
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        resources.enter_context(folder_lock(settings.folder))
    except InputError:
        raise InputError(
            f"{settings.home}: another server is using this data folder. Stop it, or give this "
            "one a folder of its own (--home, or VOICECLONE_HOME)."
        ) from None


def _scheduler(settings: ServerSettings, speaker: Speaker, metrics: Metrics) -> Scheduler:
    """The scheduler on the engine that ``settings`` names, ready to speak."""
    engine: Engine
    if settings.engine == "ray":
        from voice_replication.serving.ray_engine import RayEngine

        engine = RayEngine(settings)
    else:
        engine = LocalEngine(speaker, settings.max_batch, settings.workers)
    return Scheduler(
        engine,
        max_queue=settings.max_queue,
        deadline_seconds=settings.deadline_seconds,
        metrics=metrics,
    )
