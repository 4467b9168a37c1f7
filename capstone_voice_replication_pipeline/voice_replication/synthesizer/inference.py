"""Using a trained synthesizer: words and a speaker embedding in, a mel with its timing out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec
from env_utils import CheckpointError, InputError
from text_utils import Symbols, Word, pronounce
from text_utils.phrasing import phrase
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from training_utils import load_checkpoint, load_into

from voice_replication.home import checkpoint_path
from voice_replication.synthesizer import model as network
from voice_replication.synthesizer.average_spectrum import (
    SENTENCES,
    Correction,
    voice_correction,
)
from voice_replication.synthesizer.harmonics import frame_pitch
from voice_replication.synthesizer.intonation import TYPICAL_SPREAD, melody, symbol_means
from voice_replication.synthesizer.model import LOG_F0_CENTER, Prosody, SynthesizerConfig
from voice_replication.synthesizer.pauses import pause_frames
from voice_replication.synthesizer.rare_symbols import known_ids
from voice_replication.timbre import Timbre

Floats = npt.NDArray[np.float32]

KEPT_CORRECTIONS = 64  # voices whose timbre is remembered: 2 kB each
LONGEST_PAUSE_SECONDS = 0.55  # inside a sentence: nobody asked for a longer one
LONGEST_PHONE_SECONDS = 0.5


@dataclass(frozen=True, eq=False)
class Request:
    """One sentence to speak.

    ``embedding (E,)`` unit length; ``speed`` 0.5 to 2; ``f0_median_hz`` the voice's median pitch,
    guessed from the embedding when not given; ``f0_spread`` the log distance between its 5th and
    95th percentile, a typical one when not given; ``seed`` chooses among renderings of models that
    sample (the feedforward one is deterministic); ``timbre`` the average spectrum of the voice's
    recordings, if it is known.
    """

    words: Sequence[Word]
    embedding: Floats
    speed: float = 1.0
    pitch_semitones: float = 0.0
    f0_median_hz: float | None = None
    f0_spread: float | None = None
    seed: int = 0
    timbre: Timbre | None = None


@dataclass(frozen=True)
class Synthesis:
    """One spoken sentence: ``mel (M, F)`` float32; for each symbol of ``ids`` its ``durations``
    in frames; ``f0_hz (F,)`` the pitch of each frame, 0 where unvoiced (None: not known)."""

    mel: Floats
    durations: npt.NDArray[np.int64]
    ids: list[int]
    f0_hz: Floats | None


class Synthesizer:
    """A trained synthesizer, ready to speak: the feedforward one that ships, or what
    :meth:`load` finds in the checkpoint (``architecture: tacotron``)."""

    def __init__(
        self, model: network.Synthesizer, symbols: Symbols, encoder: str, device: str = "cpu"
    ) -> None:
        self.model = model.eval().to(device)
        self.symbols, self.encoder, self.device = symbols, encoder, device
        self._corrections: dict[bytes, Correction] = {}

    @classmethod
    def load(
        cls, path: Path | None = None, delta: Path | None = None, device: str = "cpu"
    ) -> Synthesizer:
        """Load ``path``, or the shipped synthesizer, and add a fine-tuned voice's ``delta``.

        Raises ``CheckpointError``: damaged, another AudioSpec or alphabet, or a delta that was
        made for another base model.
        """
        path = path or checkpoint_path("synthesizer")
        tensors, meta = load_checkpoint(path)
        DEFAULT_SPEC.require_match(AudioSpec.from_dict(meta["audio"]), str(path))
        symbols = Symbols.from_dict(meta["symbols"])
        architecture = meta["config"].get("architecture", "feedforward")
        if architecture not in ("feedforward", "tacotron"):
            raise CheckpointError(
                f"{path}: architecture '{architecture}' is not known here, only feedforward and "
                "tacotron. Use the version that wrote it."
            )
        if architecture == "tacotron":
            from voice_replication.synthesizer.tacotron_inference import TacotronSynthesizer

            return TacotronSynthesizer.from_checkpoint(path, tensors, meta, delta, device)
        if delta is not None:
            changes, delta_meta = load_checkpoint(delta)
            if delta_meta.get("base_step") != meta["step"]:
                raise CheckpointError(
                    f"{delta}: this voice was adapted to another synthesizer (step "
                    f"{delta_meta.get('base_step')}; this one is of step {meta['step']}). "
                    "Enroll or fine-tune it again."
                )
            tensors = {n: t + changes[n] if n in changes else t for n, t in tensors.items()}
        config = SynthesizerConfig.model_validate(meta["config"]["model"])
        model = network.Synthesizer(config, len(symbols), DEFAULT_SPEC)
        load_into(model, network.in_use(tensors), path)
        return cls(model, symbols, str(meta["encoder"]), device)

    @staticmethod
    def check_request(words: Sequence[Word], speed: float) -> None:
        """Raise ``InputError`` for no words, or a speed that is not speech any more."""
        if not words:
            raise InputError("there is nothing to speak in this text.")
        if not 0.5 <= speed <= 2.0:
            raise InputError(f"speed {speed}: choose a value between 0.5 and 2.")

    def synthesize(
        self,
        words: Sequence[Word],
        embedding: Floats,
        *,
        speed: float = 1.0,
        pitch_semitones: float = 0.0,
        f0_median_hz: float | None = None,
        f0_spread: float | None = None,
        seed: int = 0,
        timbre: Timbre | None = None,
    ) -> Synthesis:
        """Speak one sentence; the arguments are those of :class:`Request`.

        Raises ``InputError`` for no words, or a speed out of range.
        """
        request = Request(
            words, embedding, speed, pitch_semitones, f0_median_hz, f0_spread, seed, timbre
        )
        return self.synthesize_many([request])[0]

    @torch.inference_mode()
    def synthesize_many(self, requests: Sequence[Request]) -> list[Synthesis]:
        """Speak several sentences in one pass of the network; each as if it were alone.

        Masks and gaps keep them apart, so that only the rounding of sums differs (below 1e-3 of
        the log-mel). Raises as :meth:`synthesize`.
        """
        for request in requests:
            self.check_request(request.words, request.speed)
        return [
            Synthesis(self._correction(request).apply(mel, f0_hz), durations, ids, f0_hz)
            for request, (mel, durations, ids, f0_hz) in zip(
                requests, self._uncorrected(requests), strict=True
            )
        ]

    def _uncorrected(
        self, requests: Sequence[Request]
    ) -> list[tuple[Floats, npt.NDArray[np.int64], list[int], Floats]]:
        """What the network itself says to ``requests``: mel, durations, symbols and F0 of each."""
        written = [self.symbols.encode(phrase(request.words)) for request in requests]
        ids = [known_ids(row, self.symbols) for row in written]
        tokens = self._padded([torch.tensor(row) for row in ids])
        mask = self._padded([torch.ones(len(row)) for row in ids])
        embeddings = np.stack([r.embedding for r in requests]).astype(np.float32)
        speaker = torch.from_numpy(embeddings).to(self.device)
        hidden = self.model.encode(tokens, speaker, mask)
        log_duration = self.model.duration(hidden, speaker, mask)[..., 0].cpu()
        frames = [
            self._durations(row, log_duration[place, : len(row)], request.speed)
            for place, (row, request) in enumerate(zip(written, requests, strict=True))
        ]
        prosody = self.model.predict_prosody(hidden, speaker, mask)
        voiced = (prosody.voicing > 0.5).cpu().numpy()
        moved = [
            melody(
                request.words,
                self.symbols.decode(row),
                prosody.log_f0[place, : len(row)].cpu().numpy(),
                voiced[place, : len(row)],
                frames[place],
                request.f0_spread or TYPICAL_SPREAD,
            )
            for place, (row, request) in enumerate(zip(ids, requests, strict=True))
        ]
        median = self._medians(requests, speaker)
        level = self._padded([torch.from_numpy(log_f0) for log_f0, _ in moved])
        symbol_f0 = (level + median[:, None]).exp().cpu().numpy() * voiced
        f0_hz = [
            frame_pitch(symbol_f0[place, : len(row)], frames[place]) * np.exp(moved[place][1])
            for place, row in enumerate(ids)
        ]
        risen = [
            torch.from_numpy(log_f0 + symbol_means(rise, frames[place]))
            for place, (log_f0, rise) in enumerate(moved)
        ]
        prosody = Prosody(self._padded(risen), prosody.voicing, prosody.energy)
        durations = self._padded([torch.from_numpy(row) for row in frames])
        pitch = self._padded([torch.from_numpy(row) for row in f0_hz])
        mels = self.model.decode_many(hidden, durations, prosody, median, speaker, pitch)
        return [
            (np.asarray(mel.cpu().numpy(), np.float32), frames[place], ids[place], f0_hz[place])
            for place, mel in enumerate(mels)
        ]

    def _correction(self, request: Request) -> Correction:
        """What the voice of ``request`` lacks in this model, measured when it first speaks."""
        timbre = b"" if request.timbre is None else request.timbre.to_array().tobytes()
        about = repr((request.f0_median_hz, request.f0_spread)).encode()
        key = request.embedding.tobytes() + timbre + about
        if key not in self._corrections:
            plain = replace(request, speed=1.0, pitch_semitones=0.0)
            heard = self._uncorrected([replace(plain, words=pronounce(s)) for s in SENTENCES])
            while len(self._corrections) >= KEPT_CORRECTIONS:
                self._corrections.pop(next(iter(self._corrections)), None)
            self._corrections[key] = voice_correction(
                request.timbre, [mel for mel, *_ in heard], [f0_hz for *_, f0_hz in heard]
            )
        return self._corrections[key]

    def _padded(self, rows: Sequence[Tensor]) -> Tensor:
        """Rows of any length as one tensor, zeros behind the shorter ones."""
        return torch.as_tensor(pad_sequence(list(rows), batch_first=True).to(self.device))

    def _medians(self, requests: Sequence[Request], speaker: Tensor) -> Tensor:
        """Log of the median pitch that each request is spoken with, ``(B,)``."""
        guessed = self.model.speaker_f0(speaker)[:, 0] + LOG_F0_CENTER
        rows = [
            guess
            if request.f0_median_hz is None
            else guess.new_tensor(np.log(request.f0_median_hz))
            for guess, request in zip(guessed, requests, strict=True)
        ]
        shifts = [request.pitch_semitones * np.log(2.0) / 12.0 for request in requests]
        return torch.as_tensor(torch.stack(rows) + guessed.new_tensor(shifts))

    def _durations(
        self, ids: Sequence[int], log_duration: Tensor, speed: float
    ) -> npt.NDArray[np.int64]:
        """Whole frames for the written ``ids``: rounding errors are carried on, so that the total
        stays right."""
        frames_per_second = DEFAULT_SPEC.frames_per_second
        frames = (log_duration.exp() - 1).clamp(min=0).numpy()
        frames = pause_frames(ids, frames, self.symbols) / speed
        durations = np.zeros(len(ids), dtype=np.int64)
        owed = 0.0
        for place, symbol in enumerate(ids):
            silence = self.symbols.is_pause(symbol) or symbol == ids[0]
            limit = LONGEST_PAUSE_SECONDS if silence else LONGEST_PHONE_SECONDS
            wanted = min(float(frames[place]), limit * frames_per_second / speed)
            if silence and wanted < 2.0:
                continue  # shorter than can be heard
            owed += wanted
            durations[place] = max(0 if silence else 1, round(owed))
            owed -= durations[place]
        return durations
