"""XTTS v2 through coqui-tts (E. Casanova et al., Interspeech 2024): clones from a few seconds.

A GPT predicts audio codes from text and from a summary of a reference recording; a HiFi-GAN that
also sees the speaker turns its hidden states into sound. 17 languages, 24 kHz. The weights are
under the Coqui Public Model License: not for commercial use, and the person who runs it has to
agree. So nothing here agrees for you.
"""

from __future__ import annotations

import importlib
import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from env_utils import ConsentError, InputError, MissingDependencyError

from tts_utils.hub import require_packages, require_weights
from tts_utils.protocol import Audio

MODEL = "tts_models/multilingual/multi-dataset/xtts_v2"
SIZE = "about 1.9 GB"
LICENSE_URL = "https://tts-hub.github.io/cpml"
DEFAULT_VOICE = "Claribel Dervla"
VOICES = (DEFAULT_VOICE, "Ana Florence", "Daisy Studious", "Andrew Chipper", "Craig Gutsy")
LANGUAGES = (
    "en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru", "nl", "cs", "ar", "zh-cn", "hu", "ko",
    "ja", "hi",
)  # fmt: skip
_INSTALL = 'pip install "voice-cloning-pipeline[coqui]" torchaudio torchcodec'


class CoquiEngine:
    """XTTS v2 as an engine. ``api`` (a ``TTS.api.TTS``) is loaded when it first speaks."""

    name = "coqui-xtts"
    sample_rate = 24_000

    def __init__(self, api: Any | None = None) -> None:
        if api is None:
            require_packages(self.name, ("TTS", "torchaudio"), _INSTALL)
        self._given = api

    @cached_property
    def api(self) -> Any:
        """Coqui's own interface with XTTS loaded.

        Raises ``ConsentError`` before the licence is agreed to, and ``MissingDependencyError`` when
        package or weights cannot be had.
        """
        return self._given if self._given is not None else _load_api()

    def voices(self) -> list[str]:
        """Some of the model's own speakers. ``MissingDependencyError``: it cannot be had."""
        if self._given is None:
            require_weights(self.name, (_repository(),), SIZE)
        return list(VOICES)

    def synthesize(self, text: str, voice: str | None = None) -> Audio:
        """Speak English ``text`` with one of the model's speakers: float32 at 24 kHz."""
        speakers = self.voices()
        chosen = voice or speakers[0]
        if chosen not in speakers:
            raise InputError(f"XTTS has no voice '{chosen}' here; it has {', '.join(speakers)}.")
        return self._speak(text, "en", speaker=chosen)

    def clone(self, text: str, reference: Path, language: str = "en") -> Audio:
        """Speak ``text`` in the voice of the recording ``reference`` (3 s or more are good).

        Use only your own voice or one whose owner has agreed.
        """
        if not Path(reference).is_file():
            raise InputError(f"{reference}: there is no such recording.")
        return self._speak(text, language, speaker_wav=str(reference))

    def _speak(self, text: str, language: str, **whose: str) -> Audio:
        if not any(map(str.isalnum, text)):
            raise InputError("XTTS: the text holds nothing that can be spoken.")
        if language not in LANGUAGES:
            raise InputError(f"XTTS does not speak '{language}'; it has {', '.join(LANGUAGES)}.")
        samples: npt.NDArray[np.float32] = np.asarray(
            self.api.tts(text=text, language=language, **whose), dtype=np.float32
        )
        return Audio(samples.reshape(-1), self.sample_rate)


def _import_coqui(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except (ImportError, OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise MissingDependencyError(
            f"coqui-tts is installed, but cannot be imported ({reason}). It needs torchaudio and "
            f"torchcodec that fit your torch: {_INSTALL}"
        ) from error


def _manager() -> Any:
    return _import_coqui("TTS.utils.manage").ModelManager(progress_bar=True)


def _repository() -> str:
    """Where coqui-tts itself gets the weights from."""
    kind, language, data, model = MODEL.split("/")
    return str(_manager().models_dict[kind][language][data][model]["repo_id"])


def _load_api() -> Any:
    from dl_utils import get_device

    manager = _manager()
    agreed = Path(manager.output_prefix) / MODEL.replace("/", "--") / "tos_agreed.txt"
    if not agreed.is_file() and os.environ.get("COQUI_TOS_AGREED") != "1":
        raise ConsentError(
            f"XTTS v2 may be used only under the Coqui Public Model License ({LICENSE_URL}: not "
            "for commercial use). If you agree, set COQUI_TOS_AGREED=1 and run this again."
        )
    require_weights(CoquiEngine.name, (_repository(),), SIZE)
    try:
        return _import_coqui("TTS.api").TTS(MODEL).to(get_device())
    except (OSError, RuntimeError) as error:
        raise MissingDependencyError(
            f"the weights of XTTS v2 ({SIZE}) could not be loaded: {' '.join(str(error).split())}"
        ) from error
