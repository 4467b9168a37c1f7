"""Pronunciations of words that no dictionary holds, from a trained joint-sequence model.

The model is an n-gram over *graphones* (pairs of letters and phones, see ``graphones.py``), trained
on the CMU dictionary by ``python -m text_utils.train_g2p``. To pronounce a word is to find the most
probable graphone sequence whose letters spell it (Bisani and Ney 2008). A beam search walks over
the letters; a hypothesis is its n-gram state and whether it has its primary stress already, because
an English word has exactly one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from text_utils.lexicon import Phones

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

MODEL_PATH = Path(__file__).with_name("g2p_model.npz")
BEAM = 24  # hypotheses kept at each letter
MARGIN = 9.0  # nats a hypothesis may be behind the best one
NO_STRESS = -4.0  # nats for a word without any primary stress


_Hypothesis = tuple[float, int, bool, Phones]  # log-probability, n-gram state, stressed, phones


class GraphoneModel:
    """The trained model: a trie of graphone n-grams (:class:`text_utils.ngram.Trie`)."""

    def __init__(self, path: Path = MODEL_PATH) -> None:
        import numpy as np

        with np.load(path, allow_pickle=False) as data:
            letters, phones = data["letters"].tolist(), data["phones"].tolist()
            symbol = data["symbol"].astype(np.int64)
            children = data["children"].astype(np.int64)
            self._code = data["probability"].tobytes()  # of each node, into the table of values
            self._backoff = data["backoff"].tobytes()
            self._value: list[float] = data["log_probability"].tolist()
            self._log_backoff: list[float] = data["log_backoff"].tolist()
        suffix, state = _links(symbol, children, len(letters))
        self._symbol = array("H", symbol.astype(np.uint16).tobytes())
        self._first = array("i", (1 + np.cumsum(children) - children).astype(np.int32).tobytes())
        self._suffix = array("i", suffix.astype(np.int32).tobytes())
        self._state = array("i", state.astype(np.int32).tobytes())
        self._first.append(len(symbol))
        self._opening = self._state[1]  # the first n-gram of length 1 is the boundary
        self._sounds = [tuple(sound.split()) for sound in phones]
        self._primary = ["1" in sound for sound in phones]
        self._units: dict[str, tuple[int, int]] = {}  # of a spelling: its units, first and end
        for unit, spelling in enumerate(letters):
            self._units[spelling] = (self._units.get(spelling, (unit, 0))[0], unit + 1)

    def predict(self, word: str) -> Phones:
        """The phones, with stress, of ``word`` in the letters a-z; ``()`` for an empty word."""
        agenda: list[list[_Hypothesis]] = [[] for _ in range(len(word) + 1)]
        agenda[0].append((0.0, self._opening, False, ()))
        for start in range(len(word)):
            for hypothesis in _survivors(agenda[start]):
                for length in (1, 2):
                    units = self._units.get(word[start : start + length])
                    if units and start + length <= len(word):
                        self._extend(hypothesis, units, agenda[start + length])
        complete: list[_Hypothesis] = []
        for hypothesis in _survivors(agenda[-1]) if word else ():
            self._extend(hypothesis, self._units[""], complete)
        return max(complete, key=_with_stress)[3] if complete else ()

    def _extend(
        self, hypothesis: _Hypothesis, units: tuple[int, int], target: list[_Hypothesis]
    ) -> None:
        """Append ``hypothesis`` followed by each of ``units`` to ``target``, best one first.

        Goes from the longest context to the shortest; what a longer one has seen is not looked at
        again, and nothing is looked at that cannot come within ``MARGIN`` of the best so far.
        """
        score, state, stressed, phones = hypothesis
        symbols, first, codes, values = self._symbol, self._first, self._code, self._value
        seen: set[int] = set()
        while not target or score >= target[0][0] - MARGIN:
            end = first[state + 1]
            node = bisect_left(symbols, units[0], first[state], end)
            while node < end and (unit := symbols[node]) < units[1]:
                total = score + values[codes[node]]
                if unit not in seen and not (stressed and self._primary[unit]):
                    new = (
                        total,
                        self._state[node],
                        stressed or self._primary[unit],
                        phones + self._sounds[unit],
                    )
                    if not target or total > target[0][0]:
                        target.insert(0, new)
                    elif total >= target[0][0] - MARGIN:
                        target.append(new)
                seen.add(unit)
                node += 1
            if state == 0:
                return
            score += self._log_backoff[self._backoff[state]]
            state = self._suffix[state]


def _with_stress(hypothesis: _Hypothesis) -> float:
    return hypothesis[0] + (0.0 if hypothesis[2] else NO_STRESS)


def _survivors(hypotheses: list[_Hypothesis]) -> list[_Hypothesis]:
    """The best hypothesis of each (state, stressed), at most ``BEAM``, none hopeless."""
    hypotheses.sort(key=itemgetter(0), reverse=True)
    kept: dict[tuple[int, bool], _Hypothesis] = {}
    for hypothesis in hypotheses:
        if len(kept) == BEAM or hypothesis[0] < hypotheses[0][0] - MARGIN:
            break
        kept.setdefault((hypothesis[1], hypothesis[2]), hypothesis)
    return list(kept.values())


def _links(symbol: Ints, children: Ints, symbols: int) -> tuple[Ints, Ints]:
    """For each node: its suffix (the n-gram without its first symbol), and the state it leads to.

    The state is the node itself, or for a leaf the longest suffix that has children.
    """
    import numpy as np

    parent = np.repeat(np.arange(len(symbol)), children)  # of nodes 1, 2, ...
    keys = parent * symbols + symbol[1:]  # ascending, because of the order of the nodes
    suffix = np.zeros(len(symbol), dtype=np.int64)
    state = np.where(children > 0, np.arange(len(symbol)), 0)
    start = 1 + int(children[0])  # the n-grams of length 1 have the empty suffix
    end = start + int(children[1:start].sum())
    while end > start:  # one length after the other
        wanted = suffix[parent[start - 1 : end - 1]] * symbols + symbol[start:end]
        suffix[start:end] = np.searchsorted(keys, wanted) + 1
        leaf = children[start:end] == 0
        state[start:end][leaf] = state[suffix[start:end][leaf]]
        start, end = end, end + int(children[start:end].sum())
    return suffix, state


@cache
def load_model() -> GraphoneModel:
    """The shipped model, read once."""
    return GraphoneModel()


@lru_cache(maxsize=20_000)
def guess(word: str) -> Phones:
    """Phones of a lower-case ``word`` of the letters a-z, by the shipped model."""
    return load_model().predict(word)
