"""Sentences, tokenizer, masking, the small language model and the classifier."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from env_utils import InputError
from hf_utils import (
    LABELS,
    Sentence,
    Split,
    fine_tune,
    load_classifier,
    load_sentences,
    predict_probabilities,
    save_classifier,
    score,
    split_by_scene,
    train_tokenizer,
    wilson_interval,
    with_classification_head,
)
from hf_utils.language_model import (
    IGNORED,
    LanguageModel,
    book_sentences,
    gap_accuracy,
    mask_tokens,
    train_language_model,
)


def test_the_sentences_are_balanced_unique_and_without_quotes() -> None:
    sentences = load_sentences()
    assert Counter(s.label for s in sentences) == {0: 310, 1: 310}
    assert len({s.text.lower() for s in sentences}) == 620
    assert all(n == 10 for n in Counter(s.scene for s in sentences).values())
    assert not any(mark in s.text for s in sentences for mark in '"“”«»\t')


def test_no_scene_is_on_two_sides_and_nothing_is_lost() -> None:
    sentences = load_sentences()
    for seed in range(5):
        split = split_by_scene(sentences, seed=seed)
        scenes = [{s.scene for s in part} for part in split.parts().values()]
        assert not (scenes[0] & scenes[1] or scenes[0] & scenes[2] or scenes[1] & scenes[2])
        assert sum(len(part) for part in split.parts().values()) == 620
        assert split_by_scene(sentences, seed=seed) == split
    assert split_by_scene(sentences, seed=0) != split_by_scene(sentences, seed=1)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("scene\tlabel\ttext\nx\tpoetry\tRoses are red.\n", "line 2: needs"),
        ("scene\ttext\nx\tRoses are red.\n", "line 2: needs"),
        ("scene\tlabel\ttext\n", "no sentence"),
    ],
)
def test_a_bad_table_is_named(table: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text(table, "utf-8")
    with pytest.raises(InputError, match=says):
        load_sentences(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_sentences(tmp_path / "missing.tsv")


def test_too_few_scenes_cannot_be_split() -> None:
    with pytest.raises(InputError, match="would be empty"):
        split_by_scene([Sentence("One.", 0, "a"), Sentence("Two.", 1, "b")])


def test_the_tokenizer_brackets_pads_and_comes_back() -> None:
    texts = ["The ferry came in late.", "Is it late?"]
    tokenizer = train_tokenizer(texts, 90)
    ids = tokenizer(texts[1])["input_ids"]
    assert (ids[0], ids[-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id)
    assert tokenizer.decode(ids, skip_special_tokens=True) == "is it late?"
    assert tokenizer("Ξ")["input_ids"][1] == tokenizer.unk_token_id
    with pytest.raises(InputError):
        train_tokenizer(["", " "])


def test_masking_follows_the_recipe() -> None:
    generator = torch.Generator().manual_seed(0)
    ids = torch.full((200, 100), 7)
    maskable = torch.ones_like(ids, dtype=torch.bool)
    maskable[:, 0] = False
    inputs, targets = mask_tokens(ids, maskable, mask_id=4, vocab_size=1000, generator=generator)
    chosen = targets != IGNORED
    assert not chosen[:, 0].any() and bool((targets[chosen] == 7).all())
    assert float(chosen[:, 1:].float().mean()) == pytest.approx(0.15, abs=0.01)
    assert float((inputs[chosen] == 4).float().mean()) == pytest.approx(0.8, abs=0.03)
    assert float((inputs[chosen] == 7).float().mean()) == pytest.approx(0.1, abs=0.03)
    assert bool((inputs[~chosen] == 7).all()) and bool((ids == 7).all())


def test_the_book_gives_plain_sentences() -> None:
    sentences = book_sentences()
    assert len(sentences) > 300 and not any(mark in s for s in sentences for mark in "“”’")


@pytest.fixture(scope="module")
def small() -> LanguageModel:
    """A language model that has read two sentences thirty times."""
    texts = ["the ferry came in late .", "you are late again , pavel ."] * 8
    losses: list[float] = []
    model = train_language_model(
        texts, epochs=30, vocab_size=80, on_epoch=lambda _, loss: losses.append(loss)
    )
    assert losses[-1] < 0.6 * losses[0]
    return model


def test_a_language_model_learns_what_it_reads(small: LanguageModel) -> None:
    assert gap_accuracy(small, ["you are late again , pavel ."] * 20) > 0.4  # 1 in 7 is chance


def test_fine_tuning_learns_saves_and_comes_back_the_same(
    small: LanguageModel, tmp_path: Path
) -> None:
    rows = [Sentence("the ferry came in .", 0, "a"), Sentence("you are late !", 1, "b")]
    before = {k: v.clone() for k, v in small.model.state_dict().items()}
    classifier = with_classification_head(small)
    tuned = fine_tune(
        classifier, Split(rows * 16, rows, rows), epochs=4, learning_rate=1e-3, cpu=True
    )
    assert [len(curve) for curve in tuned.history.values()] == [4, 4, 4]
    assert tuned.history["loss"][-1] < tuned.history["loss"][0]
    texts = [row.text for row in rows]
    first = predict_probabilities(classifier, texts)
    assert first.shape == (2, len(LABELS)) and first.sum(axis=1) == pytest.approx([1, 1])
    assert first.argmax(axis=1).tolist() == [0, 1]
    assert all(torch.equal(v, before[k]) for k, v in small.model.state_dict().items())
    save_classifier(classifier, tmp_path / "saved")
    again = load_classifier(tmp_path / "saved")
    assert (predict_probabilities(again, texts) == first).all()
    assert again.model.config.id2label == dict(enumerate(LABELS))


def test_an_answer_does_not_depend_on_its_batch(small: LanguageModel) -> None:
    """Padding must not be looked at: alone or beside a longer sentence, the answer is the same."""
    classifier = with_classification_head(small)
    texts = ["late .", "the ferry came in late , again , and you are late , pavel ."]
    together, alone = (
        predict_probabilities(classifier, texts),
        [predict_probabilities(classifier, [text])[0] for text in texts],
    )
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_the_interval_is_wilsons() -> None:
    low, high = wilson_interval(90, 100)
    assert (low, high) == pytest.approx((0.8256, 0.9448), abs=1e-4)
    assert wilson_interval(10, 10)[1] == pytest.approx(1) and wilson_interval(10, 10)[0] < 0.8
    with pytest.raises(InputError):
        wilson_interval(3, 2)
    with pytest.raises(InputError):
        score([0, 1], [0])
