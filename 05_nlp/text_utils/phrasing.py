"""Where a reader takes a breath although nothing is written there.

People who read aloud group words. They pause at commas; and where a dozen words follow each other
without a mark they pause anyway, sooner before "but" or "which" than after "the". Each gap between
two words gets the probability of a pause from a logistic regression (``logistic.py``) on

- the two words before it and the two after it: the most frequent ones each by itself, the others
  by their endings,
- the number of words since the last pause, and up to the next written mark.

The former depends on the pauses before, so the most probable set of pauses is found by dynamic
programming (Viterbi 1967) over "words since the last pause". The method is that of Taylor and Black
("Assigning phrase breaks from part-of-speech sequences", 1998), with words for their classes; and
after "the" or "above" there is no pause at all.

    he had been told that the house would be empty | but when he opened the door a woman | he had
    never seen before was sitting at the table | with a cup of tea in her hand

What ships, ``phrasing.json``, was learned from people reading, by the capstone's module
``voice_replication.data_processing.reading_pauses``, which also says how far it agrees with them.

Shapes: ``V`` words with weights of their own, ``K = V + 5`` with the endings, ``D`` distances.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from env_utils import InputError, atomic_write_json

from text_utils.logistic import fit_logistic
from text_utils.symbols import Word
from text_utils.tfidf import Floats
from text_utils.wordsets import words

MODEL_PATH = Path(__file__).with_name("phrasing.json")
VOCABULARY = 300  # words with weights of their own
ENDINGS = ("ly", "ing", "ed", "s", "")  # of all others; the first that fits
PLACES = (0, 1, -1, 2)  # the words that count: 0 is the one before the gap, 1 the one after it
DISTANCES = (1, 2, 3, 4, 5, 6, 8, 10, 13, 17)  # in words; each stands for up to the next
SHORTEST = 15  # words: whether people pause in fewer, and where, is their own choice
SHARE = 0.75  # of the pauses that people make: one too few is heard less than one out of place
PENALTY = 0.3  # the C of the logistic regression
NEVER = -20.0  # log odds
# Words that lean on the next one: nobody pauses after them but to look for a word. Many are too
# rare in our recordings to be learned one by one.
LEANING = words(
    "a an the of to at from into onto with without within upon through during among between under "
    "above below beside besides behind beyond outside inside across along against toward towards "
    "near until till since than and or nor but because although though whether if unless while as "
    "whose which who when where how why i we they he she my your his its our their every no very "
    "too so such quite is am are was were be been being has have had do does did can could will "
    "would shall should may might must"
)


@dataclass(frozen=True)
class Stretch:
    """Words without a mark between them, as somebody read them; ``pauses`` has one gap less."""

    words: tuple[str, ...]
    pauses: tuple[bool, ...]


@dataclass(frozen=True)
class Phrasing:
    """The weights: ``context (4, K)`` for the words at :data:`PLACES`, ``since (D,)`` and
    ``left (D,)`` for the distances, and a ``bias``."""

    vocabulary: Mapping[str, int]
    context: Floats
    since: Floats
    left: Floats
    bias: float

    def pauses(self, words: Sequence[str]) -> list[bool]:
        """Where a reader would pause in the gaps of ``words``, between which nothing is written:
        the most probable set of pauses, and none in fewer than :data:`SHORTEST` words."""
        if len(words) < SHORTEST:
            return [False] * (len(words) - 1)
        last = DISTANCES[-1]
        since = [0.0, *(float(self.since[_distance(n)]) for n in range(1, last + 1))]
        # for every number of words since the last pause: log probability, and where pauses are
        best: dict[int, tuple[float, tuple[int, ...]]] = {1: (0.0, ())}
        for gap, local in enumerate(self._local(words)):
            reached: dict[int, tuple[float, tuple[int, ...]]] = {}
            for distance, (score, made) in best.items():
                odds = local + since[distance]
                going_on = score - float(np.logaddexp(0.0, odds))
                paused = going_on + odds
                longer = min(distance + 1, last)
                for now, value, pauses in (
                    (longer, going_on, made),
                    (1, paused, (*made, gap)),
                ):
                    if now not in reached or value > reached[now][0]:
                        reached[now] = value, pauses
            best = reached
        chosen = max(best.values())[1]
        return [gap in chosen for gap in range(len(words) - 1)]

    def _local(self, words: Sequence[str]) -> list[float]:
        """The log odds of each gap, but for the words since the last pause."""
        size = len(words)
        codes = [_code(word, self.vocabulary) for word in words]
        odds = np.array([self.left[_distance(size - 1 - gap)] for gap in range(size - 1)])
        for row, place in enumerate(PLACES):
            for gap in range(max(0, -place), min(size - 1, size - place)):
                odds[gap] += self.context[row, codes[gap + place]]
        leaning = np.array([word in LEANING for word in words[:-1]])
        return [float(value) for value in np.where(leaning, NEVER, odds + self.bias)]

    def save(self, path: Path) -> None:
        """Write the weights as JSON, rounded to a hundredth."""
        document = {
            "words": sorted(self.vocabulary, key=lambda word: self.vocabulary[word]),
            "context": np.round(self.context, 2).tolist(),
            "since": np.round(self.since, 2).tolist(),
            "left": np.round(self.left, 2).tolist(),
            "bias": round(self.bias, 2),
        }
        atomic_write_json(path, document)

    @classmethod
    def load(cls, path: Path = MODEL_PATH) -> Phrasing:
        """Inverse of :meth:`save`; ``InputError`` if ``path`` holds something else."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            vocabulary = {word: index for index, word in enumerate(document["words"])}
            rows = (np.asarray(document[name], float) for name in ("context", "since", "left"))
            context, since, left = rows
            bias = float(document["bias"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} does not hold where readers pause: {error!r}.") from error
        expected = (len(PLACES), len(vocabulary) + len(ENDINGS))
        if context.shape != expected or not since.shape == left.shape == (len(DISTANCES),):
            raise InputError(f"{path}: the weights have not the shape {expected}.")
        return cls(vocabulary, context, since, left, bias)


def fit_phrasing(stretches: Sequence[Stretch]) -> Phrasing:
    """Learn from what people read; ``InputError`` if there is no gap with and none without pause.

    The most probable set of pauses has fewer than people make; so the bias is then raised, by
    tenths, until in long stretches there are :data:`SHARE` as many.
    """
    model = _regression(stretches)
    long = [stretch for stretch in stretches if len(stretch.words) >= SHORTEST]
    wanted = SHARE * sum(sum(stretch.pauses) for stretch in long)

    def excess(tenths: int) -> float:
        biased = replace(model, bias=model.bias + tenths / 10)
        return abs(sum(sum(biased.pauses(stretch.words)) for stretch in long) - wanted)

    return replace(model, bias=model.bias + min(range(11), key=excess) / 10)


def _regression(stretches: Sequence[Stretch]) -> Phrasing:
    from scipy.sparse import csr_matrix

    counted = Counter(word for stretch in stretches for word in stretch.words)
    frequent = sorted(counted, key=lambda word: (-counted[word], word))[:VOCABULARY]
    vocabulary = {word: index for index, word in enumerate(frequent)}
    size = len(vocabulary) + len(ENDINGS)
    columns: list[list[int]] = []
    answers: list[int] = []
    for stretch in stretches:
        codes = [_code(word, vocabulary) for word in stretch.words]
        since = 0
        for gap, paused in enumerate(stretch.pauses):
            since += 1
            row = [
                number * size + codes[gap + place]
                for number, place in enumerate(PLACES)
                if 0 <= gap + place < len(codes)
            ]
            row.append(len(PLACES) * size + _distance(since))
            row.append(len(PLACES) * size + len(DISTANCES) + _distance(len(codes) - 1 - gap))
            columns.append(row)
            answers.append(1 if paused else -1)
            since = 0 if paused else since
    if len(set(answers)) < 2:
        raise InputError(
            "phrasing: gaps with a pause and gaps without one are needed to learn from."
        )
    ends = np.cumsum([0, *(len(row) for row in columns)])
    flat = np.concatenate([np.asarray(row) for row in columns])
    width = len(PLACES) * size + 2 * len(DISTANCES)
    table: Any = csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(columns), width))
    model = fit_logistic(table, np.array(answers), PENALTY)
    context, since_left = np.split(model.weights, [len(PLACES) * size])
    since_weights, left = np.split(since_left, 2)
    return Phrasing(vocabulary, context.reshape(len(PLACES), size), since_weights, left, model.bias)


@lru_cache(maxsize=1)
def _shipped() -> Phrasing:
    return Phrasing.load()


def phrase(words: Sequence[Word]) -> list[Word]:
    """``words`` with a comma wherever a reader would probably pause though nothing is written."""
    spoken = list(words)
    for start, end in _unmarked(spoken):
        stretch = [word.text.lower() for word in spoken[start:end]]
        for place, pause in enumerate(_shipped().pauses(stretch), start):
            if pause:
                spoken[place] = replace(spoken[place], pause=",")
    return spoken


def _unmarked(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Start and end of every stretch of words that ends in a mark."""
    start = 0
    for place, word in enumerate(words, 1):
        if word.pause != " " or place == len(words):
            yield start, place
            start = place


def _code(word: str, vocabulary: Mapping[str, int]) -> int:
    """The column of a word: its own, or that of its ending."""
    known = vocabulary.get(word)
    if known is not None:
        return known
    return len(vocabulary) + next(i for i, ending in enumerate(ENDINGS) if word.endswith(ending))


def _distance(count: int) -> int:
    return int(np.searchsorted(DISTANCES, count, side="right")) - 1
