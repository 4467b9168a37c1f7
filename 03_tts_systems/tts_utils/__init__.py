"""Floor 03: what a speech engine is, engines, how they are found, and how to listen to them."""

from tts_utils.engines import EngineStatus, engine_names, list_engines, load_engine
from tts_utils.espeak import EspeakEngine, EspeakOptions
from tts_utils.listening_page import Clip, write_listening_page
from tts_utils.protocol import Audio, TTSEngine

# fmt: off
__all__ = [
    "Audio", "Clip", "EngineStatus", "EspeakEngine", "EspeakOptions", "TTSEngine", "engine_names",
    "list_engines", "load_engine", "write_listening_page",
]
# fmt: on
