"""What a listener meets a voice by: a sentence in it, and the picture of that sentence's mel.

Both are made when first asked for and kept among what is derived from the voice, under a name that
depends on everything that shaped them. A voice that is replaced or fine-tuned gets new ones.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, mel_spectrogram
from env_utils import atomic_write_bytes
from training_utils import file_fingerprint

from voice_replication.demo_pictures import MEL_RANGE_NATS
from voice_replication.narration.formats import Tags, write_audio
from voice_replication.narration.settings import Settings
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.serving.scheduler import Scheduler
from voice_replication.voice import VoiceNotFoundError
from voice_replication.voices import Voice, VoiceStore

SAMPLE_TEXT = "This is my voice. I can read you a letter, a recipe, or a whole book."
CLIENT = "samples"  # takes turns with everybody who has something spoken
FORMAT = 1  # raise it when the same voice begins to give other assets
LEVELS = 32  # shades of the picture: fewer make a smaller file, and nobody sees the difference


@dataclass(frozen=True)
class Asset:
    """A file derived from a voice; ``tag`` changes when its content does."""

    path: Path
    tag: str
    content: bytes


class VoiceAssets:
    """Makes samples and pictures, one at a time, and remembers them on disk."""

    def __init__(self, store: VoiceStore, scheduler: Scheduler, speaker: Speaker) -> None:
        self.store, self.scheduler, self.speaker = store, scheduler, speaker
        self._making = threading.Lock()

    def sample(self, voice: Voice) -> Asset:
        """``SAMPLE_TEXT`` in ``voice``: a 16-bit WAV at 24 kHz, marked and tagged as synthetic."""
        return self._asset(voice, ".wav")

    def picture(self, voice: Voice) -> Asset:
        """The log-mel of the sample: a PNG, one pixel a frame and mel bin, low ones below."""
        return self._asset(voice, ".png")

    def _asset(self, voice: Voice, suffix: str) -> Asset:
        tag = self._tag(voice)
        path = self.store.derived(voice.name) / f"{tag}{suffix}"
        with self._making:
            content = _content(path)
            if content is None:
                content = self._make(voice, tag)[suffix]
        return Asset(path, tag + suffix, content)

    def _make(self, voice: Voice, tag: str) -> dict[str, bytes]:
        """Speak and draw. What is made of a voice that was deleted meanwhile is not kept."""
        parts = self.scheduler.speak(SAMPLE_TEXT, voice, Settings(), CLIENT)
        audio = np.concatenate([part.audio for part in parts])
        made = {".png": mel_picture(mel_spectrogram(audio, DEFAULT_SPEC))}
        folder = self.store.derived(voice.name)
        with self.store.unchanged(voice) as unchanged:
            if not unchanged:
                raise VoiceNotFoundError(f"voice '{voice.name}' was changed meanwhile; ask again.")
            for old in (*folder.glob("*.wav"), *folder.glob("*.png")):
                old.unlink()
            sound = folder / f"{tag}.wav"
            tags = Tags(title="Sample", voice=voice.name)
            write_audio(sound, audio, DEFAULT_SPEC.sample_rate, tags)
            atomic_write_bytes(sound.with_suffix(".png"), made[".png"])
            made[".wav"] = sound.read_bytes()
        return made

    def _tag(self, voice: Voice) -> str:
        """A hash of all that shapes the assets of ``voice``."""
        try:
            delta = file_fingerprint(voice.delta) if voice.delta else None
        except FileNotFoundError:
            raise VoiceNotFoundError(f"voice '{voice.name}' was deleted meanwhile.") from None
        facts = [
            FORMAT,
            SAMPLE_TEXT,
            voice.encoder,
            voice.statistics.f0_median_hz,
            voice.statistics.f0_spread,
            voice.timbre.to_array().tolist() if voice.timbre else None,
            delta,
            dict(self.speaker.fingerprints),
        ]
        digest = hashlib.sha256(json.dumps(facts).encode() + voice.embedding.tobytes())
        return digest.hexdigest()[:24]


def mel_picture(mel: npt.NDArray[np.float32]) -> bytes:
    """A log-mel ``(M, F)`` in nats as a PNG with a palette of ``LEVELS`` colors."""
    from matplotlib import colormaps
    from PIL import Image

    low = float(mel.max()) - MEL_RANGE_NATS
    share = np.clip((mel - low) / MEL_RANGE_NATS, 0.0, 1.0)
    levels = np.round(share[::-1] * (LEVELS - 1)).astype(np.uint8)
    colors = colormaps["viridis"](np.linspace(0.0, 1.0, LEVELS), bytes=True)[:, :3]
    picture = Image.fromarray(levels)
    picture.putpalette(colors.tobytes())
    target = io.BytesIO()
    picture.save(target, "PNG", optimize=True)
    return target.getvalue()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
