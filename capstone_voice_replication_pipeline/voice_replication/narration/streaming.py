"""Speech as it is made: chunks of audio that can be played while the rest is still computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from voice_replication.narration.line_audio import Finishing, PreparedLine
from voice_replication.narration.loudness import HEAD_FRAMES

if TYPE_CHECKING:
    from voice_replication.vocoder.inference import Vocoder

Audio = npt.NDArray[np.float32]

CHUNK_FRAMES = 128  # 1.4 s: little is computed twice at the seams


def stream_lines(lines: Iterable[tuple[int, PreparedLine]], vocoder: Vocoder) -> Iterator[Audio]:
    """Audio chunks of ``lines``, each given with the samples of silence before it.

    The first chunk of a line is what its gain is measured on, so everything that shapes the sound
    is known when it leaves, and the result is that of decoding whole lines.
    """
    for silence, line in lines:
        if silence:
            yield np.zeros(silence, np.float32)
        finishing = Finishing(line)
        for chunk in vocoder.stream(
            line.mel, line.f0_hz, first_frames=HEAD_FRAMES, chunk_frames=CHUNK_FRAMES
        ):
            yield finishing.push(chunk)
