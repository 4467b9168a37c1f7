"""The Flask application: every group of routes, the errors, the page, and the OpenAPI document."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from flask import Response, make_response
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from pydantic import ValidationError
from werkzeug.middleware.proxy_fix import ProxyFix

from voice_replication.serving.api_document import SECURITY_SCHEMES, StudioAPI
from voice_replication.serving.detect_routes import detection
from voice_replication.serving.finetune_routes import finetuning
from voice_replication.serving.job_routes import jobs
from voice_replication.serving.listening_routes import listening
from voice_replication.serving.logs import install_request_log
from voice_replication.serving.narration_routes import narrations
from voice_replication.serving.problems import install_error_handlers, validation_problem
from voice_replication.serving.request_bodies import install_body_checks
from voice_replication.serving.security import install_security
from voice_replication.serving.session_routes import session
from voice_replication.serving.settings import ServerSettings
from voice_replication.serving.speech_routes import speech
from voice_replication.serving.studio import Studio
from voice_replication.serving.system_routes import system
from voice_replication.serving.uploads import install_upload_limits
from voice_replication.serving.voice_routes import voices

STATIC = Path(__file__).parent / "static"
_TO_SWAGGER = '<!doctype html><meta http-equiv="refresh" content="0; url=swagger">'
_ABOUT = (
    "Enroll voices with their speakers' consent, speak in them, read books aloud, compare them by "
    "listening. `POST /v1/audio/speech` is what OpenAI's clients call. Errors are problem details "
    "(RFC 9457): `code` is stable, `detail` is a sentence, `field` says where."
)
GROUPS = (system, session, speech, detection, listening, narrations, jobs, voices, finetuning)


def create_app(settings: ServerSettings | None = None, studio: Studio | None = None) -> OpenAPI:
    """The application of ``settings`` (default: from the environment).

    ``studio``: an opened one, for tests; otherwise it is opened here, which loads the models.
    """
    settings = settings or (studio.settings if studio else ServerSettings.from_environment())

    def on_invalid(error: ValidationError) -> Response:
        return make_response(validation_problem(error).response())

    app = StudioAPI(
        "voice_replication.serving",
        info=Info(
            title="Voice cloning studio",
            version=version("voice-cloning-pipeline"),
            description=_ABOUT,
        ),
        security_schemes=SECURITY_SCHEMES,
        static_folder="static",
        static_url_path="/static",
        doc_prefix="/docs",
        validation_error_callback=on_invalid,
    )
    app.url_map.merge_slashes = False  # no redirects, whose bodies are HTML
    app.config["SWAGGER_HTML_STRING"] = (STATIC / "api_docs.html").read_text(encoding="utf-8")
    app.config["OPENAPI_HTML_STRING"] = _TO_SWAGGER
    app.extensions["studio"] = studio or Studio.open(settings)
    install_error_handlers(app)
    install_request_log(app)
    install_security(app)
    install_body_checks(app, settings.max_upload_bytes)
    install_upload_limits(app, settings)
    for group in GROUPS:
        app.register_api(group)
    app.generate_spec_json()  # now, and not by two first requests at once
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app
