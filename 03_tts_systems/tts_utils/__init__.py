"""Floor 03: what a speech engine is, the espeak-ng engine, and how engines are found."""

from tts_utils.engines import EngineStatus, engine_names, list_engines, load_engine
from tts_utils.espeak import EspeakEngine, EspeakOptions
from tts_utils.protocol import Audio, TTSEngine

# fmt: off
__all__ = [
    "Audio", "EngineStatus", "EspeakEngine", "EspeakOptions", "TTSEngine", "engine_names",
    "list_engines", "load_engine",
]
# fmt: on
