"""The Flask application: every group of routes, the errors, the page, and the OpenAPI document."""

from __future__ import annotations

from importlib.metadata import version

from flask import Response, make_response
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from pydantic import ValidationError

from voice_replication.serving.problems import install_error_handlers, validation_problem
from voice_replication.serving.settings import ServerSettings
from voice_replication.serving.studio import Studio
from voice_replication.serving.system_routes import system


def create_app(settings: ServerSettings | None = None, studio: Studio | None = None) -> OpenAPI:
    """The application of ``settings`` (default: from the environment).

    ``studio``: an opened one, for tests; otherwise it is opened here, which loads the models.
    """
    settings = settings or (studio.settings if studio else ServerSettings.from_environment())

    def on_invalid(error: ValidationError) -> Response:
        return make_response(validation_problem(error).response())

    app = OpenAPI(
        "voice_replication.serving",
        info=Info(title="Voice cloning studio", version=version("voice-cloning-pipeline")),
        static_folder="static",
        static_url_path="/static",
        doc_prefix="/docs",
        validation_error_callback=on_invalid,
    )
    app.extensions["studio"] = studio or Studio.open(settings)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes
    install_error_handlers(app)
    for group in (system,):
        app.register_api(group)
    return app
