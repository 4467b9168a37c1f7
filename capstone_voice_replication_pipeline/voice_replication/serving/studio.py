"""What stands behind the routes: one object for each concern, made once per process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from voice_replication.narration.text_to_speech import Speaker
from voice_replication.serving.settings import ServerSettings
from voice_replication.voices import VoiceStore


@dataclass
class Studio:
    """Everything that requests share."""

    settings: ServerSettings
    store: VoiceStore
    speaker: Speaker

    @classmethod
    def open(cls, settings: ServerSettings) -> Studio:
        """Open the data folder and load what is needed to speak."""
        store = VoiceStore(settings.home)
        return cls(settings, store, Speaker(settings.models_dir, store))

    def close(self) -> None:
        """Stop background work and release the data folder."""


def studio() -> Studio:
    """The studio of the application that handles this request."""
    return cast(Studio, current_app.extensions["studio"])
