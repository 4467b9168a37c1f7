"""Features for other tools and for the eye: MFCCs and spectrograms, mels as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from audio_utils import DEFAULT_SPEC, f0_contour, load_audio, mel_spectrogram
from audio_utils.plots import plot_mel
from audio_utils.spectral import mfcc_of_mel, spectrogram
from data_utils import Utterance
from env_utils import atomic_path
from tqdm import tqdm


def export_features(utterances: Sequence[Utterance], folder: Path) -> None:
    """Write ``<utterance>.npz`` and ``<utterance>.png`` for each of ``utterances``.

    The archive holds ``mel (M, F)`` natural log, ``mfcc (13, F)``, ``spectrogram (K, F)`` magnitude
    and ``f0_hz (F,)`` (0: unvoiced), all float32. Existing files are kept.
    """
    for utterance in tqdm(utterances, desc="exporting", unit="utterance", disable=None):
        target = folder / f"{utterance.id}.npz"
        if target.is_file():
            continue
        audio = load_audio(utterance.path, DEFAULT_SPEC.sample_rate)
        mel = mel_spectrogram(audio, DEFAULT_SPEC)
        f0_hz = f0_contour(audio, DEFAULT_SPEC)
        picture = target.with_suffix(".png")
        plot_mel(mel, DEFAULT_SPEC, path=picture, title=utterance.id, f0_hz=f0_hz)
        with atomic_path(target) as temporary:
            np.savez_compressed(
                temporary,
                mel=mel,
                mfcc=mfcc_of_mel(mel),
                spectrogram=spectrogram(audio, DEFAULT_SPEC),
                f0_hz=f0_hz,
            )
