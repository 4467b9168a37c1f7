"""gunicorn's settings for the studio: ``gunicorn --config deploy/gunicorn.conf.py``.

Address, port and threads come from VOICECLONE_SERVE_*, as they do for ``voiceclone serve``.
"""

from __future__ import annotations

from pathlib import Path

from voice_replication.serving.settings import ServerSettings

_settings = ServerSettings.from_environment()
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

wsgi_app = "voice_replication.serving.wsgi:create()"
bind = f"{_host}:{_settings.port}"

# One process: the models, the queue and the lock on the data folder live in it. More throughput
# comes from batching inside it, and beyond one machine from `--engine ray`, not from more workers.
workers = 1
worker_class = "gthread"
threads = _settings.threads  # each open stream, of speech or of a job's events, holds one
preload_app = False  # threads and the lock do not survive the fork that would follow

timeout = 120  # of the worker's heartbeat, loading the models included; not of a request
graceful_timeout = 30  # for streams that run when it is told to stop
keepalive = 75  # longer than nginx keeps its side open, so that it never meets a closed one
limit_request_line = 8190

# The heartbeat never waits for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
control_socket_disable = True  # nothing is written outside the data folder and /tmp
accesslog = None  # the studio logs requests itself, as JSON and without what was said
errorlog = "-"
