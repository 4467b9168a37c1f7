"""Floor 03: speech engines and how they are found; measuring a voice, adapting it, listening."""

from tts_utils.adapt import Adaptation, adapt_voice, fit_adaptation
from tts_utils.engines import EngineStatus, engine_names, list_engines, load_engine
from tts_utils.espeak import EspeakEngine, EspeakOptions
from tts_utils.listening_page import Clip, write_listening_page
from tts_utils.pitch import pitch_contour
from tts_utils.portrait import VoicePortrait, measure_voice, voice_distances
from tts_utils.protocol import Audio, TTSEngine
from tts_utils.psola import psola
from tts_utils.spectrum import speech_spectrum
from tts_utils.text_pieces import split_pieces
from tts_utils.wav import join_with_pauses, load_wav, save_wav, wav_bytes

# fmt: off
__all__ = [
    "Adaptation", "Audio", "Clip", "EngineStatus", "EspeakEngine", "EspeakOptions", "TTSEngine",
    "VoicePortrait", "adapt_voice", "engine_names", "fit_adaptation", "join_with_pauses",
    "list_engines", "load_engine", "load_wav", "measure_voice", "pitch_contour", "psola",
    "save_wav", "speech_spectrum", "split_pieces", "voice_distances", "wav_bytes",
    "write_listening_page",
]
# fmt: on
