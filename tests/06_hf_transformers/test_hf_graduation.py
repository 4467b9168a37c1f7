"""What floor 06 writes by hand is what torch, scikit-learn and ``hf_utils`` compute."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from course.checking import load_script
from hf_utils import (
    MultiHeadAttention,
    attention,
    causal_mask,
    padding_mask,
    rotate,
    score,
    sinusoidal_positions,
    train_tokenizer,
)
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from torch.nn.functional import scaled_dot_product_attention

FLOOR = Path(__file__).resolve().parents[2] / "06_hf_transformers"


def lesson(name: str) -> ModuleType:
    return load_script(FLOOR / f"{name}.py", f"graduation_{name}")


@pytest.mark.parametrize("seed", range(3))
def test_attention_is_torchs(seed: int) -> None:
    torch.manual_seed(seed)
    query, key, value = torch.randn(2, 3, 5, 8), torch.randn(2, 3, 6, 8), torch.randn(2, 3, 6, 8)
    allowed = torch.rand(2, 1, 5, 6) < 0.5
    allowed[..., 0] = True
    output, weights = attention(query, key, value, allowed)
    wanted = scaled_dot_product_attention(query, key, value, attn_mask=allowed)
    torch.testing.assert_close(output, wanted)
    assert float(weights.masked_select(~allowed).abs().max()) == 0
    loops = lesson("06_attention_by_hand").attention_with_loops(
        query[0, 0], key[0, 0], value[0, 0], allowed[0, 0]
    )
    torch.testing.assert_close(loops, wanted[0, 0])


def test_causal_attention_is_torchs() -> None:
    x = torch.randn(3, 7, 4)
    wanted = scaled_dot_product_attention(x, x, x, is_causal=True)
    torch.testing.assert_close(attention(x, x, x, causal_mask(7))[0], wanted)


@pytest.mark.parametrize(("width", "heads"), [(12, 1), (12, 3), (32, 4)])
def test_several_heads_are_torchs(width: int, heads: int) -> None:
    torch.manual_seed(width + heads)
    ours, x = MultiHeadAttention(width, heads), torch.randn(3, 6, width)
    theirs = lesson("06_attention_by_hand").like_torch(ours, width, heads)
    keep = torch.tensor([[1] * 6, [1] * 2 + [0] * 4, [1] * 5 + [0]])
    both = padding_mask(keep) & causal_mask(6)
    output, weights, _ = ours(x, both)
    wanted, their_weights = theirs(
        x, x, x, key_padding_mask=keep == 0, attn_mask=~causal_mask(6), average_attn_weights=False
    )
    torch.testing.assert_close(output, wanted)
    torch.testing.assert_close(weights, their_weights)


def test_a_decoder_with_a_cache_writes_what_one_without_writes() -> None:
    torch.manual_seed(1)
    layer, x = MultiHeadAttention(16, 4), torch.randn(2, 9, 16)
    whole = layer(x, causal_mask(9))[0]
    cache = None
    for i in range(9):
        step, _, cache = layer(x[:, i : i + 1], cache=cache)
        torch.testing.assert_close(step[:, 0], whole[:, i])


def test_sinusoidal_positions_are_the_papers() -> None:
    table = sinusoidal_positions(50, 16)
    for p in (0, 1, 7, 49):
        for i in range(0, 16, 2):
            angle = p / 10_000 ** (i / 16)
            assert table[p, i] == pytest.approx(np.sin(angle), abs=1e-12)
            assert table[p, i + 1] == pytest.approx(np.cos(angle), abs=1e-12)
    products = table @ table.T  # one value on each diagonal: only the distance counts
    for distance in range(5):
        assert float(products.diagonal(distance).std()) < 1e-9


def test_rotary_positions_are_those_of_a_published_model() -> None:
    """Llama pairs column i with i + D/2: the same rotation after reordering the columns."""
    from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

    torch.manual_seed(2)
    query, key = torch.randn(2, 1, 3, 6, 8)  # (B, H, L, D) each
    rates = 10_000.0 ** (-torch.arange(0, 8, 2) / 8)
    angles = torch.arange(6)[:, None] * rates
    cos, sin = (f(torch.cat([angles, angles], -1))[None] for f in (torch.cos, torch.sin))
    theirs, _ = apply_rotary_pos_emb(query, key, cos, sin)
    order = [0, 4, 1, 5, 2, 6, 3, 7]  # their pairs, side by side
    torch.testing.assert_close(rotate(query[..., order], torch.arange(6)), theirs[..., order])


def test_scores_are_scikit_learns(rng: np.random.Generator) -> None:
    by_hand = lesson("05_evaluate_and_save").scores_by_hand
    for _ in range(5):
        labels, answers = rng.integers(0, 3, (2, 40)).tolist()
        ours = score(labels, answers, 3)
        theirs = precision_recall_fscore_support(labels, answers, labels=[0, 1, 2], zero_division=0)
        for got, wanted in zip((ours.precision, ours.recall, ours.f1), theirs, strict=False):
            assert got == pytest.approx(wanted)
        assert (ours.confusion == confusion_matrix(labels, answers, labels=[0, 1, 2])).all()
        for label in range(3):
            hand = by_hand(labels, answers, label)
            assert hand["f1"] == pytest.approx(ours.f1[label])
            assert hand["precision"] == pytest.approx(ours.precision[label])


def test_padding_by_hand_is_the_tokenizers() -> None:
    texts = ["It rained.", "Nobody on the quay had slept since the storm.", "Why?"]
    tokenizer = train_tokenizer(texts, 80)
    ids, mask = lesson("03_prepare_dataset").pad_by_hand(
        [tokenizer(text)["input_ids"] for text in texts], tokenizer.pad_token_id
    )
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    assert torch.equal(ids, batch["input_ids"]) and torch.equal(mask, batch["attention_mask"])
