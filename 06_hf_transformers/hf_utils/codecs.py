"""Neural codecs: sound as a few hundred whole numbers a second, and back.

EnCodec, DAC and Mimi through ``transformers``, with one way to call all three. Codes have the shape
``(K, F)``: ``K`` codebooks, of which each refines what the ones before it left over, and ``F``
frames. One code is a number from 0 to ``codebook_size - 1``.
Sources: Zeghidour et al. 2021 (residual vector quantization, SoundStream), Défossez et al. 2022
(EnCodec), Kumar et al. 2023 (DAC), Défossez et al. 2024 (Mimi, in "Moshi").
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from audio_utils import resample
from env_utils import InputError
from numpy.typing import NDArray

from hf_utils.loading import Loaded, Source, load_or_build, quiet_transformers

HUB_NAMES = {
    "encodec": "facebook/encodec_24khz",
    "dac": "descript/dac_24khz",
    "mimi": "kyutai/mimi",
}


@dataclass(frozen=True)
class Codec:
    """A codec ready to use. ``source`` tells published weights from random ones."""

    kind: str
    model: Any
    source: Source
    sample_rate: int
    hop_length: int  # samples per frame
    codebooks: int  # the most that it can use
    codebook_size: int

    @property
    def trained(self) -> bool:
        """False when the weights are random: shapes and bit rates hold, the sound does not."""
        return self.source in {"cache", "hub"}

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop_length

    def bits_per_second(self, codebooks: int | None = None) -> float:
        """What a second of codes costs: codebooks × log2(size) × frames per second."""
        return (codebooks or self.codebooks) * math.log2(self.codebook_size) * self.frame_rate

    @torch.no_grad()
    def encode(
        self, audio: NDArray[np.float32], sample_rate: int, codebooks: int | None = None
    ) -> NDArray[np.int64]:
        """Codes ``(codebooks, frames)`` of mono ``audio (T,)`` at any ``sample_rate``.

        The sound is resampled to the codec's own rate and filled up with silence to whole frames.
        ``codebooks`` takes fewer than all: the coarse ones come first. Raises ``InputError`` for an
        empty or stereo signal or a number of codebooks that the codec does not have.
        """
        if audio.ndim != 1 or not len(audio):
            raise InputError(f"a codec wants mono samples (T,), not an array of {audio.shape}.")
        wanted = self.codebooks if codebooks is None else codebooks
        if not 1 <= wanted <= self.codebooks:
            raise InputError(f"{wanted} codebooks: {self.kind} has 1 to {self.codebooks}.")
        at_rate = resample(audio, sample_rate, self.sample_rate)
        frames = -(-len(at_rate) // self.hop_length)
        padded = np.pad(at_rate, (0, frames * self.hop_length - len(at_rate)))
        values = torch.from_numpy(padded.astype(np.float32))[None, None]
        if self.kind == "encodec":
            top = self.model.config.target_bandwidths[-1]
            codes = self.model.encode(values, bandwidth=top).audio_codes[0, 0]
        else:
            codes = self.model.encode(values).audio_codes[0]
        return np.asarray(codes[:wanted, :frames].cpu().numpy(), np.int64)

    @torch.no_grad()
    def decode(self, codes: NDArray[np.int64]) -> NDArray[np.float32]:
        """Mono float32 samples ``(F * hop_length,)`` at ``self.sample_rate`` from ``codes (K, F)``.

        Raises ``InputError`` for codes of another shape or outside the codebook.
        """
        if codes.ndim != 2 or not 1 <= codes.shape[0] <= self.codebooks or not codes.shape[1]:
            raise InputError(f"codes must be (1 to {self.codebooks}, frames), not {codes.shape}.")
        if codes.min() < 0 or codes.max() >= self.codebook_size:
            raise InputError(f"codes run from 0 to {self.codebook_size - 1}.")
        tensor = torch.from_numpy(np.ascontiguousarray(codes))[None]
        if self.kind == "encodec":
            values = self.model.decode(tensor[None], [None]).audio_values
        else:
            values = self.model.decode(audio_codes=tensor).audio_values
        wave = values.reshape(-1).cpu().numpy().astype(np.float32)
        length = codes.shape[1] * self.hop_length
        return np.pad(wave[:length], (0, max(0, length - len(wave))))  # DAC comes out a bit short


def load_codec(
    kind: str = "encodec", *, seed: int = 0, say: Callable[[str], None] = print
) -> Codec:
    """The codec ``encodec``, ``dac`` or ``mimi``: published weights where they can be had.

    Otherwise a small one **with random weights**, which is said in a line and in
    ``Codec.trained``: good for shapes, bit rates and tests, not for listening. ``InputError`` for
    another name.
    """
    if kind not in HUB_NAMES:
        raise InputError(f"codec '{kind}': there are {', '.join(HUB_NAMES)}.")
    loaded: Loaded[Any] = load_or_build(
        HUB_NAMES[kind], lambda folder: _load(kind, folder), lambda: _random(kind, seed), say=say
    )
    if not loaded.pretrained:
        say(f"({kind}: random weights. Shapes and bit rates are real, the sound is not.)")
    config = loaded.value.config
    return Codec(
        kind=kind,
        model=loaded.value,
        source=loaded.source,
        sample_rate=int(config.sampling_rate),
        hop_length=int(config.frame_size if kind == "mimi" else config.hop_length),
        codebooks=_codebooks(kind, config),
        codebook_size=int(config.codebook_size),
    )


def _codebooks(kind: str, config: Any) -> int:
    """How many codebooks the codec has; EnCodec says it as the highest bandwidth in kbit/s."""
    if kind == "encodec":
        bits_per_frame = config.target_bandwidths[-1] * 1000 / config.frame_rate
        return int(bits_per_frame / math.log2(config.codebook_size))
    return int(config.n_codebooks if kind == "dac" else config.num_quantizers)


def _load(kind: str, folder: Path) -> Any:
    import transformers

    name = {"encodec": "EncodecModel", "dac": "DacModel", "mimi": "MimiModel"}[kind]
    with quiet_transformers():
        model = getattr(transformers, name).from_pretrained(folder, local_files_only=True)
    return model.eval()


def _random(kind: str, seed: int) -> Any:
    """A small codec of the kind at 24 kHz, weights drawn from ``seed``."""
    from transformers import DacConfig, DacModel, EncodecConfig, EncodecModel, MimiConfig, MimiModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if kind == "encodec":
            small: Any = EncodecModel(
                EncodecConfig(num_filters=4, hidden_size=32, codebook_dim=32, num_lstm_layers=1)
            )
        elif kind == "dac":
            small = DacModel(
                DacConfig(
                    encoder_hidden_size=4,
                    decoder_hidden_size=64,
                    downsampling_ratios=[2, 4, 5, 8],
                    upsampling_ratios=[8, 5, 4, 2],
                    sampling_rate=24_000,
                )
            )
        else:
            small = MimiModel(
                MimiConfig(
                    num_filters=4,
                    hidden_size=64,
                    num_hidden_layers=1,
                    num_attention_heads=2,
                    num_key_value_heads=2,
                    head_dim=32,
                    intermediate_size=64,
                    codebook_dim=16,
                    vector_quantization_hidden_dimension=16,
                    upsample_groups=64,
                )
            )
        _scatter_codebooks(small.eval(), kind)
    return small


@torch.no_grad()
def _scatter_codebooks(model: Any, kind: str) -> None:
    """Random entries where untrained codebooks hold zeros, EnCodec's where its latents lie.

    Otherwise every frame would get the same code, and nothing could be seen in the codes.
    """
    mean, spread = torch.zeros(1), torch.ones(1)
    if kind == "encodec":
        latents = model.encoder(0.1 * torch.randn(1, 1, 12_000))[0]  # (D, F)
        mean, spread = latents.mean(dim=1), latents.std(dim=1)
    for name, buffer in model.named_buffers():
        if name.endswith(("codebook.embed", "codebook.embed_sum")):
            buffer.copy_(mean + spread * torch.randn_like(buffer))
            mean, spread = torch.zeros_like(mean), 0.8 * spread  # the next one refines what is left
