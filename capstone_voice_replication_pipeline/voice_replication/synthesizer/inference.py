"""Using a trained synthesizer: words and a speaker embedding in, a mel with its timing out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC, AudioSpec
from env_utils import CheckpointError, InputError
from text_utils import Symbols, Word
from torch import Tensor
from training_utils import load_checkpoint, load_into

from voice_replication.home import checkpoint_path
from voice_replication.synthesizer import model as network
from voice_replication.synthesizer.harmonics import frame_pitch
from voice_replication.synthesizer.intonation import TYPICAL_SPREAD, raise_question, widen
from voice_replication.synthesizer.model import LOG_F0_CENTER, Prosody, SynthesizerConfig

LONGEST_PAUSE_SECONDS = 0.55  # inside a sentence: nobody asked for a longer one
LONGEST_PHONE_SECONDS = 0.5


@dataclass(frozen=True)
class Synthesis:
    """One spoken sentence: ``mel (M, F)`` float32; for each symbol of ``ids`` its ``durations``
    in frames; ``f0_hz (F,)`` the pitch of each frame, 0 where unvoiced (None: not known)."""

    mel: npt.NDArray[np.float32]
    durations: npt.NDArray[np.int64]
    ids: list[int]
    f0_hz: npt.NDArray[np.float32] | None


class Synthesizer:
    """A trained synthesizer, ready to speak: the feedforward one that ships, or what
    :meth:`load` finds in the checkpoint (``architecture: tacotron``)."""

    def __init__(
        self, model: network.Synthesizer, symbols: Symbols, encoder: str, device: str = "cpu"
    ) -> None:
        self.model = model.eval().to(device)
        self.symbols, self.encoder, self.device = symbols, encoder, device

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
                    f"{delta}: this voice was fine-tuned on another synthesizer (step "
                    f"{delta_meta.get('base_step')}; this one is of step {meta['step']}). "
                    "Fine-tune it again."
                )
            tensors = {n: t + changes[n] if n in changes else t for n, t in tensors.items()}
        config = SynthesizerConfig.model_validate(meta["config"]["model"])
        model = network.Synthesizer(config, len(symbols), DEFAULT_SPEC)
        load_into(model, tensors, path)
        return cls(model, symbols, str(meta["encoder"]), device)

    @staticmethod
    def check_request(words: Sequence[Word], speed: float) -> None:
        """Raise ``InputError`` for no words, or a speed that is not speech any more."""
        if not words:
            raise InputError("there is nothing to speak in this text.")
        if not 0.5 <= speed <= 2.0:
            raise InputError(f"speed {speed}: choose a value between 0.5 and 2.")

    @torch.inference_mode()
    def synthesize(
        self,
        words: Sequence[Word],
        embedding: npt.NDArray[np.float32],
        *,
        speed: float = 1.0,
        pitch_semitones: float = 0.0,
        f0_median_hz: float | None = None,
        f0_spread: float | None = None,
        seed: int = 0,
    ) -> Synthesis:
        """Speak one sentence.

        ``embedding (E,)`` unit length; ``speed`` 0.5 to 2; ``f0_median_hz`` the voice's median
        pitch, guessed from the embedding when not given; ``f0_spread`` the log distance between
        its 5th and 95th percentile, a typical one when not given; ``seed`` chooses among
        renderings of models that sample (this one is deterministic). Raises ``InputError`` for no
        words.
        """
        del seed
        self.check_request(words, speed)
        ids = self.symbols.encode(words)
        tokens = torch.tensor([ids], device=self.device)
        speaker = torch.from_numpy(np.asarray(embedding, dtype=np.float32))[None].to(self.device)
        mask = torch.ones(tokens.shape, device=self.device)
        hidden = self.model.encode(tokens, speaker, mask)
        log_duration = self.model.duration(hidden, speaker, mask)[..., 0]
        durations = self._durations(ids, log_duration[0], speed)
        prosody = self.model.predict_prosody(hidden, speaker, mask)
        prosody = self._intonation(words, ids, prosody, durations, f0_spread or TYPICAL_SPREAD)
        shift = pitch_semitones * np.log(2.0) / 12.0
        if f0_median_hz is not None:
            median = torch.tensor([np.log(f0_median_hz)], dtype=torch.float32, device=self.device)
        else:
            median = self.model.speaker_f0(speaker)[:, 0] + LOG_F0_CENTER
        median = median + shift
        symbol_f0 = (prosody.log_f0 + median).exp() * (prosody.voicing > 0.5)
        frames = np.asarray(durations.cpu().numpy(), dtype=np.int64)
        f0_hz = frame_pitch(symbol_f0[0].cpu().numpy(), frames)
        pitch = torch.from_numpy(f0_hz)[None].to(self.device)
        mel, inside = self.model.decode(hidden, durations[None], prosody, median, speaker, pitch)
        mel = self.model.finish(mel, inside)
        return Synthesis(np.asarray(mel[0].cpu().numpy(), np.float32), frames, ids, f0_hz)

    def _durations(self, ids: Sequence[int], log_duration: Tensor, speed: float) -> Tensor:
        """Whole frames: rounding errors are carried on, so that the total stays right."""
        frames_per_second = DEFAULT_SPEC.frames_per_second
        frames = (log_duration.exp() - 1).clamp(min=0).cpu().numpy() / speed
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
        return torch.from_numpy(durations).to(self.device)

    def _intonation(
        self,
        words: Sequence[Word],
        ids: Sequence[int],
        prosody: Prosody,
        durations: Tensor,
        spread: float,
    ) -> Prosody:
        """``prosody`` of one sentence with the movement of pitch that its voice has."""
        log_f0 = prosody.log_f0[0].cpu().numpy()
        voiced = (prosody.voicing[0] > 0.5).cpu().numpy()
        log_f0 = widen(log_f0, voiced, durations.cpu().numpy(), spread)
        if words[-1].pause == "?":
            names = self.symbols.decode(ids)
            log_f0 = raise_question(log_f0, np.array([name.endswith("1") for name in names]))
        moved = torch.from_numpy(log_f0)[None].to(self.device)
        return Prosody(moved, prosody.voicing, prosody.energy)
