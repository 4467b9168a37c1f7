"""The trained pronunciation model: shipped quality, and that training does what it says."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from text_utils.g2p import MODEL_PATH, GraphoneModel, guess, load_model
from text_utils.graphones import align
from text_utils.lexicon import all_words, lookup
from text_utils.ngram import count_ngrams, prune, smooth, to_trie
from text_utils.train_g2p import edit_distance, evaluate, is_held_out, train


def test_the_shipped_model_is_small_and_fast() -> None:
    assert MODEL_PATH.stat().st_size <= 1.5e6
    words = [word for word in all_words() if word.isalpha() and 4 < len(word) < 12][::400]
    model = load_model()
    started = time.process_time()
    for word in words:
        model.predict(word)
    assert (time.process_time() - started) / len(words) < 0.004  # 1 ms on a free core


def test_the_shipped_model_knows_its_dictionary() -> None:
    words = [word for word in all_words() if word.isalpha() and len(word) > 1][::300]
    rates = evaluate(load_model(), words)
    assert rates["word_error_rate_without_stress"] < 0.2
    assert rates["phone_error_rate"] < 0.06


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("blorft", "B L AO1 R F T"),
        ("thrimble", "TH R IH1 M B AH0 L"),
        ("strake", "S T R EY1 K"),
        ("snation", "S N EY1 SH AH0 N"),
        ("quimble", "K W IH1 M B AH0 L"),
        ("knight", "N AY1 T"),
    ],
)
def test_spelling_rules_of_english_were_learned(word: str, phones: str) -> None:
    assert " ".join(guess(word)) == phones


def test_alignment_finds_which_letters_make_which_phones() -> None:
    words = [w for w in all_words() if w.isalpha() and len(w) > 1 and not is_held_out(w)][::40]
    aligned = {
        "".join(letters for letters, _ in units): units
        for units in align([(word, lookup(word)[0]) for word in [*words, "phone", "box", "queen"]])
    }
    assert aligned["box"] == [("b", ("B",)), ("o", ("AA1",)), ("x", ("K", "S"))]
    assert aligned["phone"][0][1] == ("F",)
    assert aligned["phone"][-1] == ("e", ())
    for word, units in aligned.items():
        spoken = tuple(phone for _, phones in units for phone in phones)
        assert spoken in lookup(word)


def test_an_ngram_model_sums_to_one_in_every_context_also_when_pruned() -> None:
    rng = np.random.default_rng(0)
    sequences = [rng.integers(1, 6, size=rng.integers(1, 9)).tolist() for _ in range(300)]
    levels = count_ngrams(sequences, 6, 4)
    smooth(levels, 6)
    prune(levels, 2e-3)
    kept = sum(int(level.kept.sum()) for level in levels)
    assert kept < sum(len(level.kept) for level in levels)
    probabilities, backoffs = _tables(levels)
    contexts = [(), (0,), (1,), (1, 2), (3, 4), (2, 5, 1), (0, 3), (5, 5, 5)]
    for context in contexts:
        total = sum(_probability(probabilities, backoffs, context, s) for s in range(6))
        assert total == pytest.approx(1.0, abs=1e-6)


def _tables(levels: list) -> tuple[dict, dict]:
    grams: list[list[tuple[int, ...]]] = []
    probabilities: dict[tuple[int, ...], float] = {}
    backoffs: dict[tuple[int, ...], float] = {}
    for n, level in enumerate(levels):
        prefixes = grams[-1] if n else [()]
        grams.append(
            [(*prefixes[p], int(s)) for p, s in zip(level.parent, level.symbol, strict=True)]
        )
        for gram, probability, backoff, kept in zip(
            grams[-1], level.probability, level.backoff, level.kept, strict=True
        ):
            if kept:
                probabilities[gram], backoffs[gram] = float(probability), float(backoff)
    return probabilities, backoffs


def _probability(
    probabilities: dict, backoffs: dict, context: tuple[int, ...], symbol: int
) -> float:
    if (*context, symbol) in probabilities:
        return probabilities[(*context, symbol)]
    return backoffs.get(context, 1.0) * _probability(probabilities, backoffs, context[1:], symbol)


def test_the_trie_holds_what_was_kept() -> None:
    levels = count_ngrams([[1, 2, 3], [1, 2, 2], [3]], 4, 3)
    smooth(levels, 4)
    trie = to_trie(levels)
    assert len(trie.symbol) == 1 + sum(len(level.symbol) for level in levels)
    assert trie.children.sum() == len(trie.symbol) - 1
    assert np.exp(trie.log_probability).max() <= 1.0 + 1e-9


def test_training_is_reproducible_and_learns(tmp_path: Path) -> None:
    words = [word for word in all_words() if word.isalpha() and 2 < len(word) < 9][::12]
    train(words, tmp_path / "one.npz")
    train(words, tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    model = GraphoneModel(tmp_path / "one.npz")
    assert evaluate(model, words[::20])["phone_error_rate_without_stress"] < 0.1
    assert evaluate(model, ["bitter", "hand"])["word_error_rate"] <= 0.5


def test_edit_distance_counts_the_changes() -> None:
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance([], ["a", "b"]) == 2
    assert edit_distance(["a"], ["a"]) == 0
