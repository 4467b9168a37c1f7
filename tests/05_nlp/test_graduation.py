"""What a lesson or an exercise writes by hand is what the library does, on random input."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from book_utils import count_words
from course.checking import load_script
from text_utils import cosine_similarity, fit_tfidf, load_mood_sentences, page_rank, train_bpe
from text_utils.bpe import BASE, PIECE
from text_utils.logistic import fit_logistic
from text_utils.numbers import cardinal, year

FLOOR = Path(__file__).resolve().parents[2] / "05_nlp"


def script(name: str) -> ModuleType:
    return load_script(FLOOR / name, f"graduation_{Path(name).stem}")


def random_text(rng: np.random.Generator, length: int = 900) -> str:
    return "".join(rng.choice(list("aabbcde éß,.'1 \n"), length))


@pytest.mark.parametrize("seed", range(3))
def test_bpe_by_hand_is_the_library_of_this_house(seed: int) -> None:
    text = random_text(np.random.default_rng(seed))
    learned = script("01_tokenize_text.py").train_by_hand(text, 60)
    assert [pair for pair, _ in learned] == list(train_bpe(text, len(BASE) + 60).merges)


@pytest.mark.parametrize("seed", range(3))
def test_bpe_is_the_tokenizers_library(seed: int) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    rng = np.random.default_rng(seed)
    text = random_text(rng)
    library = tokenizers.Tokenizer(tokenizers.models.BPE())
    library.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [
            tokenizers.pre_tokenizers.Split(tokenizers.Regex(PIECE), behavior="isolated"),
            tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=350,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    library.train_from_iterator([text], trainer)
    ours = train_bpe(text, 350)
    for sample in (text, random_text(rng), "unseen — 🙂 naïve"):
        assert ours.encode(sample) == library.encode(sample).ids


def test_word_counts_are_scikit_learns(rng: np.random.Generator) -> None:
    text = pytest.importorskip("sklearn.feature_extraction.text")
    sample = " ".join(rng.choice(["Clock", "clock", "tone", "voice"], 200))
    counter = text.CountVectorizer(token_pattern=r"\w+")
    row = counter.fit_transform([sample]).toarray()[0]
    assert dict(zip(counter.get_feature_names_out(), row.tolist(), strict=True)) == count_words(
        sample
    )


def test_tfidf_and_cosine_are_scikit_learns() -> None:
    text = pytest.importorskip("sklearn.feature_extraction.text")
    pairwise = pytest.importorskip("sklearn.metrics.pairwise")
    texts = [s.text for s in load_mood_sentences()[:60]]
    theirs = text.TfidfVectorizer(analyzer=lambda t: list(count_words(t).elements()))
    matrix = theirs.fit_transform(texts).toarray()
    ours = fit_tfidf(texts)
    assert ours.vocabulary == tuple(theirs.get_feature_names_out())
    np.testing.assert_allclose(ours.vectors(texts), matrix, atol=1e-12)
    np.testing.assert_allclose(
        cosine_similarity(ours.vectors(texts)), pairwise.cosine_similarity(matrix), atol=1e-12
    )


@pytest.mark.parametrize("c", [0.1, 1.0, 10.0])
def test_logistic_regression_is_scikit_learns(rng: np.random.Generator, c: float) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    x = rng.standard_normal((80, 6))
    y = np.where(x @ rng.standard_normal(6) + rng.standard_normal(80) > 0, 1, -1)
    theirs = linear.LogisticRegression(C=c, tol=1e-8, max_iter=1000).fit(x, y)
    ours = fit_logistic(x, y, c)
    np.testing.assert_allclose(ours.weights, theirs.coef_[0], atol=2e-4)
    assert ours.bias == pytest.approx(theirs.intercept_[0], abs=2e-4)
    np.testing.assert_allclose(ours.probability(x), theirs.predict_proba(x)[:, 1], atol=1e-4)


def test_naive_bayes_by_hand_is_scikit_learns() -> None:
    bayes = pytest.importorskip("sklearn.naive_bayes")
    text = pytest.importorskip("sklearn.feature_extraction.text")
    lesson = script("03_sentiment_arc.py")
    sentences = load_mood_sentences()[:120]
    texts, labels = [s.text for s in sentences], [s.valence for s in sentences]
    vectorizer = text.CountVectorizer(analyzer=lambda t: sorted(lesson.mood_features(t)))
    counts = vectorizer.fit_transform(texts)
    theirs = bayes.MultinomialNB(alpha=1.0, fit_prior=False).fit(counts, labels)
    ours = lesson.train_naive_bayes(texts, labels)
    difference = theirs.feature_log_prob_[1] - theirs.feature_log_prob_[0]
    wanted = dict(zip(vectorizer.get_feature_names_out(), difference.tolist(), strict=True))
    assert ours == pytest.approx(wanted)


def test_the_walker_of_the_lesson_is_page_rank(rng: np.random.Generator) -> None:
    weights = rng.random((8, 8)) * (rng.random((8, 8)) < 0.6)
    shares = script("04_summarize.py").walk(weights, 60_000, rng)
    np.testing.assert_allclose(shares, page_rank(weights), atol=0.01)


def test_page_rank_is_the_eigenvector(rng: np.random.Generator) -> None:
    weights = rng.random((9, 9))
    np.fill_diagonal(weights, 0.0)
    m = weights / weights.sum(axis=1, keepdims=True)
    values, vectors = np.linalg.eig((0.15 / 9 + 0.85 * m).T)
    leading = np.real(vectors[:, np.argmax(np.real(values))])
    np.testing.assert_allclose(page_rank(weights), leading / leading.sum(), atol=1e-8)


def test_numbers_by_hand_are_those_of_the_normalizer(rng: np.random.Generator) -> None:
    spell = script("06_text_to_phonemes.py").spell_number
    for value in [0, 7, 10, 19, 20, 99, 100, 101, 1000, 999_999, *rng.integers(0, 10**6, 300)]:
        assert spell(int(value)) == cardinal(int(value))


def test_years_of_the_exercise_are_those_of_the_normalizer() -> None:
    spoken = script("solutions/ex04_years.py").year_in_words
    assert [spoken(value) for value in range(1100, 2100)] == [year(v) for v in range(1100, 2100)]
