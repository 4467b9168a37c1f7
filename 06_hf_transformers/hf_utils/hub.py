"""The Hugging Face hub with a limit on every wait.

``from_pretrained`` asks the hub for each file and retries each question five times: without a
network that is the better part of a minute before a model is given up. Here the question "is there
a hub?" is asked once, with a limit of a few seconds; files are fetched with a limit too; and what
is loaded afterwards is loaded from the disk alone.
"""

from __future__ import annotations

import functools
import urllib.error
import urllib.request
from pathlib import Path

from env_utils import within

PROBE_SECONDS = 5.0  # name look-up, proxy and answer together
DOWNLOAD_SECONDS = 120.0
# Weights only as safetensors: a pickle from a stranger can run code when it is loaded.
WANTED = ["*.json", "*.txt", "*.model", "model.safetensors", "model-*.safetensors"]


class HubError(OSError):
    """The hub cannot be reached, or does not have what was asked for; the text says which."""


def hub_is_reachable(timeout_seconds: float = PROBE_SECONDS) -> bool:
    """Whether the hub answers within ``timeout_seconds``. A "no" is remembered by the process.

    ``HF_HUB_OFFLINE=1`` is a no without asking. Proxies set in the environment are used.
    """
    from huggingface_hub import constants

    if constants.is_offline_mode():
        return False
    return _answers(constants.ENDPOINT, timeout_seconds)


@functools.cache
def _answers(url: str, timeout_seconds: float) -> bool:
    def ask() -> bool:
        request = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(request, timeout=timeout_seconds) as answer:
            return bool(answer.status < 400)

    try:
        return within(timeout_seconds, ask)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def cached_snapshot(name: str) -> Path | None:
    """The folder of model ``name`` in the library's cache, or ``None``. Never asks the network.

    A download that was interrupted leaves a folder too: whoever loads from it must expect
    ``OSError``.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, ValueError):  # ValueError: not a name that a hub could have
        return None


def download_snapshot(name: str, timeout_seconds: float = DOWNLOAD_SECONDS) -> Path:
    """Fetch the settings, tokenizer and safetensors of ``name`` into the cache; its folder there.

    Raises :class:`HubError` when the hub is not reachable, does not know the name, or is not done
    after ``timeout_seconds`` (what has arrived stays in the cache and the next call goes on).
    """
    from huggingface_hub import snapshot_download

    if not hub_is_reachable():
        raise HubError("no connection to the Hugging Face hub")
    try:
        return Path(within(timeout_seconds, lambda: snapshot_download(name, allow_patterns=WANTED)))
    except TimeoutError as error:
        raise HubError(f"{name} was not here after {timeout_seconds:.0f} seconds") from error
    except (OSError, ValueError, RuntimeError) as error:  # httpx2's errors are made OSErrors there
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise HubError(f"the hub does not give {name}: {reason[0]}") from error
