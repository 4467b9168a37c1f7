"""The mood of a sentence: is it pleasant, and is it excited?

Moods lie in a plane (Russell 1980): *valence* says how pleasant, *energy* (arousal) how excited.
Each of the two is a logistic regression (``logistic.py``) on the words of a sentence, trained on
the 400 labelled sentences in ``mood_sentences.tsv``, which were written for this course.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from env_utils import InputError

from text_utils.logistic import LogisticModel, fit_logistic
from text_utils.tfidf import Floats, TfIdf, fit_tfidf
from text_utils.wordsets import words

SENTENCES_PATH = Path(__file__).with_name("mood_sentences.tsv")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|[.,;:!?]")
_NEGATIONS = words("not no never nothing nobody neither nor without hardly cannot")
_REACH = 3  # words after a negation that it turns round
_STEM = 5  # letters


@dataclass(frozen=True)
class MoodSentence:
    """A labelled sentence; ``valence`` and ``energy`` are +1 or -1."""

    text: str
    valence: int
    energy: int

    @property
    def mood(self) -> str:
        """ "joyful" (+, +), "peaceful" (+, -), "tense" (-, +) or "sad" (-, -)."""
        names = {(1, 1): "joyful", (1, -1): "peaceful", (-1, 1): "tense", (-1, -1): "sad"}
        return names[self.valence, self.energy]


def load_mood_sentences(path: Path = SENTENCES_PATH) -> list[MoodSentence]:
    """The labelled sentences of a file with the columns valence, energy, text.

    ``InputError`` names the line that is not of that form.
    """
    loaded: list[MoodSentence] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if number == 1 or not line.strip():
            continue
        valence, _, rest = line.partition("\t")
        energy, _, text = rest.partition("\t")
        if valence not in ("+1", "-1") or energy not in ("+1", "-1") or not text.strip():
            raise InputError(f"{path}, line {number}: not 'valence TAB energy TAB sentence'.")
        loaded.append(MoodSentence(text.strip(), int(valence), int(energy)))
    return loaded


def mood_features(text: str) -> Counter[str]:
    """Words and the beginnings of long ones, in small letters, with negation carried along.

    "^laugh" stands for laughed, laughing and laughter, which in a few hundred sentences are too
    rare to be learned one by one. After "not", "never", "didn't" ... the next three words become
    words of their own, "not_glad", until a mark ends the clause; so "not glad" does not look glad.
    """
    found: list[str] = []
    reach = 0
    for token in _TOKEN.findall(text.lower().replace("’", "'")):
        if not token[0].isalpha():
            reach = 0
            if token == "!":
                found.append(token)
            continue
        sign = "not_" if reach else ""
        found.append(sign + token)
        if len(token) > _STEM:
            found.append(f"{sign}^{token[:_STEM]}")
        reach = max(0, reach - 1)
        if token in _NEGATIONS or token.endswith("n't"):
            reach = _REACH
    return Counter(found)


@dataclass(frozen=True)
class MoodModel:
    """Words to vectors, and one logistic regression for each of the two axes."""

    tfidf: TfIdf
    valence: LogisticModel
    energy: LogisticModel

    def predict(self, sentences: Sequence[str]) -> Floats:
        """Valence and energy of each sentence as ``2 p - 1`` in (-1, 1): ``(N, 2)``."""
        x = self.tfidf.vectors(sentences)
        columns = [2 * axis.probability(x) - 1 for axis in (self.valence, self.energy)]
        return np.stack(columns, axis=1)


def train_mood_model(sentences: Sequence[MoodSentence], c: float = 8.0) -> MoodModel:
    """Train both axes on labelled sentences (half a second for a few hundred)."""
    tfidf = fit_tfidf([s.text for s in sentences], count=mood_features)
    x = tfidf.vectors([s.text for s in sentences])
    valence = np.array([s.valence for s in sentences])
    energy = np.array([s.energy for s in sentences])
    return MoodModel(tfidf, fit_logistic(x, valence, c), fit_logistic(x, energy, c))
