"""Real speech as short as ours: what the similarity of short sentences is fairly held against.

A speaker encoder is the less sure of a voice the less it hears: of real recordings, excerpts of
three seconds are less similar to their speaker than whole ones of twelve. New sentences last three
seconds, the recordings of a corpus often twelve; so each sentence is held against an excerpt, as
long as it is, of a held-out recording of the same speaker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor

import numpy as np
from audio_utils import DEFAULT_SPEC
from env_utils import InputError

from voice_replication.evaluation.judging import Verdict, encoder
from voice_replication.evaluation.recordings import HeardSpeaker
from voice_replication.evaluation.similarity import Embedding, cosine
from voice_replication.evaluation.unseen import Excerpt

PLACES = np.linspace(0.0, 1.0, 5)  # of an excerpt in its recording: in turns, also in the middle


def similarity_as_short(
    verdicts: Sequence[Verdict],
    speakers: Sequence[HeardSpeaker],
    centroids: Mapping[str, Embedding],
    pool: Executor | None = None,
) -> float | None:
    """Mean cosine to the own speaker of real excerpts, one as long as each sentence of
    ``verdicts``; None if there is none for some sentence."""
    chosen = excerpts_as_long(verdicts, speakers)
    if not chosen or len(chosen) < len(verdicts):
        return None
    targets = [centroids[excerpt.utterance.speaker] for excerpt in chosen]
    apply = map if pool is None else pool.map
    known = [s for s in apply(_similarity, chosen, targets) if s is not None]
    return float(np.mean(known)) if known else None


def excerpts_as_long(
    verdicts: Sequence[Verdict], speakers: Sequence[HeardSpeaker]
) -> list[Excerpt]:
    """For every sentence an excerpt of a held-out recording of its speaker, or the whole of one
    that is shorter; sentences of speakers without any are passed over."""
    held_out = {s.name: sorted(s.held_out, key=lambda u: u.id) for s in speakers}
    found = []
    for turn, verdict in enumerate(verdicts):
        recordings = held_out.get(verdict["speaker"], [])
        if recordings:
            utterance = recordings[turn % len(recordings)]
            start = max(0.0, utterance.seconds - verdict["seconds"]) * PLACES[turn % len(PLACES)]
            found.append(Excerpt(utterance, start, start + verdict["seconds"]))
    return found


def _similarity(excerpt: Excerpt, target: Embedding) -> float | None:
    try:
        return cosine(encoder().embed(excerpt.load(), DEFAULT_SPEC.sample_rate), target)
    except InputError:  # a pause: nothing to judge
        return None
