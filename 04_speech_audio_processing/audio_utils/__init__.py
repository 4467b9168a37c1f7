"""Floor 04: sound. The AudioSpec contract, files, mel, pitch, loudness, activity, augmentation."""

from audio_utils.io import ffmpeg_path, load_audio, resample, save_audio
from audio_utils.mel import log_mel_spectrogram, mel_filterbank, mel_spectrogram
from audio_utils.pitch import f0_contour
from audio_utils.spec import DEFAULT_SPEC, AudioSpec

__all__ = [
    "DEFAULT_SPEC",
    "AudioSpec",
    "f0_contour",
    "ffmpeg_path",
    "load_audio",
    "log_mel_spectrogram",
    "mel_filterbank",
    "mel_spectrogram",
    "resample",
    "save_audio",
]
