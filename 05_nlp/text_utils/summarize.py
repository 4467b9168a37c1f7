"""A summary made of a text's own sentences: TextRank (Mihalcea and Tarau 2004).

Sentences that resemble many others vote for each other. A walker who jumps from sentence to
sentence, to similar ones more often, visits some of them more than others; the share of visits is
the rank, the same computation as PageRank (Brin and Page 1998)::

    rank = (1 - d) / N + d * M' rank      d = 0.85, M[i, j] = w[i, j] / sum_j w[i, j]

Here the weight ``w`` of a pair is the cosine of the two tf-idf vectors without function words.
Nothing is written anew, so a summary cannot invent; it can only leave out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from book_utils import count_words

from text_utils.sentences import split_sentences
from text_utils.tfidf import Floats, cosine_similarity, fit_tfidf
from text_utils.wordsets import words

DAMPING = 0.85
_TOLERANCE = 1e-10
_MOST_STEPS = 1000
_FEWEST_WORDS = 5  # of a sentence that may stand in a summary
FUNCTION_WORDS = words(
    "a about after again all also am an and any are as at be because been before being but by can "
    "could did do does down each for from had has have he her here him his how i if in into is it "
    "its just like me more most my no nor not now of off on once one only or other our out over "
    "own said say says she should so some such than that the their them then there these they this "
    "those through to too two under until up upon us very was we were what when where which while "
    "who whom whose why will with would you your"
)
"""Words that stand in every text and say nothing about what it is about."""


def content_words(text: str) -> Counter[str]:
    """How often each word occurs that is no function word."""
    counted = count_words(text)
    return Counter({word: n for word, n in counted.items() if word not in FUNCTION_WORDS})


def page_rank(weights: Floats, damping: float = DAMPING) -> Floats:
    """The shares of visits ``(N,)``, which sum to 1, for pair weights ``(N, N)`` >= 0.

    ``weights[i, j]`` is how strongly ``i`` votes for ``j``; the diagonal is ignored. Who votes for
    nobody votes for all alike. Power iteration until nothing changes by more than 1e-10.
    """
    number = len(weights)
    if number == 0:
        return np.zeros(0)
    votes = np.array(weights, dtype=np.float64)
    np.fill_diagonal(votes, 0.0)
    total = votes.sum(axis=1, keepdims=True)
    shares = np.divide(votes, total, out=np.full_like(votes, 1 / number), where=total > 0)
    rank = np.full(number, 1 / number)
    for _ in range(_MOST_STEPS):
        updated: Floats = (1 - damping) / number + damping * (shares.T @ rank)
        if np.abs(updated - rank).max() < _TOLERANCE:
            break
        rank = updated
    return updated


def rank_sentences(sentences: Sequence[str]) -> Floats:
    """The TextRank of each sentence ``(N,)``; together they are 1."""
    model = fit_tfidf(sentences, count=content_words)
    return page_rank(cosine_similarity(model.vectors(sentences)))


def summarize(text: str, sentences: int = 3) -> list[str]:
    """The ``sentences`` highest-ranked sentences of ``text``, in the order of the text.

    Sentences of fewer than five words are only taken when there are no others.
    """
    found = split_sentences(text)
    rank = rank_sentences(found)
    long_enough = [count_words(sentence).total() >= _FEWEST_WORDS for sentence in found]
    order = sorted(range(len(found)), key=lambda i: (not long_enough[i], -rank[i]))
    return [found[index] for index in sorted(order[:sentences])]
