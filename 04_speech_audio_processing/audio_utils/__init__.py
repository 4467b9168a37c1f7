"""Floor 04: sound. The AudioSpec contract, files, mel, pitch, loudness, activity, augmentation."""

from env_utils import ffmpeg_path

from audio_utils.activity import split_at_pauses, trim_silence, voice_activity
from audio_utils.augment import add_noise, change_gain, low_pass, room_reverb, telephone_band
from audio_utils.augmenter import AugmentConfig, Augmenter
from audio_utils.denoise import reduce_noise
from audio_utils.gate import noise_profile, spectral_gate
from audio_utils.griffin_lim import griffin_lim
from audio_utils.io import load_audio, resample, save_audio
from audio_utils.limiter import limit_peaks, peak_dbfs, true_peak_dbtp
from audio_utils.loudness import loudness_lufs, normalize_loudness, normalize_rms, rms_dbfs
from audio_utils.mel import log_mel_spectrogram, mel_filterbank, mel_spectrogram
from audio_utils.pitch import f0_contour
from audio_utils.quality import Quality, measure_quality, true_snr_db
from audio_utils.segments import Segment, find_segments, write_segments
from audio_utils.spec import DEFAULT_SPEC, AudioSpec
from audio_utils.spectral import mel_distance_db, mfcc, spectrogram
from audio_utils.stretch import change_tempo, pitch_shift

# fmt: off
__all__ = [
    "DEFAULT_SPEC", "AudioSpec", "AugmentConfig", "Augmenter", "Quality", "Segment",
    "add_noise", "change_gain", "change_tempo", "f0_contour", "ffmpeg_path", "find_segments",
    "griffin_lim", "limit_peaks", "load_audio", "log_mel_spectrogram", "loudness_lufs", "low_pass",
    "measure_quality", "mel_distance_db", "mel_filterbank", "mel_spectrogram", "mfcc",
    "noise_profile", "normalize_loudness", "normalize_rms", "peak_dbfs", "pitch_shift",
    "reduce_noise", "resample", "rms_dbfs", "room_reverb", "save_audio", "spectral_gate",
    "spectrogram", "split_at_pauses", "telephone_band", "trim_silence", "true_peak_dbtp",
    "true_snr_db", "voice_activity", "write_segments",
]
# fmt: on
