"""Floor 04: sound. The AudioSpec contract, files, mel, pitch, loudness, activity, augmentation."""

from audio_utils.activity import split_at_pauses, trim_silence, voice_activity
from audio_utils.io import ffmpeg_path, load_audio, resample, save_audio
from audio_utils.loudness import loudness_lufs, normalize_loudness, rms_dbfs
from audio_utils.mel import log_mel_spectrogram, mel_filterbank, mel_spectrogram
from audio_utils.pitch import f0_contour
from audio_utils.quality import Quality, measure_quality
from audio_utils.spec import DEFAULT_SPEC, AudioSpec

__all__ = [
    "DEFAULT_SPEC",
    "AudioSpec",
    "Quality",
    "f0_contour",
    "ffmpeg_path",
    "load_audio",
    "log_mel_spectrogram",
    "loudness_lufs",
    "measure_quality",
    "mel_filterbank",
    "mel_spectrogram",
    "normalize_loudness",
    "resample",
    "rms_dbfs",
    "save_audio",
    "split_at_pauses",
    "trim_silence",
    "voice_activity",
]
