"""The demo's pictures: mels, and an alignment that shows which sound and word is where."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC
from text_utils import Symbols
from text_utils.symbols import FIRST_PHONE

from voice_replication.narration.text_to_speech import Speech, SpokenLine
from voice_replication.narration.timestamps import WordTime

Mel = npt.NDArray[np.float32]

MEL_RANGE_NATS = 9.0  # of the pictures: 78 dB from the loudest value down
PIXELS_PER_SECOND = 200.0  # of the alignment: a phone of 60 ms is as wide as its two letters
MEL_HEIGHT = 150
ROW = 13  # of small text; neighbouring sounds take turns in two rows, so that both can be read


@dataclass(frozen=True)
class Segment:
    """A stretch of the alignment; seconds from its start."""

    phone: str
    start: float
    end: float


@dataclass(frozen=True)
class Alignment:
    """What was spoken when: log-mel ``(M, F)``, its phones, and its words."""

    mel: Mel
    phones: Sequence[Segment]
    words: Sequence[WordTime]


def alignment_of(speech: Speech, mel: Mel) -> Alignment:
    """When every sound and word is spoken, from the durations that the synthesizer chose.

    ``mel`` is that of the whole audio.
    """
    phones = [phone for spoken in speech.lines for phone in _phones(spoken)]
    return Alignment(mel, phones, speech.words)


def _phones(spoken: SpokenLine) -> Iterator[Segment]:
    line, names = spoken.prepared, Symbols().decode(spoken.prepared.ids)
    ends = np.concatenate([[0], np.cumsum(line.durations)])
    samples = np.clip((ends - 0.5) * DEFAULT_SPEC.hop_length, 0, line.samples)  # frames are centred
    edges = spoken.start + samples / DEFAULT_SPEC.sample_rate
    for symbol, name, start, end in zip(line.ids, names, edges[:-1], edges[1:], strict=True):
        if symbol >= FIRST_PHONE:
            yield Segment(name.rstrip("012"), float(start), float(end))


def mel_png(mel: Mel, loudest: float) -> bytes:
    """A log-mel ``(M, F)`` as a PNG of F x M pixels, low frequencies at the bottom.

    ``loudest`` is the value of the brightest colour: the same for pictures to be compared.
    """
    from matplotlib.image import imsave

    target = io.BytesIO()
    low = loudest - MEL_RANGE_NATS
    imsave(target, mel, vmin=low, vmax=loudest, cmap="viridis", origin="lower", format="png")
    return target.getvalue()


def alignment_svg(alignment: Alignment) -> str:
    """The mel with a line and a label for every sound and word; one user unit is one pixel."""
    seconds = alignment.mel.shape[1] / DEFAULT_SPEC.frames_per_second
    width, height = round(seconds * PIXELS_PER_SECOND), MEL_HEIGHT + 4 * ROW + 4
    picture = base64.b64encode(mel_png(alignment.mel, float(alignment.mel.max()))).decode("ascii")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" '
        f'viewBox="0 0 {width} {height}" aria-label="Alignment of {len(alignment.words)} words">',
        f'<image href="data:image/png;base64,{picture}" width="{width}" height="{MEL_HEIGHT}" '
        'preserveAspectRatio="none"/>',
    ]
    for place, segment in enumerate(alignment.phones):
        left, middle = _x(segment.start), _x((segment.start + segment.end) / 2)
        parts.append(_line(left, MEL_HEIGHT, MEL_HEIGHT + 2 * ROW + 4))
        parts.append(_text(middle, MEL_HEIGHT + (1 + place % 2) * ROW, segment.phone, "phone"))
    for word in alignment.words:
        for edge in (word.start, word.end):
            parts.append(_line(_x(edge), MEL_HEIGHT, height, "word"))
        parts.append(_text(_x((word.start + word.end) / 2), height - 10, word.text, "spoken"))
    return "\n".join([*parts, "</svg>"])


def _x(seconds: float) -> float:
    return round(seconds * PIXELS_PER_SECOND, 1)


def _line(x: float, top: float, bottom: float, kind: str = "phone") -> str:
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(text)}</text>'
