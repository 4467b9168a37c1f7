"""Vectors of words, moods learned from labelled sentences, summaries, and trained transformers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from env_utils import InputError, MissingDependencyError
from text_utils import (
    cosine_similarity,
    fit_tfidf,
    load_mood_sentences,
    page_rank,
    rank_sentences,
    summarize,
    train_mood_model,
)
from text_utils.mood import mood_features


def test_the_labelled_sentences_are_balanced_and_all_different() -> None:
    sentences = load_mood_sentences()
    assert Counter(s.mood for s in sentences) == dict.fromkeys(
        ("joyful", "peaceful", "tense", "sad"), 100
    )
    assert len({s.text for s in sentences}) == len(sentences)


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "moods.tsv"
    path.write_text("valence\tenergy\ttext\n+1\t-1\tFine.\n2\t-1\tWrong.\n")
    with pytest.raises(InputError, match="line 3"):
        load_mood_sentences(path)


def test_negation_reaches_three_words_and_ends_at_a_mark() -> None:
    assert set(mood_features("He was not glad at all today.")) == {
        *("he", "was", "not", "not_glad", "not_at", "not_all", "today")
    }
    assert "glad" in mood_features("No, he was glad!") and "!" in mood_features("Run!")
    assert mood_features("laughing")["^laugh"] == mood_features("laughter")["^laugh"] == 1
    assert mood_features("") == {}


def test_the_model_tells_moods_that_it_has_not_read() -> None:
    model = train_mood_model(load_mood_sentences())
    happy, calm, afraid, sad = model.predict(
        [
            "They cheered and danced with joy!",
            "She smiled gently in the warm, quiet room.",
            "He screamed in terror and ran from the fire!",
            "She wept, alone, at the cold grave.",
        ]
    )
    assert happy[0] > 0 > afraid[0] and calm[0] > 0 > sad[0]
    assert happy[1] > 0 > calm[1] and afraid[1] > 0 > sad[1]
    assert np.all(np.abs(model.predict(["", "xyzzy"])) < 1)


def test_tfidf_of_unknown_and_empty_texts() -> None:
    model = fit_tfidf(["the clock", "the voice"], rarest=1)
    vectors = model.vectors(["the clock", "unknown words", ""])
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1, 0, 0])
    assert np.isfinite(cosine_similarity(vectors)).all()
    assert fit_tfidf(["a b", "b c"], rarest=2).vocabulary == ("b",)
    assert fit_tfidf([]).vocabulary == ()


def test_a_summary_consists_of_sentences_of_the_text_in_their_order() -> None:
    text = (
        "The old clock stood in the cellar. Nell cleaned the clock in the cellar every week. Rain. "
        "A gull laughed outside. The old clock told Nell the time. Bread is made from flour."
    )
    summary = summarize(text, 2)
    assert len(summary) == 2 and all("clock" in sentence for sentence in summary)
    assert text.index(summary[0]) < text.index(summary[1])
    assert summarize("", 3) == [] and summarize("One. Two.", 3) == ["One.", "Two."]


def test_ranks_are_shares() -> None:
    assert page_rank(np.zeros((0, 0))).shape == (0,)
    assert page_rank(np.zeros((4, 4))).tolist() == pytest.approx([0.25] * 4)
    ranks = rank_sentences(["the clock told time", "the clock", "xyzzy"])
    assert ranks.sum() == pytest.approx(1) and ranks[2] == ranks.min()


def test_transformers_are_used_from_a_folder_and_missed_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transformers = pytest.importorskip("transformers")
    from text_utils import pretrained

    monkeypatch.setattr(pretrained, "require_weights", lambda *_: None)
    (tmp_path / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "joy"])
    )
    transformers.DistilBertTokenizer(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    config = transformers.DistilBertConfig(
        vocab_size=6, dim=16, n_layers=1, n_heads=2, hidden_dim=32
    )
    transformers.DistilBertForSequenceClassification(config).save_pretrained(tmp_path)
    valences = pretrained.load_sentiment(str(tmp_path))(["joy", "joy joy"])
    assert len(valences) == 2 and all(-1 < v < 1 for v in valences)

    monkeypatch.undo()
    from tts_utils import hub

    monkeypatch.setattr(hub, "hub_problem", lambda: "no net")
    with pytest.raises(MissingDependencyError, match=r"BART.*no net"):
        pretrained.load_summarizer("nobody/no-such-model")
