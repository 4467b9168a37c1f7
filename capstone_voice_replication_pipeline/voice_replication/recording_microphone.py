"""The sound card (through the optional package ``sounddevice``) and the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from env_utils import InputError, MissingDependencyError

Audio = npt.NDArray[np.float32]
BLOCK_SECONDS = 0.05
WITHOUT_MICROPHONE = (
    "To use recordings made elsewhere (a phone will do), put them into a folder, with a "
    "metadata.csv of file,text or one .txt per file: `voiceclone record NAME --from FOLDER`."
)


def load_sounddevice() -> Any:
    """The package ``sounddevice``. ``MissingDependencyError`` says how to get it."""
    try:
        import sounddevice
    except ImportError as error:
        raise MissingDependencyError(
            "recording needs the package sounddevice: "
            f'pip install "voice-cloning-pipeline[record]". {WITHOUT_MICROPHONE}'
        ) from error
    except OSError as error:  # the package is there, the library that it wraps is not
        raise MissingDependencyError(
            "recording needs the PortAudio library (on Debian and Ubuntu: apt install "
            f"libportaudio2). {WITHOUT_MICROPHONE}"
        ) from error
    return sounddevice


class SoundCard:
    """A microphone of this machine; ``device`` is a number or part of a name, as listed."""

    def __init__(self, device: str | None = None) -> None:
        self.sounddevice = load_sounddevice()
        self.device: int | str | None = int(device) if device and device.isdigit() else device
        try:
            facts = self.sounddevice.query_devices(self.device, "input")
        except (ValueError, self.sounddevice.PortAudioError) as error:
            wanted = f"'{device}' is no microphone here" if device else "no microphone was found"
            raise InputError(f"{wanted} ({_first_line(error)}). {WITHOUT_MICROPHONE}") from error
        self._sample_rate = int(facts["default_samplerate"])

    @property
    def sample_rate(self) -> int:
        """The card's own rate in Hz: resampling is for later."""
        return self._sample_rate

    @contextmanager
    def blocks(self) -> Iterator[Iterator[Audio]]:
        """Blocks of 50 ms until the context is left."""
        size = round(BLOCK_SECONDS * self._sample_rate)
        try:
            with self.sounddevice.InputStream(
                samplerate=self._sample_rate,
                channels=1,
                dtype="float32",
                blocksize=size,
                device=self.device,
            ) as stream:
                yield (stream.read(size)[0][:, 0].copy() for _ in iter(int, 1))
        except self.sounddevice.PortAudioError as error:
            raise InputError(
                f"the microphone cannot be used ({_first_line(error)}): is another program using "
                "it, or is it forbidden in the system's privacy settings?"
            ) from error

    def play(self, audio: Audio) -> None:
        """Play ``(T,)`` audio; without a loudspeaker this is an ``InputError``."""
        try:
            self.sounddevice.play(audio, self._sample_rate)
            self.sounddevice.wait()
        except self.sounddevice.PortAudioError as error:
            raise InputError(f"the take cannot be played ({_first_line(error)}).") from error


def list_devices() -> list[str]:
    """One line per microphone: number, name, sample rate."""
    devices = load_sounddevice().query_devices()
    return [
        f"{number}: {d['name']} ({d['default_samplerate']:.0f} Hz)"
        for number, d in enumerate(devices)
        if d["max_input_channels"] > 0
    ]


class Terminal:
    """Questions on standard output; the level meter only where a person sees it."""

    def say(self, text: str) -> None:
        """Print a line."""
        print(text, flush=True)

    def ask(self, question: str) -> str:
        """Ask; the end of the input counts as "q"."""
        try:
            return input(question)
        except EOFError:
            return "q"

    def meter(self, text: str) -> None:
        """Overwrite the current line of a terminal."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
