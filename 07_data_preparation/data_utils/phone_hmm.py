"""A phone HMM that finds where every phoneme is spoken, trained on the corpus itself.

The classic recipe (Rabiner 1989; The HTK Book, chapter 1): each of the 39 phonemes is three states
in a row, silence is one state that may follow any word and may be left out; each state is a
mixture of Gaussians over cepstra. Start with phonemes of equal length, then repeat: find the best
path (Viterbi), re-estimate the Gaussians from it. No hand-labelled data, about a minute for eight
hours of speech.

Frames are 5.3 ms (half the mel's hop), so that a phoneme, three states, can be as short as 16 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from audio_utils import DEFAULT_SPEC, AudioSpec, mel_spectrogram
from audio_utils.mel import mel_centers_hz
from scipy.fft import dct
from text_utils import Symbols

from data_utils.phone_hmm_kernels import accumulate, viterbi

Floats = npt.NDArray[np.float32]

N_PHONES = 39
STATES_PER_PHONE = 3
SILENCE = N_PHONES * STATES_PER_PHONE  # the one silence state
N_STATES = SILENCE + 1
SILENCE_LENGTH = 4  # an optional silence lasts at least four frames of 5.3 ms
N_CEPSTRA = 13
HIGHEST_HZ = 5600.0  # MP3 corpora have nothing above
ALIGN_HOP = 2  # alignment frames in one mel frame


def alignment_features(audio: Floats, spec: AudioSpec = DEFAULT_SPEC) -> Floats:
    """Cepstra with first and second differences, ``(T,) -> (frames, 39)``, not yet normalized."""
    fine = replace(spec, hop_length=spec.hop_length // ALIGN_HOP)
    mel = mel_spectrogram(audio, fine)[mel_centers_hz(spec) < HIGHEST_HZ]
    static = dct(mel, axis=0, norm="ortho")[:N_CEPSTRA]
    first = _slope(static)
    return np.ascontiguousarray(np.concatenate([static, first, _slope(first)]).T, dtype=np.float32)


def _slope(x: Floats) -> Floats:
    """Regression slope over nine frames (The HTK Book, eq. 5.16), along the last axis."""
    padded = np.pad(x, ((0, 0), (4, 4)), mode="edge")
    length = x.shape[1]
    terms = [
        n * (padded[:, 4 + n : 4 + n + length] - padded[:, 4 - n : 4 - n + length])
        for n in range(1, 5)
    ]
    return np.asarray(sum(terms) / 60.0, dtype=np.float32)


def speaker_statistics(features: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Mean and standard deviation, ``(39,)`` each, over a speaker's recordings."""
    stacked = np.concatenate(list(features))
    return stacked.mean(axis=0), stacked.std(axis=0) + 1e-3


@dataclass(frozen=True)
class Chain:
    """The state chain of one utterance."""

    states: npt.NDArray[np.int32]  # (N,) state of each position
    tokens: npt.NDArray[np.int32]  # (N,) index into the symbols of each position
    jump_from: npt.NDArray[np.int32]  # (N + 1,) second predecessor, -1 if none; last: of the end
    first_end: int  # position after the optional first silence


def build_chain(ids: Sequence[int], symbols: Symbols) -> Chain:
    """States of a symbol sequence ``[^] phones pause phones pause ...``; pauses are optional.

    ^           phone        phone       pause        phone
    sil x 4     3 states     3 states    sil x 4      3 states
    may be left out                      may be left out (jump from the phone before)
    """
    states: list[int] = []
    tokens: list[int] = []
    jumps: list[int] = []
    before_silence = -1
    for index, symbol in enumerate(ids):
        if symbols.is_pause(symbol) or symbol == symbols.id("^"):
            before_silence = len(states) - 1
            states += [SILENCE] * SILENCE_LENGTH
            tokens += [index] * SILENCE_LENGTH
            jumps += [-1] * SILENCE_LENGTH
        else:
            phone = symbols.base(symbol)
            states += [phone * STATES_PER_PHONE + k for k in range(STATES_PER_PHONE)]
            tokens += [index] * STATES_PER_PHONE
            jumps += [before_silence, -1, -1]
            before_silence = -1
    jumps.append(before_silence)
    as_int = [np.array(x, dtype=np.int32) for x in (states, tokens, jumps)]
    return Chain(as_int[0], as_int[1], as_int[2], SILENCE_LENGTH)


