"""Speech as it is made: chunks of audio that can be played while the rest is still computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from voice_replication.narration.line_audio import PreparedLine

if TYPE_CHECKING:
    from voice_replication.vocoder.inference import Vocoder

Audio = npt.NDArray[np.float32]

FIRST_FRAMES = 24  # a quarter of a second: decoded quickly, and enough to play until the next
CHUNK_FRAMES = 128  # 1.4 s: little is computed twice at the seams


def stream_lines(lines: Iterable[tuple[int, PreparedLine]], vocoder: Vocoder) -> Iterator[Audio]:
    """Audio chunks of ``lines``, each given with the samples of silence before it.

    The first chunk of every line is short. ``PreparedLine`` has all that shapes the sound (gain,
    fades, times) before the first sample exists, so the result is that of decoding whole lines.
    """
    for silence, line in lines:
        if silence:
            yield np.zeros(silence, np.float32)
        offset = 0
        for chunk in vocoder.stream(line.mel, FIRST_FRAMES, CHUNK_FRAMES):
            yield line.finish(chunk, offset)
            offset += len(chunk)
