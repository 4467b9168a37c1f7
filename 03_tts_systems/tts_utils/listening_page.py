"""A page to judge with one's own ears: one HTML file with sounds and pictures inside it.

Numbers and plots rank voices only roughly; listening for a minute finds what they miss. The page
needs no internet and no second file, so it can be mailed, kept or opened from a folder. Sounds are
16-bit WAV, which every browser plays and which changes nothing that a lesson wants to let hear.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from env_utils import InputError, atomic_write_text

from tts_utils.wav import wav_bytes

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
figure { margin: 0; padding: .8rem 0; border-top: 1px solid #8886 }
figcaption { font-weight: 600 }
audio { width: 100%; max-width: 32rem; height: 2.5rem; margin: .3rem 0 }
img { display: block; max-width: 100%; background: #fff }
p { margin: .4rem 0 } .facts, .note { font-size: .9rem; opacity: .8 }
"""


@dataclass(frozen=True)
class Clip:
    """One row of the page: a sound with a name, and what else there is to see or say about it."""

    label: str
    samples: npt.NDArray[np.floating]  # (T,) mono in [-1, 1]
    sample_rate: int  # Hz
    note: str = ""
    picture: Path | None = None  # a PNG


def write_listening_page(path: Path, title: str, intro: str, clips: Sequence[Clip]) -> None:
    """Write ``clips`` in their order as one self-contained HTML file (atomically) to ``path``.

    An empty line in ``intro`` begins a new paragraph; ``title``, ``intro``, labels and notes are
    plain text. Samples beyond ±1 are clipped, as any player would do. Raises ``InputError`` for a
    page without clips, and for a clip that is empty, not mono, not finite, or whose picture is
    not a PNG file.
    """
    if not clips:
        raise InputError(f"{path}: a listening page needs at least one clip.")
    paragraphs = (" ".join(part.split()) for part in intro.split("\n\n"))
    body = [
        f"<h1>{html.escape(title)}</h1>",
        *(f"<p>{html.escape(text)}</p>" for text in paragraphs if text),
        *(_row(clip) for clip in clips),
    ]
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )
    atomic_write_text(path, page)


def _row(clip: Clip) -> str:
    _check(clip)
    label = html.escape(clip.label)
    sound = base64.b64encode(wav_bytes(clip.samples, clip.sample_rate)).decode("ascii")
    facts = f"{len(clip.samples) / clip.sample_rate:.1f} s, {clip.sample_rate} Hz"
    parts = [
        f"<figcaption>{label}</figcaption>",
        f'<audio controls preload="metadata" aria-label="{label}" '
        f'src="data:audio/wav;base64,{sound}"></audio>',
        f'<p class="facts">{facts}</p>',
    ]
    if clip.note:
        parts.append(f'<p class="note">{html.escape(clip.note)}</p>')
    if clip.picture is not None:
        picture = base64.b64encode(_png(clip.picture)).decode("ascii")
        parts.append(f'<img alt="Picture of: {label}" src="data:image/png;base64,{picture}">')
    return f"<figure>{''.join(parts)}</figure>"


def _check(clip: Clip) -> None:
    name = f"the clip '{clip.label}'"
    if clip.sample_rate <= 0:
        raise InputError(f"{name} has a sample rate of {clip.sample_rate} Hz.")
    if np.ndim(clip.samples) != 1 or len(clip.samples) == 0:
        shape = np.shape(clip.samples)
        raise InputError(f"{name} must be mono, shape (T,) with T > 0, but has shape {shape}.")
    if not np.isfinite(clip.samples).all():
        raise InputError(f"{name} holds values that are not numbers (NaN or infinite).")


def _png(path: Path) -> bytes:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: this picture cannot be read ({error.strerror}).") from error
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise InputError(f"{path}: this is not a PNG picture.")
    return data
