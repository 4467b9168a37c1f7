"""Using a trained speaker encoder: a recording in, a point on the unit sphere out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec, mel_spectrogram
from env_utils import InputError
from torch import nn
from training_utils import load_checkpoint, load_into

from voice_replication.home import checkpoint_path
from voice_replication.speaker_encoder.model import EncoderModelConfig, build_encoder

Audio = npt.NDArray[np.float32]
Embedding = npt.NDArray[np.float32]

MIN_SECONDS = 0.5
WINDOW_SECONDS = 4.0  # of a long recording; windows overlap by half
SILENCE_DBFS = -60.0  # the loudest tenth of a second of silence is below this
SILENT_LOG_MEL = -5.0  # a mel whose loudest value is below this holds no voice
QUIET_NATS = 3.0  # a window this much (26 dB) below the loudest one is a pause, and is left out


class SpeakerEncoder:
    """A trained encoder. ``M`` mel bins, ``F`` frames, ``T`` samples, ``D`` dimensions."""

    def __init__(self, model: nn.Module, spec: AudioSpec = DEFAULT_SPEC) -> None:
        self.model, self.spec = model.eval(), spec

    @classmethod
    def load(cls, path: Path | None = None) -> SpeakerEncoder:
        """Load ``path``, or the shipped encoder. Raises ``CheckpointError``."""
        path = path or checkpoint_path("encoder")
        tensors, meta = load_checkpoint(path)
        spec = AudioSpec.from_dict(meta["audio"])
        DEFAULT_SPEC.require_match(spec, str(path))
        model = build_encoder(EncoderModelConfig.model_validate(meta["config"]["model"]), spec)
        load_into(model, tensors, path)
        return cls(model, spec)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.model.parameters()).device

    @property
    def size(self) -> int:
        """``D``."""
        return int(self.model.config.embedding_size)  # type: ignore[union-attr, arg-type]

    def embed(self, audio: Audio) -> Embedding:
        """``(T,)`` mono float32 at the spec's rate -> ``(D,)`` float32 of unit length.

        A long recording is cut into windows whose embeddings are averaged. Loudness does not
        matter. Raises ``InputError`` for less than half a second, for silence and for NaN.
        """
        seconds = len(audio) / self.spec.sample_rate
        if seconds < MIN_SECONDS:
            raise InputError(
                f"the recording lasts {seconds:.2f} s; a voice needs at least {MIN_SECONDS} s, and "
                "3 s or more to be recognized well."
            )
        if not np.isfinite(audio).all():
            raise InputError("the recording contains NaN or infinite samples. Export it again.")
        block = self.spec.sample_rate // 10
        blocks = np.asarray(audio[: len(audio) // block * block]).reshape(-1, block)
        loudest = float(np.sqrt(np.mean(np.square(blocks, dtype=np.float64), axis=1)).max())
        if loudest < 10.0 ** (SILENCE_DBFS / 20.0):
            raise InputError(
                "the recording is silent: no tenth of a second of it is louder than "
                f"{SILENCE_DBFS:.0f} dBFS. Check the microphone and record again."
            )
        peak = float(np.abs(audio).max())  # so that the mel's absolute floor means the same
        return self.embed_bins(mel_spectrogram(np.asarray(audio / peak, np.float32), self.spec))

    def embed_mel(self, mel: npt.NDArray[np.float32]) -> Embedding:
        """``(M, F)`` log-mel under the spec -> ``(D,)``, as :meth:`embed`."""
        if mel.ndim != 2 or mel.shape[0] != self.spec.n_mels:
            raise InputError(f"a mel of shape {mel.shape} is not ({self.spec.n_mels}, frames).")
        seconds = mel.shape[1] / self.spec.frames_per_second
        if seconds < MIN_SECONDS:
            raise InputError(f"the mel lasts {seconds:.2f} s; {MIN_SECONDS} s are the least.")
        if not np.isfinite(mel).all() or float(mel.max()) < SILENT_LOG_MEL:
            raise InputError("the mel is silent or contains NaN; there is no voice in it.")
        return self.embed_bins(mel)

    def embed_many(self, recordings: Sequence[Audio]) -> Embedding:
        """The average of several recordings of one speaker, ``(D,)`` of unit length."""
        if not recordings:
            raise InputError("a voice needs at least one recording.")
        return _unit(np.mean([self.embed(audio) for audio in recordings], axis=0))

    @torch.inference_mode()
    def embed_bins(self, mel: npt.NDArray[np.float32]) -> Embedding:
        """``(N or more, F)`` log-mel, unchecked -> ``(D,)``: the lowest N bins are all it needs."""
        windows = torch.from_numpy(cut_windows(mel, self.spec))
        return _unit(self.model(windows.to(self.device)).mean(dim=0).cpu().numpy())


def cut_windows(mel: npt.NDArray[np.float32], spec: AudioSpec) -> npt.NDArray[np.float32]:
    """``(M, F)`` -> ``(W, M, F')``: evenly spaced windows that overlap by about half.

    Windows that are pauses are left out::

        frames    0 ............................... F
        windows   [--------]
                       [--------]
                            ...          [--------]
    """
    frames, length = mel.shape[1], round(WINDOW_SECONDS * spec.frames_per_second)
    if frames <= 1.5 * length:  # two windows would mostly hold the same: twice the time for nothing
        return mel[None]
    count = -(-2 * (frames - length) // length) + 1
    starts = np.linspace(0, frames - length, count).round().astype(int)
    windows = np.stack([mel[:, s : s + length] for s in starts])
    loudness = np.log(np.exp(windows).mean(axis=(1, 2)))
    return np.asarray(windows[loudness > loudness.max() - QUIET_NATS])


def _unit(vector: npt.NDArray[np.float32]) -> Embedding:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), dtype=np.float32)
