"""The aligner finds the best path, and finds boundaries that are known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from data_utils.phone_hmm import (
    SILENCE,
    SILENCE_LENGTH,
    STATES_PER_PHONE,
    Statistics,
    alignment_features,
    build_chain,
    flat_start,
    speaker_statistics,
    split_components,
)
from data_utils.phone_hmm_kernels import viterbi
from text_utils import Symbols, Word

SYMBOLS = Symbols()


def brute_force(emission: np.ndarray, chain: np.ndarray, jump: np.ndarray, first: int) -> float:
    """Best score over every monotone path, by enumeration."""
    frames, positions = len(emission), len(chain)
    ends = {positions - 1} | ({int(jump[-1])} if jump[-1] >= 0 else set())
    best = -np.inf
    for path in itertools.product(range(positions), repeat=frames):
        if path[0] not in (0, first) or path[-1] not in ends:
            continue
        steps = itertools.pairwise(path)
        if all(b in (a, a + 1) or jump[b] == a for a, b in steps):
            best = max(best, sum(emission[t, chain[p]] for t, p in enumerate(path)))
    return best


def test_viterbi_equals_enumeration(rng: np.random.Generator) -> None:
    chain = np.array([3, 0, 1, 3, 2], dtype=np.int32)  # silence, two states, silence, one state
    jump = np.array([-1, -1, -1, -1, 2, -1], dtype=np.int32)  # the middle silence may be skipped
    for _ in range(20):
        emission = rng.normal(size=(6, 4)).astype(np.float32)
        path, total = viterbi(emission, chain, jump, 1)
        assert total == pytest.approx(brute_force(emission, chain, jump, 1), abs=1e-5)
        along = sum(emission[t, chain[p]] for t, p in enumerate(path))
        assert along == pytest.approx(total, abs=1e-5)


def test_too_short_audio_has_no_path() -> None:
    chain = build_chain(SYMBOLS.encode([Word("see", ("S", "IY1"), ".")]), SYMBOLS)
    emission = np.zeros((STATES_PER_PHONE * 2 - 1, SILENCE + 1), dtype=np.float32)
    _, total = viterbi(emission, chain.states, chain.jump_from, chain.first_end)
    assert total == -np.inf


def test_chain_of_two_words() -> None:
    ids = SYMBOLS.encode([Word("a", ("AH0",), " "), Word("b", ("B", "IY1"), ".")])
    chain = build_chain(ids, SYMBOLS)
    assert len(chain.states) == 3 * SILENCE_LENGTH + 3 * STATES_PER_PHONE
    assert list(np.unique(chain.tokens)) == list(range(len(ids)))
    assert chain.jump_from[-1] == len(chain.states) - SILENCE_LENGTH - 1


def speech(rng: np.random.Generator, phones: list[str]) -> tuple[np.ndarray, list[int]]:
    """Audio whose phones are known: each is a chord of its own; silences between words."""
    rate, pieces, ends = 24_000, [], []
    for phone in phones:
        samples = int(rng.integers(1500, 4000))
        time = np.arange(samples) / rate
        if phone == "sil":
            sound = np.zeros(samples)
        else:
            base = SYMBOLS.base(SYMBOLS.id(phone))
            sound = 0.2 * np.sin(2 * np.pi * (200 + 90 * base) * time)
            sound += 0.1 * np.sin(2 * np.pi * (500 + 120 * base) * time)
        pieces.append(sound + 1e-3 * rng.normal(size=samples))
        ends.append(samples)
    return np.concatenate(pieces).astype(np.float32), list(np.cumsum(ends))


def test_known_boundaries_are_found(rng: np.random.Generator) -> None:
    vocabulary = [("S", "AA1", "M"), ("T", "IY1"), ("R", "OW1", "N"), ("M", "UW1", "T")]
    features, chains, truths = [], [], []
    for _ in range(40):
        words, phones = [], ["sil"]
        for _ in range(4):
            chosen = vocabulary[rng.integers(len(vocabulary))]
            pause = "," if rng.random() < 0.4 else " "
            words.append(Word("", chosen, pause))
            phones += [*chosen, *(["sil"] if pause == "," else [])]
        if phones[-1] != "sil":
            phones.append("sil")
        audio, ends = speech(rng, phones)
        features.append(alignment_features(audio))
        chains.append(build_chain(SYMBOLS.encode(words), SYMBOLS))
        truths.append([e for e, p in zip(ends, phones, strict=True) if p != "sil"])
    mean, std = speaker_statistics(features)
    features = [(f - mean) / std for f in features]
    statistics = Statistics(1, features[0].shape[1])
    for f, c in zip(features, chains, strict=True):
        statistics.add(f, flat_start(f, c), None)
    hmm = statistics.estimate()
    for number in range(8):
        if number == 4:
            hmm = split_components(hmm)
        statistics = Statistics(hmm.components, features[0].shape[1])
        for f, c in zip(features, chains, strict=True):
            path, _ = hmm.align(f, c)
            statistics.add(f, c.states[path], hmm)
        hmm = statistics.estimate()
    errors = []
    for f, c, truth in zip(features, chains, truths, strict=True):
        path, _ = hmm.align(f, c)
        tokens = c.tokens[path]
        spoken = c.states[path] != SILENCE
        for token, end in zip(np.unique(tokens[spoken]), truth, strict=True):
            found = np.flatnonzero((tokens == token) & spoken)[-1] + 1
            errors.append(abs(found * 128 - end) / 24_000)
    assert np.median(errors) < 0.020, "the analysis window is 43 ms long"
    assert np.mean(np.array(errors) < 0.05) > 0.95
