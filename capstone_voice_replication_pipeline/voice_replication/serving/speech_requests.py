"""What a request for speech may say, checked before anything is computed."""

from __future__ import annotations

from typing import Any, Literal

from env_utils import InputError
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from voice_replication.narration.script import check_text
from voice_replication.narration.settings import PITCH_RANGE, SPEED_RANGE, Settings
from voice_replication.serving.audio_formats import AudioFormat
from voice_replication.serving.problems import Problem
from voice_replication.voices import Voice, VoiceStore

Model = Literal["voiceclone-1", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"]


class VoiceId(BaseModel):
    """A voice by its id, as newer clients name one."""

    model_config = ConfigDict(extra="forbid", strict=True)
    id: str = Field(description="The voice's id, which is its name")


class SpeechBody(BaseModel):
    """A text and how to speak it; the names are those of OpenAI's API."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: Model = Field(description="One model answers to all of these names")
    input: str = Field(description="English text; markup is not interpreted")
    voice: str | VoiceId = Field(description="A voice of GET /v1/audio/voices")
    response_format: AudioFormat = Field(
        "mp3",
        description="pcm: 24 kHz, 16 bits, little-endian, mono. The headers of a streamed wav or "
        "flac do not know its length; those of /v1/audio/speech/timestamps do. aac needs FFmpeg",
    )
    speed: float = Field(1.0, ge=SPEED_RANGE[0], le=SPEED_RANGE[1])
    stream_format: Literal["audio", "sse"] = Field(
        "audio", description="The bytes of the sound, or server-sent events that hold them"
    )
    words: bool = Field(False, description="With sse: also when each word is spoken")
    pitch: float = Field(0.0, ge=PITCH_RANGE[0], le=PITCH_RANGE[1], description="Semitones")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same seed gives the same sound")
    instructions: str | None = Field(
        None, description="Ignored: this model reads every text as it stands"
    )

    @field_validator("voice", mode="wrap")
    @classmethod
    def _name_or_id(cls, value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
        """One sentence instead of one complaint for each form that would be right."""
        try:
            return validate(value)
        except ValidationError:
            raise ValueError('give the id of a voice, or {"id": ...}') from None

    @property
    def settings(self) -> Settings:
        """The same for the models."""
        return Settings(self.speed, self.pitch, self.seed)

    @property
    def ignored(self) -> str:
        """Names of given fields that change nothing."""
        return "instructions" if self.instructions is not None else ""


def require_text(text: str, limit: int) -> str:
    """``text`` if it may be spoken: ``Problem`` too_large (413), unusable_input (422)."""
    if len(text) > limit:
        raise Problem(
            "too_large",
            f"The text has {len(text):,} characters; one request may have {limit:,}. "
            "Longer texts are narrated: Narrate on the page, POST /v1/narrations in the API.",
            field="input",
        )
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Problem(
            "unusable_input", "The text holds halves of characters (surrogates).", field="input"
        )
    try:
        check_text(text, limit)
    except InputError as error:
        raise Problem("unusable_input", str(error), field="input") from None
    return text


def require_voice(store: VoiceStore, voice: str | VoiceId) -> Voice:
    """The voice that is asked for; ``Problem`` voice_not_found (404)."""
    name = voice if isinstance(voice, str) else voice.id
    names = store.names()
    if name not in names:
        known = ", ".join(names) or "none yet"
        raise Problem(
            "voice_not_found", f"There is no voice {name[:60]!r}. Voices: {known}.", field="voice"
        )
    return store.get(name)
