"""An inaudible mark on every second of speech that is made here, so that it can be told apart.

The short-time spectrum is multiplied by a secret-looking but fixed pattern: in every frame of 43 ms
each of 38 bands between 0.2 and 6.4 kHz is raised or lowered by ``DEPTH_DB``.

    band 37  + - - + - +        One row of signs a hop (21 ms), 64 rows a period (1.4 s); the second
       ...   - + - - + -        half of the period is the first one with all signs changed, so that
    band 0   + + - + - -        over a period every band is raised as often as it is lowered.
             frames ->

Because the pattern multiplies, it is loud only where the speech is, and silence stays silence. It
is spread-spectrum marking (Cox, Kilian, Leighton and Shamoon, 1997) of the log spectrogram, where
codecs, gains and resampling change little; ``watermark_detection`` finds it again.

    audio ┬ frames, sine window ─ FFT ─ (gain - 1) ─ inverse FFT, sine window, overlap-add ┬ +
          └────────────────────────────────────────────────────────────────────────────────┘

Shapes: ``T`` samples at 24 kHz, ``P`` rows of the pattern, ``N`` bands, ``K`` bins of a spectrum.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch

Audio = npt.NDArray[np.float32]

SAMPLE_RATE = 24_000  # Hz
FRAME = 1024  # samples
HOP = 512  # samples: the sine window, applied twice, adds up to one at half a frame
FIRST_BIN = 9  # 211 Hz
BAND_BINS = 7  # 164 Hz: a band holds one or two harmonics of most voices
BANDS = 38  # up to 6.4 kHz: what MP3 at low rates and a room still carry
PERIOD = 64  # rows
DEPTH_DB = 1.5
KEY = b"voice-cloning-pipeline watermark 1"  # another key is another mark


@lru_cache(maxsize=1)
def pattern() -> npt.NDArray[np.float32]:
    """The signs, ``(P, N)``, +1 or -1: bits of SHAKE-256, which stay the same for ever."""
    half = PERIOD // 2 * BANDS
    digest = np.frombuffer(hashlib.shake_256(KEY).digest(half // 8), dtype=np.uint8)
    signs = 2.0 * np.unpackbits(digest).reshape(PERIOD // 2, BANDS).astype(np.float32) - 1.0
    return np.concatenate([signs, -signs])


@lru_cache(maxsize=1)
def _changes() -> torch.Tensor:
    """Gain minus one of every bin in every row, ``(P, K)``.

    The steps between bands are rounded off over three bins, in decibels.
    """
    levels = np.zeros((PERIOD, FRAME // 2 + 1))
    stop = FIRST_BIN + BANDS * BAND_BINS
    levels[:, FIRST_BIN:stop] = np.repeat(pattern(), BAND_BINS, axis=1)
    rounded = 0.25 * np.roll(levels, -1, 1) + 0.5 * levels + 0.25 * np.roll(levels, 1, 1)
    return torch.from_numpy(10.0 ** (DEPTH_DB * rounded / 20.0) - 1.0).float()


@lru_cache(maxsize=1)
def _window() -> torch.Tensor:
    return torch.sin(torch.pi * (torch.arange(FRAME) + 0.5) / FRAME)


class Marker:
    """Marks audio that comes in pieces; the first sample pushed meets the first row.

    Frame ``i`` lies around sample ``i * HOP``. What leaves is final, so up to ``FRAME`` samples
    (43 ms) are held back until more audio or :meth:`finish` comes.
    """

    def __init__(self) -> None:
        self._row = 0  # of the next frame
        self._waiting: Audio = np.zeros(HOP, np.float32)  # from where the next frame begins
        self._lead = HOP  # of those, how many lie before the first sample
        self._tail: Audio = np.zeros(HOP, np.float32)  # what the last frame adds to them

    def push(self, chunk: Audio) -> Audio:
        """Take ``(T,)`` more samples; give all that are marked by now, perhaps none."""
        audio = np.concatenate([self._waiting, np.asarray(chunk, dtype=np.float32)])
        count = (len(audio) - HOP) // HOP  # of whole frames
        if count <= 0:
            self._waiting = audio
            return np.zeros(0, np.float32)
        added = self._change(audio, count)
        done = count * HOP
        marked = audio[:done].copy()
        marked[:HOP] += self._tail + added[0, :HOP]
        marked[HOP:] += (added[:-1, HOP:] + added[1:, :HOP]).ravel()
        self._tail, self._waiting = added[-1, HOP:].copy(), audio[done:].copy()
        self._row = (self._row + count) % PERIOD
        lead, self._lead = self._lead, 0
        return marked[lead:]

    def finish(self) -> Audio:
        """Give the samples that were held back."""
        missing = len(self._waiting) - self._lead
        return self.push(np.zeros(2 * FRAME, np.float32))[:missing]

    def _change(self, audio: Audio, count: int) -> Audio:
        """What the pattern adds to each of the first ``count`` frames, ``(count, FRAME)``."""
        window = _window()
        frames = torch.from_numpy(audio).unfold(0, FRAME, HOP)[:count]
        spectrum = torch.fft.rfft(frames * window)
        spectrum *= _changes()[(self._row + torch.arange(count)) % PERIOD]
        added: Audio = torch.fft.irfft(spectrum, FRAME).mul_(window).numpy()
        return added


def mark(audio: Audio) -> Audio:
    """``(T,)`` float32 at 24 kHz, marked; linear in ``audio``, and zeros stay zeros."""
    marker = Marker()
    return np.concatenate([marker.push(audio), marker.finish()])