class PhoneHmm:
    """Mixtures of diagonal Gaussians: ``weights (S, K)``, ``means``/``variances (S, K, 39)``."""

    def __init__(self, weights: Floats, means: Floats, variances: Floats) -> None:
        self.weights, self.means, self.variances = weights, means, variances

    @property
    def components(self) -> int:
        """Gaussians in each state."""
        return int(self.weights.shape[1])

    def component_log_likelihood(self, features: Floats, component: int) -> Floats:
        """Weighted log-density of every state's Gaussian number ``component``, ``(frames, S)``."""
        precision = 1.0 / self.variances[:, component]
        means = self.means[:, component]
        constant = np.log(self.weights[:, component] + 1e-10) - 0.5 * (
            np.log(2 * np.pi / precision).sum(1) + (means**2 * precision).sum(1)
        )
        both = np.concatenate([features, features**2], axis=1)  # one product instead of two
        values = both @ np.concatenate([means * precision, -0.5 * precision], axis=1).T
        return np.asarray(values + constant, dtype=np.float32)

    def log_likelihood(self, features: Floats) -> Floats:
        """Log-density of every state, ``(frames, S)``: the best component's."""
        best = self.component_log_likelihood(features, 0)
        for component in range(1, self.components):
            np.maximum(best, self.component_log_likelihood(features, component), out=best)
        return best

    def posteriors(self, features: Floats, states: npt.NDArray[np.int32]) -> Floats:
        """Share of each Gaussian of the frame's own state, ``(frames, K)``, rows sum to 1."""
        deviation = features[:, None] - self.means[states]
        variances = self.variances[states]
        log = np.log(self.weights[states] + 1e-10) - 0.5 * (
            np.log(variances) + deviation**2 / variances
        ).sum(axis=2)
        shares = np.exp(log - log.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)

    def align(self, features: Floats, chain: Chain) -> tuple[npt.NDArray[np.int32], Floats]:
        """Best path: ``(position of each frame, emission (frames, S))``; empty if none fits."""
        emission = self.log_likelihood(features)
        path, total = viterbi(emission, chain.states, chain.jump_from, chain.first_end)
        if not np.isfinite(total):
            return np.empty(0, dtype=np.int32), emission
        return path, emission

    def to_tensors(self) -> dict[str, Floats]:
        """Arrays by name, for a checkpoint."""
        return {"weights": self.weights, "means": self.means, "variances": self.variances}


class Statistics:
    """Sums from which the Gaussians are re-estimated."""

    def __init__(self, components: int, size: int) -> None:
        self.counts = np.zeros((N_STATES, components))
        self.sums = np.zeros((N_STATES, components, size))
        self.squares = np.zeros((N_STATES, components, size))

    def add(self, features: Floats, states: npt.NDArray[np.int32], hmm: PhoneHmm | None) -> None:
        """Add an utterance whose frames are assigned to ``states``."""
        components = np.ones((len(features), 1), dtype=np.float32)
        if hmm is not None and hmm.components > 1:
            components = hmm.posteriors(features, states)
        accumulate(features, states, components, self.counts, self.sums, self.squares)

    def estimate(self) -> PhoneHmm:
        """Maximum-likelihood Gaussians; variances have a floor of 1 % of the overall variance."""
        total = self.counts.sum()
        overall = self.sums.sum((0, 1)) / total
        spread = self.squares.sum((0, 1)) / total - overall**2
        count = self.counts[:, :, None]
        means = np.where(count > 5, self.sums / np.maximum(count, 1), overall)
        variances = self.squares / np.maximum(count, 1) - means**2
        variances = np.where(count > 5, np.maximum(variances, 0.01 * spread), spread)
        weights = self.counts / np.maximum(self.counts.sum(1, keepdims=True), 1)
        return PhoneHmm(
            weights.astype(np.float32), means.astype(np.float32), variances.astype(np.float32)
        )


def split_components(hmm: PhoneHmm) -> PhoneHmm:
    """Twice the Gaussians: each is replaced by two, a fifth of a standard deviation apart."""
    shift = 0.2 * np.sqrt(hmm.variances)
    return PhoneHmm(
        np.concatenate([hmm.weights, hmm.weights], axis=1) * np.float32(0.5),
        np.concatenate([hmm.means - shift, hmm.means + shift], axis=1),
        np.concatenate([hmm.variances, hmm.variances], axis=1),
    )


def flat_start(features: Floats, chain: Chain) -> npt.NDArray[np.int32]:
    """First guess of the states: quiet frames are silence, the rest is divided equally."""
    energy = features[:, 0]
    quiet = energy < np.quantile(energy, 0.15)
    phones = chain.states[chain.states != SILENCE]
    speech = np.flatnonzero(~quiet)
    states = np.full(len(features), SILENCE, dtype=np.int32)
    states[speech] = phones[np.arange(len(speech)) * len(phones) // max(1, len(speech))]
    return states
