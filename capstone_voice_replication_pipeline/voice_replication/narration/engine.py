"""This package as a speech engine like any other: ``load_engine("voiceclone")`` finds it."""

from __future__ import annotations

from audio_utils import DEFAULT_SPEC
from env_utils import InputError
from tts_utils import Audio

from voice_replication.narration.text_to_speech import Speaker


class VoiceCloneEngine:
    """The shipped models and the voices of this machine (``tts_utils.TTSEngine``)."""

    def __init__(self, speaker: Speaker | None = None) -> None:
        self.speaker = speaker or Speaker()

    @property
    def name(self) -> str:
        """``voiceclone``."""
        return "voiceclone"

    @property
    def sample_rate(self) -> int:
        """24 000 Hz."""
        return DEFAULT_SPEC.sample_rate

    def voices(self) -> list[str]:
        """Enrolled voices, then the samples; the first speaks when none is named."""
        return list(self.speaker.store.names())

    def synthesize(self, text: str, voice: str | None = None) -> Audio:
        """Speak ``text``. ``InputError``: nothing to say, an unknown voice, or none at all yet."""
        if voice is None:
            voice = next(iter(self.voices()), None)
        if voice is None:
            raise InputError("there are no voices yet; make one with `voiceclone enroll`.")
        speech = self.speaker.speak(text, voice)
        return Audio(speech.audio, speech.sample_rate)
