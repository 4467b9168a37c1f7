"""The application for gunicorn and other WSGI servers, with all settings from the environment.

    gunicorn --workers 1 --threads 64 "voice_replication.serving.wsgi:create()"

One process serves a data folder: requests are batched inside it. The address is the other server's
business, so API keys are required unless VOICECLONE_SERVE_REQUIRE_KEYS=0 says otherwise.
"""

from __future__ import annotations

import atexit

from flask_openapi3.openapi import OpenAPI

from voice_replication.serving.app import create_app
from voice_replication.serving.logs import configure_logging
from voice_replication.serving.settings import ServerSettings


def create() -> OpenAPI:
    """Open the data folder, load the models, and return the application."""
    settings = ServerSettings.from_environment()
    if settings.require_keys is None:
        settings = settings.model_copy(update={"require_keys": True})
    configure_logging(settings.log_text)
    app = create_app(settings)
    atexit.register(app.extensions["studio"].close)
    return app
