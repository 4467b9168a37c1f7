"""Does an independent listener understand it? Speech recognition and word error rate.

The recognizers know nothing of our models. PocketSphinx is always at hand (its US English model is
inside its wheel); it mishears about three words in ten of clear read speech, so its error rate
means something only beside that of real recordings. Whisper is far better, when its weights are on
this machine: nothing here downloads anything.

Both sides are folded before they are compared (numbers to words, lower case, no punctuation), so
that only what was *said* counts, not how it is spelled.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from audio_utils import resample
from env_utils import InputError, MissingDependencyError
from text_utils import normalize_text

Audio = npt.NDArray[np.float32]

RECOGNIZER_RATE = 16_000  # Hz
SILENT_PEAK = 1e-4
PEAK = 0.9  # every recording is brought to this peak first: loudness must not decide
EDGE_SECONDS = 0.2  # silence added at both ends: trimmed speech starts too suddenly for a decoder


class Recognizer(Protocol):
    """Turns speech into text."""

    name: str

    def transcribe(self, audio: Audio, sample_rate: int) -> str:
        """The words heard in ``(T,)`` audio, possibly ``""``; the same every time."""
        ...


def fold_text(text: str) -> str:
    """What of a text is comparable: its words in lower case, without punctuation.

    >>> fold_text("Mr. Smith's 2 dogs — well-fed!")
    "mister smith's two dogs well fed"
    """
    plain = unicodedata.normalize("NFKD", normalize_text(text)).lower()
    plain = plain.replace("’", "'").replace("‘", "'")
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    words = re.sub(r"[^a-z0-9']+", " ", plain).split()
    stripped = [word.strip("'") for word in words]
    return " ".join(word for word in stripped if word)


def word_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """(wrong, total): substitutions, deletions and insertions, and the words of the reference.

    Both texts are folded first. Add them up over many sentences before dividing: an average of
    sentence rates would let short sentences decide.
    """
    try:
        import jiwer
    except ImportError as error:
        raise missing_eval("jiwer") from error
    wanted, heard = fold_text(reference), fold_text(hypothesis)
    if not wanted:
        return len(heard.split()), 0
    result = jiwer.process_words(wanted, heard)
    wrong = result.substitutions + result.deletions + result.insertions
    return int(wrong), len(wanted.split())


def word_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Wrong words / words of all ``references`` (0 is perfect, above 1 is possible)."""
    if len(references) != len(hypotheses):
        raise InputError(f"{len(references)} references, but {len(hypotheses)} hypotheses.")
    pairs = [word_errors(r, h) for r, h in zip(references, hypotheses, strict=True)]
    words = sum(total for _, total in pairs)
    if words == 0:
        raise InputError("word error rate: the reference texts contain no words.")
    return sum(wrong for wrong, _ in pairs) / words


class PocketSphinxRecognizer:
    """PocketSphinx 5 with the model of its wheel (5000-state semi-continuous HMM, trigrams)."""

    name = "PocketSphinx 5 (en-us)"

    def __init__(self) -> None:
        self._decoder = pocketsphinx().Decoder(
            samprate=RECOGNIZER_RATE, loglevel="FATAL", cmn="batch"
        )

    def transcribe(self, audio: Audio, sample_rate: int) -> str:
        """See :class:`Recognizer`. About five times real time on one core."""
        if audio.size == 0 or float(np.abs(audio).max()) < SILENT_PEAK:
            return ""  # digital silence: the decoder would imagine a word
        decode(self._decoder, pcm16(audio, sample_rate))
        hypothesis = self._decoder.hyp()
        return str(hypothesis.hypstr) if hypothesis else ""


class WhisperRecognizer:
    """Whisper (A. Radford et al., 2022) through transformers, with weights already on the disk.

    ``model`` is a folder, or a name such as ``openai/whisper-small.en`` that is in the Hugging Face
    cache. Raises ``MissingDependencyError`` without transformers, ``InputError`` without weights.
    """

    def __init__(self, model: str | Path = "openai/whisper-small.en") -> None:
        try:
            import transformers
        except (ImportError, OSError, RuntimeError) as error:
            raise MissingDependencyError(
                'Whisper needs transformers; run: pip install "voice-cloning-pipeline[hf]"'
            ) from error
        transformers.utils.logging.set_verbosity_error()
        try:
            self._processor: Any = transformers.WhisperProcessor.from_pretrained(
                str(model), local_files_only=True
            )
            self._model: Any = transformers.WhisperForConditionalGeneration.from_pretrained(
                str(model), local_files_only=True
            ).eval()
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"Whisper '{model}': no such weights on this machine. Give a folder that holds "
                "them, fetch them into the Hugging Face cache first, or use PocketSphinx."
            ) from error
        multilingual = getattr(self._model.generation_config, "is_multilingual", False)
        self._english = {"language": "en", "task": "transcribe"} if multilingual else {}
        self.name = f"Whisper ({Path(str(model)).name})"

    def transcribe(self, audio: Audio, sample_rate: int) -> str:
        """See :class:`Recognizer`. Greedy decoding; longer than 30 s is cut into pieces."""
        import torch

        speech = resample(audio, sample_rate, RECOGNIZER_RATE)
        pieces = np.array_split(speech, max(1, -(-len(speech) // (29 * RECOGNIZER_RATE))))
        texts = []
        for piece in pieces:
            inputs = self._processor(piece, sampling_rate=RECOGNIZER_RATE, return_tensors="pt")
            with torch.inference_mode():
                ids = self._model.generate(
                    inputs.input_features, num_beams=1, do_sample=False, **self._english
                )
            texts.append(self._processor.batch_decode(ids, skip_special_tokens=True)[0].strip())
        return " ".join(texts)


def load_recognizer(whisper: str | Path | None = None) -> Recognizer:
    """Whisper if a model is named (it must be there: no silent fall-back), else PocketSphinx."""
    return WhisperRecognizer(whisper) if whisper else PocketSphinxRecognizer()


def pcm16(audio: Audio, sample_rate: int) -> bytes:
    """``(T,)`` float audio as 16-bit PCM at 16 kHz, peak 0.9, with silence at both ends."""
    speech = resample(audio, sample_rate, RECOGNIZER_RATE)
    peak = float(np.abs(speech).max()) if speech.size else 0.0
    speech = speech * (PEAK / max(peak, SILENT_PEAK))
    edge = np.zeros(int(EDGE_SECONDS * RECOGNIZER_RATE), dtype=np.float32)
    return (np.concatenate([edge, speech, edge]) * 32767.0).astype("<i2").tobytes()


def decode(decoder: Any, pcm: bytes) -> None:
    """Run one whole utterance, from a clean state: results must not depend on what came before."""
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()


@lru_cache(maxsize=1)
def pocketsphinx() -> Any:
    """The module, or ``MissingDependencyError``."""
    try:
        import pocketsphinx as module
    except ImportError as error:
        raise missing_eval("pocketsphinx") from error
    return module


def missing_eval(package: str) -> MissingDependencyError:
    """The error for an absent package of the extra ``eval``."""
    return MissingDependencyError(
        f'{package} is not installed; run: pip install "voice-cloning-pipeline[eval]"'
    )
