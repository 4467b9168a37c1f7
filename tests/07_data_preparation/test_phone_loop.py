"""The free phone recognizer finds what was said where nothing was written."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from data_utils.phone_hmm import alignment_features, speaker_statistics
from data_utils.phone_loop import PAUSE, STATES, best_path, bigram, recognize
from text_utils import Symbols, pronounce
from text_utils.symbols import BASE_PHONES
from text_utils.train_g2p import edit_distance
from voice_replication.data_processing.alignment import load_aligner, transcribe_phones
from voice_replication.home import shipped
from voice_replication.narration.text_to_speech import Speaker

NUMBER = {phone: index for index, phone in enumerate(BASE_PHONES)}
FREE = np.zeros((len(BASE_PHONES) + 1,) * 2, dtype=np.float32)


def emission_of(units: list[int], frames: int) -> np.ndarray:
    """Log-likelihoods in which every third of ``frames`` shows the next state of each unit."""
    rows = []
    for unit in units:
        places = range(3 * unit, 3 * unit + 3) if unit != PAUSE else [len(STATES) - 1] * 3
        for place in places:
            likelihood = np.where(STATES[place] == STATES, 0.0, -20.0)
            rows += [likelihood] * (frames // 3)
    return np.array(rows, dtype=np.float32)


def test_the_best_path_names_units_and_their_lengths(rng: np.random.Generator) -> None:
    units = [PAUSE, *rng.permutation(PAUSE)[:12].tolist(), PAUSE, *rng.permutation(PAUSE)[:5]]
    assert best_path(emission_of(units, 12), FREE) == (units, [12] * len(units))


def test_what_never_follows_is_not_heard() -> None:
    s, t, iy = NUMBER["S"], NUMBER["T"], NUMBER["IY"]
    heard = emission_of([s, t, iy], 6)
    follows = FREE.copy()
    follows[s, t] = -1e6
    units, lengths = best_path(heard, follows)
    assert sum(lengths) == len(heard)
    assert (s, t) not in list(pairwise(units))


def test_the_bigram_is_that_of_english() -> None:
    table = np.exp(bigram())
    assert table.sum(axis=1) == pytest.approx(np.ones(len(table)), abs=1e-5)
    assert table[NUMBER["S"], NUMBER["T"]] > 20 * table[NUMBER["S"], NUMBER["ZH"]]
    assert table[NUMBER["NG"], NUMBER["K"]] > 5 * table[PAUSE, NUMBER["NG"]]


def test_phones_of_a_sentence_are_mostly_recognized() -> None:
    """Better than chance by far, though no transcript; real speech is harder (see the module)."""
    speaker, symbols = Speaker(), Symbols()
    hmm = load_aligner(shipped("checkpoints") / "aligner.safetensors")
    wrong = said = 0
    for name, text in (
        ("ada", "She opened the window and listened to the rain on the roof."),
        ("basil", "The old clock in the hall had stopped, and nobody knew why."),
    ):
        speech = speaker.speak(text, speaker.voice(name))
        features = alignment_features(speech.audio)
        mean, std = speaker_statistics([features])
        normalized = (features - mean) / std
        units, lengths = recognize(hmm, normalized)
        assert sum(lengths) == len(features)
        truth = [p.rstrip("012") for word in pronounce(text) for p in word.phones]
        heard = [unit for unit in units if unit != PAUSE]
        wrong += edit_distance(truth, [BASE_PHONES[unit] for unit in heard])
        said += len(truth)
        frames = len(features) // 2
        alignment = transcribe_phones(hmm, "x", normalized[: 2 * frames], frames, symbols)
        assert sum(alignment.durations) == frames
        assert [symbols.base(i) for i in alignment.ids if i >= 10] == heard
    assert wrong / said < 0.55
