"""The espeak-ng library through ctypes: never two at once, and a fresh one for every text.

espeak-ng keeps its state in global variables. So two copies in one process, or two threads in one
copy, crash it: everything here happens behind one lock. And so a text would sound a little
different after another one (the slow flutter of the pitch goes on where it stopped): the library is
unloaded after each text, which costs 0.6 ms and makes the same text give the same samples.
Library and data come from the ``espeakng_loader`` wheel. Interface: espeak-ng's ``speak_lib.h``.
"""

from __future__ import annotations

import _ctypes
import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from env_utils import MissingDependencyError

RATE, PITCH, PITCH_RANGE, WORD_GAP = 1, 3, 4, 7  # espeak_PARAMETER
_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: samples go to the callback, in the calling thread
_DONT_EXIT = 0x8000  # espeak_Initialize must report errors, not end the process
_UTF8 = 1  # espeakCHARS_UTF8
_IPA = 2  # espeak_TextToPhonemes: international phonetic alphabet instead of espeak's own
_OK = 0

_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)
_lock = threading.Lock()


class _Voice(ctypes.Structure):
    """``espeak_VOICE``."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),  # priority byte, code, 0, ..., 0
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


@dataclass(frozen=True)
class EspeakVoice:
    """One voice of espeak-ng: a language or an accent, spoken by the same synthetic throat."""

    code: str  # "en-us": what the engine calls the voice
    name: str  # "English (America)"
    identifier: str  # "gmw/en-US": what the library calls it


def speak(text: str, identifier: str, parameters: dict[int, int]) -> tuple[bytes, int]:
    """Samples (16-bit, mono) of ``text`` and their rate in Hz.

    Raises ``ValueError`` when espeak-ng refuses the voice or the text, ``MissingDependencyError``
    when there is no espeak-ng.
    """
    chunks: list[bytes] = []

    def collect(samples: ctypes.c_void_p, count: int, _events: ctypes.c_void_p) -> int:
        if samples and count > 0:
            chunks.append(ctypes.string_at(samples, count * 2))
        return 0  # go on

    callback = _CALLBACK(collect)
    with _library() as (library, rate):
        library.espeak_SetSynthCallback(callback)
        if library.espeak_SetVoiceByName(identifier.encode()) != _OK:
            raise ValueError(f"espeak-ng cannot load its voice '{identifier}'")
        for parameter, value in parameters.items():
            library.espeak_SetParameter(parameter, value, 0)
        data = text.encode("utf-8")
        size = ctypes.c_size_t(len(data) + 1)
        status = library.espeak_Synth(data, size, 0, 0, 0, _UTF8, None, None)
        if status != _OK or library.espeak_Synchronize() != _OK:
            raise ValueError(f"espeak-ng refused the text (status {status})")
    return b"".join(chunks), rate


@lru_cache(maxsize=1)
def list_voices() -> dict[str, EspeakVoice]:
    """All voices by language code; where two share a code, the one the library lists first."""
    voices: dict[str, EspeakVoice] = {}
    with _library() as (library, _rate):
        library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        for pointer in library.espeak_ListVoices(None):
            if not pointer:
                break
            voice = pointer.contents
            code = ctypes.string_at(voice.languages + 1).decode()
            name = voice.name.decode("utf-8", "replace").replace("_", " ")
            voices.setdefault(code, EspeakVoice(code, name, voice.identifier.decode()))
    return dict(sorted(voices.items()))


def text_to_ipa(text: str, identifier: str) -> str:
    """What the rules of a language make of ``text``, in IPA; clauses are joined by spaces.

    Raises as :func:`speak` does.
    """
    with _library() as (library, _rate):
        if library.espeak_SetVoiceByName(identifier.encode()) != _OK:
            raise ValueError(f"espeak-ng cannot load its voice '{identifier}'")
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        buffer = ctypes.create_string_buffer(text.encode("utf-8"))
        rest = ctypes.c_void_p(ctypes.addressof(buffer))
        clauses = []
        while rest.value:  # one clause a call; the pointer is NULL at the end of the text
            clause = library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA)
            clauses.append((clause or b"").decode("utf-8").strip())
    return " ".join(filter(None, clauses))


@lru_cache(maxsize=1)
def list_variants() -> tuple[str, ...]:
    """Names of the variants: other throats (``f2``, ``m3``, ``whisper``) for every language."""
    with _library():  # says what to install when there is no espeak-ng
        import espeakng_loader

        folder = Path(str(espeakng_loader.get_data_path())) / "voices" / "!v"
    return tuple(sorted(file.name for file in folder.iterdir() if " " not in file.name))


@lru_cache(maxsize=1)
def sample_rate() -> int:
    """Rate of everything it speaks: 22 050 Hz."""
    with _library() as (_, rate):
        return rate


@contextmanager
def _library() -> Iterator[tuple[ctypes.CDLL, int]]:
    """The library in its initial state, with its sample rate; unloaded afterwards."""
    with _lock:
        try:
            import espeakng_loader

            library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
            data = str(espeakng_loader.get_data_path())
        except (ImportError, OSError, RuntimeError) as error:
            raise MissingDependencyError(
                f"espeak-ng could not be loaded ({error}). Install it: pip install espeakng-loader"
            ) from error
        try:
            rate = int(library.espeak_Initialize(_SYNCHRONOUS, 200, data.encode(), _DONT_EXIT))
            if rate <= 0:
                raise MissingDependencyError(
                    f"espeak-ng finds no voices in {data}. Install espeakng-loader again."
                )
            yield library, rate
            library.espeak_Terminate()
        finally:
            unload = getattr(_ctypes, "dlclose", None) or getattr(_ctypes, "FreeLibrary", None)
            if unload is not None:
                unload(library._handle)
