"""Forced alignment by an independent recognizer: are these words in this recording, and where?

PocketSphinx is given the words and has to find them; if no path through their phones explains the
sound, it fails. Success is a coarse test (about two in five recordings also "succeed" with the text
of another recording, if that one is not longer), so it says only that nothing went badly wrong:
words skipped, speech broken off, babble. Word error rate is the finer measure. The word times are
good to about 20 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from text_utils import pronounce

from voice_replication.evaluation.recognition import (
    EDGE_SECONDS,
    RECOGNIZER_RATE,
    decode,
    fold_text,
    pcm16,
    pocketsphinx,
)

Audio = npt.NDArray[np.float32]

_FRAME_SECONDS = 0.01


@dataclass(frozen=True)
class AlignedWord:
    """One word and when it was spoken, in seconds from the start of the recording."""

    text: str
    start: float
    end: float


class PocketSphinxAligner:
    """Finds given words in a recording. One object may be used for any number of recordings."""

    def __init__(self) -> None:
        self._decoder = pocketsphinx().Decoder(
            samprate=RECOGNIZER_RATE, loglevel="FATAL", cmn="batch", lm=None
        )

    def align(self, audio: Audio, sample_rate: int, text: str) -> list[AlignedWord] | None:
        """When each word of ``text`` is spoken in ``(T,)`` audio; None if the words do not fit.

        Words that PocketSphinx does not know are added with the pronunciation of
        ``text_utils.pronounce``. A text without words fits nothing.
        """
        words = fold_text(text).split()
        if not words or audio.size == 0:
            return None
        for word in words:
            self._learn(word)
        self._decoder.set_align_text(" ".join(words))
        decode(self._decoder, pcm16(audio, sample_rate))
        if self._decoder.hyp() is None:
            return None
        last = len(audio) / sample_rate
        found = []
        for segment in self._decoder.seg():
            name = segment.word.partition("(")[0]  # "read(2)" is the second pronunciation
            if name.startswith(("<", "[")):  # silence, start, end, noise
                continue
            start = segment.start_frame * _FRAME_SECONDS - EDGE_SECONDS
            end = (segment.end_frame + 1) * _FRAME_SECONDS - EDGE_SECONDS
            found.append(AlignedWord(name, min(max(0.0, start), last), min(max(0.0, end), last)))
        return found if [word.text for word in found] == words else None

    def _learn(self, word: str) -> None:
        """Add ``word`` to the decoder's dictionary unless it is there."""
        if self._decoder.lookup_word(word) is not None:
            return
        phones = [phone.rstrip("012") for part in pronounce(word) for phone in part.phones]
        if not phones:
            phones = ["AH"]  # a stray sign: some sound, so that the rest can still be aligned
        self._decoder.add_word(word, " ".join(phones), True)
