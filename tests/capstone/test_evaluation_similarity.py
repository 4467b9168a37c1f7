"""The independent speaker judge and the verification error rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC
from env_utils import InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from tts_utils import EspeakEngine, EspeakOptions
from voice_replication.evaluation import similarity

RATE = DEFAULT_SPEC.sample_rate


@pytest.fixture(scope="module")
def encoder() -> similarity.IndependentEncoder:
    pytest.importorskip("resemblyzer")
    return similarity.IndependentEncoder()


@given(st.lists(st.floats(0.6, 1.0), min_size=1), st.lists(st.floats(-1.0, 0.5), min_size=1))
def test_separated_scores_have_no_errors(genuine: list[float], impostor: list[float]) -> None:
    rate, threshold = similarity.equal_error_rate(genuine, impostor)
    assert rate == 0.0
    assert max(impostor) < threshold <= min(genuine)


@settings(deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=30),
       st.lists(st.integers(-50, 50), min_size=1, max_size=30))  # fmt: skip
def test_swapping_the_roles_mirrors_the_rate(genuine: list[int], impostor: list[int]) -> None:
    rate, _ = similarity.equal_error_rate(genuine, impostor)
    mirrored, _ = similarity.equal_error_rate([-x for x in impostor], [-x for x in genuine])
    assert 0.0 <= rate <= 1.0
    assert rate == pytest.approx(mirrored, abs=0.5 / min(len(genuine), len(impostor)) + 1e-9)


def test_known_rates() -> None:
    same = list(np.linspace(0, 1, 101))
    assert similarity.equal_error_rate(same, same)[0] == pytest.approx(0.5, abs=0.01)
    # One of four genuine trials is below one of four impostors: a quarter on either side.
    rate, _ = similarity.equal_error_rate([0.4, 0.8, 0.9, 1.0], [0.1, 0.2, 0.3, 0.5])
    assert rate == pytest.approx(0.25)
    with pytest.raises(InputError, match="both kinds"):
        similarity.equal_error_rate([], [0.1])


def test_gaussian_scores_give_the_rate_of_theory(rng: np.random.Generator) -> None:
    from scipy.stats import norm

    rate, threshold = similarity.equal_error_rate(
        list(rng.normal(2.0, 1.0, 20_000)), list(rng.normal(0.0, 1.0, 20_000))
    )
    assert rate == pytest.approx(norm.cdf(-1.0), abs=0.01)
    assert threshold == pytest.approx(1.0, abs=0.05)


def test_verification_counts_trials_and_finds_the_confused_speaker() -> None:
    a, b = np.eye(2, dtype=np.float32)
    trials = [("a", a), ("a", a), ("b", b), ("b", a)]
    result = similarity.verify(trials, {"a": a, "b": b})
    assert (result.genuine, result.impostor) == (4, 4)
    assert result.equal_error_rate == pytest.approx(0.25)


def test_a_voice_is_nearer_to_itself_than_to_another(
    encoder: similarity.IndependentEncoder,
) -> None:
    texts = ["The bridge was closed, so we took the ferry.", "He painted the fence last summer."]
    low, high = (EspeakEngine(EspeakOptions(pitch=pitch)) for pitch in (25, 80))
    spoken = {
        name: [engine.synthesize(text, "en-us") for text in texts]
        for name, engine in {"low": low, "high": high}.items()
    }
    embedded = {n: [encoder.embed(*audio) for audio in v] for n, v in spoken.items()}
    same = similarity.cosine(*embedded["low"])
    other = similarity.cosine(embedded["low"][0], embedded["high"][1])
    assert same > other + 0.1
    assert np.linalg.norm(embedded["low"][0]) == pytest.approx(1.0, abs=1e-3)


def test_loudness_does_not_change_who_it_is(encoder: similarity.IndependentEncoder) -> None:
    audio, rate = EspeakEngine().synthesize("She found the missing key under the carpet.")
    quiet = encoder.embed(0.1 * audio, rate)
    assert similarity.cosine(encoder.embed(audio, rate), quiet) > 0.98


def test_silence_and_scraps_are_refused(encoder: similarity.IndependentEncoder) -> None:
    for audio in (np.zeros(RATE, np.float32), np.ones(RATE // 10, np.float32)):
        with pytest.raises(InputError, match="half second"):
            encoder.embed(audio, RATE)
    with pytest.raises(InputError, match="no recording"):
        similarity.centroid([])


@pytest.mark.real_data
def test_real_speakers_are_told_apart(
    speech_data: Path, encoder: similarity.IndependentEncoder
) -> None:
    from audio_utils import load_audio
    from voice_replication.evaluation.recordings import anchor_utterances, heard_speakers

    speakers = heard_speakers(speech_data, ["LJ", "kathleen", "1088", "460"])
    centers = {
        s.name: similarity.centroid([encoder.embed(load_audio(u.path), RATE)
                                     for u in s.references[:4]])
        for s in speakers
    }  # fmt: skip
    trials = [(u.speaker, encoder.embed(load_audio(u.path), RATE))
              for u in anchor_utterances(speakers, 12)]  # fmt: skip
    assert similarity.verify(trials, centers).equal_error_rate < 0.1
