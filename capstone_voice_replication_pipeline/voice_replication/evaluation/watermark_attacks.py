"""What happens to speech between the program that made it and whoever asks where it is from.

Every attack takes ``(T,)`` float32 audio at 24 kHz and gives audio at 24 kHz, about as long unless
it changes the tempo. Codecs are FFmpeg's.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from audio_utils import (
    DEFAULT_SPEC,
    add_noise,
    change_gain,
    change_tempo,
    load_audio,
    low_pass,
    mel_spectrogram,
    normalize_loudness,
    pitch_shift,
    reduce_noise,
    resample,
    room_reverb,
    telephone_band,
)
from audio_utils.augment import pink_noise, white_noise
from env_utils import MissingDependencyError, ffmpeg_path

Audio = npt.NDArray[np.float32]
Attack = Callable[[Audio], Audio]

RATE = DEFAULT_SPEC.sample_rate
SEED = 5
DIRECT_TO_REVERB_DB = 3.0


def through_codec(audio: Audio, suffix: str, *options: str) -> Audio:
    """Encoded by FFmpeg with ``options`` into a file ending in ``suffix``, and decoded again."""
    program = ffmpeg_path()
    if program is None:
        raise MissingDependencyError("codecs need FFmpeg; `pip install imageio-ffmpeg` has one.")
    with tempfile.TemporaryDirectory() as folder:
        plain, coded, back = (Path(folder) / name for name in ("a.wav", f"b.{suffix}", "c.wav"))
        soundfile.write(plain, audio, RATE, "PCM_16")
        quiet = [program, "-v", "error", "-nostdin", "-y", "-i"]
        subprocess.run([*quiet, str(plain), *options, str(coded)], check=True)
        subprocess.run([*quiet, str(coded), "-ar", str(RATE), str(back)], check=True)
        return load_audio(back, RATE)


def at_rate(audio: Audio, rate: int) -> Audio:
    """Resampled to ``rate`` and back."""
    return resample(resample(audio, RATE, rate), rate, RATE)


def louder(audio: Audio, gain_db: float) -> Audio:
    """With another gain, and clipped at full scale as a 16-bit file would be."""
    return np.clip(change_gain(audio, gain_db), -1.0, 1.0)


def played_faster(audio: Audio, factor: float) -> Audio:
    """Tempo and pitch both higher by ``factor``, as on a tape."""
    return resample(audio, round(RATE * factor), RATE)


def on_the_telephone(audio: Audio) -> Audio:
    """300 to 3400 Hz, 8 kHz, 8 bits by the mu-law of G.711."""
    narrow = resample(telephone_band(audio, RATE), RATE, 8000)
    level = np.sign(narrow) * np.log1p(255.0 * np.minimum(1.0, np.abs(narrow))) / np.log(256.0)
    level = np.round(level * 127.0) / 127.0
    narrow = np.sign(level) * np.expm1(np.abs(level) * np.log(256.0)) / 255.0
    return resample(narrow.astype(np.float32), 8000, RATE)


def in_noise(audio: Audio, snr_db: float, pink: bool = False) -> Audio:
    """With steady noise ``snr_db`` below the speech."""
    rng = np.random.default_rng(SEED)
    return add_noise(audio, (pink_noise if pink else white_noise)(len(audio), rng), snr_db)


def in_a_room(audio: Audio, seconds: float) -> Audio:
    """Reverberated, in a room with this reverberation time, from 1 to 2 m away."""
    return room_reverb(audio, RATE, seconds, DIRECT_TO_REVERB_DB, np.random.default_rng(SEED))


def spoken_again(audio: Audio) -> Audio:
    """Its mel through our own vocoder: a new waveform of the same speech."""
    from voice_replication.vocoder.inference import Vocoder

    return Vocoder.load().decode(mel_spectrogram(audio, DEFAULT_SPEC))


def everything(audio: Audio) -> Audio:
    """The required ones one after the other, the quieter of the two gains."""
    changed = louder(at_rate(audio, 16_000), -6.0)
    return MP3_128(OPUS_32(changed))


def _mp3(rate: int) -> Attack:
    return partial(_coded, "mp3", ("-c:a", "libmp3lame", "-b:a", f"{rate}k"))


def _opus(rate: int) -> Attack:
    return partial(_coded, "opus", ("-c:a", "libopus", "-b:a", f"{rate}k"))


def _coded(suffix: str, options: tuple[str, ...], audio: Audio) -> Audio:
    return through_codec(audio, suffix, *options)


MP3_128, OPUS_32 = _mp3(128), _opus(32)

REQUIRED: Mapping[str, Attack] = {
    "nothing": lambda audio: audio,
    "MP3 128 kbit/s": MP3_128,
    "Opus 32 kbit/s": OPUS_32,
    "16 kHz and back": partial(at_rate, rate=16_000),
    "6 dB quieter": partial(louder, gain_db=-6.0),
    "6 dB louder, clipped": partial(louder, gain_db=6.0),
    "16 kHz, 6 dB quieter, Opus, MP3": everything,
}

FURTHER: Mapping[str, Attack] = {
    "MP3 64 kbit/s": _mp3(64),
    "MP3 32 kbit/s": _mp3(32),
    "MP3 16 kbit/s": _mp3(16),
    "Opus 16 kbit/s": _opus(16),
    "Opus 8 kbit/s": _opus(8),
    "AAC 64 kbit/s": partial(_coded, "m4a", ("-c:a", "aac", "-b:a", "64k")),
    "8 kHz and back": partial(at_rate, rate=8000),
    "telephone, mu-law": on_the_telephone,
    "low pass 2 kHz": partial(low_pass, sample_rate=RATE, cutoff_hz=2000.0),
    "loudness -30 LUFS": partial(normalize_loudness, sample_rate=RATE, target_lufs=-30.0),
    "noise reduction": partial(reduce_noise, sample_rate=RATE),
    "white noise, 30 dB": partial(in_noise, snr_db=30.0),
    "white noise, 20 dB": partial(in_noise, snr_db=20.0),
    "white noise, 10 dB": partial(in_noise, snr_db=10.0),
    "pink noise, 10 dB": partial(in_noise, snr_db=10.0, pink=True),
    "room, 0.3 s": partial(in_a_room, seconds=0.3),
    "room, 0.6 s": partial(in_a_room, seconds=0.6),
    "1 % faster and higher": partial(played_faster, factor=1.01),
    "2 % faster and higher": partial(played_faster, factor=1.02),
    "4 % faster and higher": partial(played_faster, factor=1.04),
    "tempo 2 % faster": partial(change_tempo, sample_rate=RATE, factor=1.02),
    "tempo 10 % faster": partial(change_tempo, sample_rate=RATE, factor=1.1),
    "one semitone higher": partial(pitch_shift, sample_rate=RATE, semitones=1.0),
    "mel and vocoder": spoken_again,
}
