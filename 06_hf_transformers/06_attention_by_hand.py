"""06.6  Attention by hand

What you will learn: attention as three loops, then as two matrix products; heads, masks, positions
    and the key-value cache; each is compared with what torch computes.
Needs: nothing but the installation
Writes to outputs/06_hf_transformers/: attention_masks.png, positions.png, kv_cache.png
Look for: differences of 1e-6 and smaller everywhere. Without positions, shuffled words give
    shuffled outputs and nothing else. With the cache, a new token costs the same however long
    the text is, apart from looking back.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import lesson_parser, run_lesson, seed_everything
from hf_utils import (
    MultiHeadAttention,
    attention,
    causal_mask,
    padding_mask,
    rotate,
    sinusoidal_positions,
)
from torch import Tensor, nn

# --- Attention as loops -------------------------------------------------------------------------


def attention_with_loops(query: Tensor, key: Tensor, value: Tensor, allowed: Tensor) -> Tensor:
    """``(Lq, D)``, ``(Lk, D)``, ``(Lk, D)``, mask ``(Lq, Lk)`` -> ``(Lq, D)``, number by number."""
    width = query.shape[1]
    output = torch.zeros_like(query)
    for i in range(len(query)):
        scores = []
        for j in range(len(key)):
            product = sum(float(query[i, d]) * float(key[j, d]) for d in range(width))
            # Without the root the scores grow with the width, and the softmax picks one token.
            scores.append(product / math.sqrt(width) if allowed[i, j] else -math.inf)
        highest = max(scores)
        exponentials = [math.exp(score - highest) for score in scores]
        for j, exponential in enumerate(exponentials):
            output[i] += exponential / sum(exponentials) * value[j]
    return output


def largest(a: Tensor, b: Tensor) -> float:
    """The largest difference of two tensors."""
    return float((a - b).abs().max())


def compare_single_head() -> dict[str, float]:
    """Loops, matrices and torch's own kernel, with and without a mask."""
    query, key, value = torch.randn(3, 6, 8)
    differences = {}
    for name, allowed in (("all", torch.ones(6, 6, dtype=torch.bool)), ("causal", causal_mask(6))):
        torchs = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        loops = attention_with_loops(query, key, value, allowed)
        differences[f"loops_{name}"] = largest(loops, torchs)
        differences[f"matrices_{name}"] = largest(attention(query, key, value, allowed)[0], torchs)
    return differences


# --- Heads and masks ----------------------------------------------------------------------------


def like_torch(ours: MultiHeadAttention, width: int, heads: int) -> nn.MultiheadAttention:
    """``torch.nn.MultiheadAttention`` with our weights: query, key, value stacked in one matrix."""
    theirs = nn.MultiheadAttention(width, heads, batch_first=True)
    parts = (ours.to_query, ours.to_key, ours.to_value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        theirs.out_proj.load_state_dict(ours.out.state_dict())
    return theirs


def compare_heads() -> tuple[float, Tensor, Tensor]:
    """Our heads against torch's on a padded batch; and the weights of both kinds of mask."""
    width, heads, x = 32, 4, torch.randn(2, 7, 32)
    keep = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])  # the second sentence has four tokens
    ours = MultiHeadAttention(width, heads)
    theirs = like_torch(ours, width, heads)
    with torch.no_grad():
        output, padded, _ = ours(x, padding_mask(keep))
        _, causal, _ = ours(x, causal_mask(7))
        # Careful: torch's key_padding_mask is True where a key must NOT be looked at.
        wanted, _ = theirs(x, x, x, key_padding_mask=keep == 0)
    return largest(output[keep.bool()], wanted[keep.bool()]), padded[1, 0], causal[1, 0]


# --- Positions ----------------------------------------------------------------------------------


def order_blindness() -> float:
    """Shuffle the inputs: attention without positions gives the same outputs, shuffled alike."""
    layer, x, order = MultiHeadAttention(16, 2), torch.randn(1, 9, 16), torch.randperm(9)
    with torch.no_grad():
        return largest(layer(x[:, order])[0], layer(x)[0][:, order])


def rotary_products(width: int, length: int) -> tuple[Tensor, float]:
    """Product of a rotated query and key by distance, and how far it moves with the start."""
    query, key = torch.ones(2, 1, width, dtype=torch.float64)
    places = torch.arange(length)
    products = [
        (rotate(query.expand(length, -1), places + start) * rotate(key, torch.tensor([start]))).sum(
            -1
        )
        for start in (0, 100)
    ]
    return products[0], largest(*products)


def plot_positions(table: Tensor, products: Tensor, path: Path) -> None:
    """The sinusoidal table, and how the rotary product falls with the distance."""
    figure = new_figure(8.4, 3.4)
    left, right = figure.subplots(1, 2)
    picture = left.imshow(table, aspect="auto", cmap="cividis", interpolation="nearest")
    left.set_xlabel("column")
    left.set_ylabel("position (tokens)")
    left.set_title("Sinusoidal: fast columns, slow columns", fontsize=10)
    figure.colorbar(picture, ax=left, label="value added to the embedding")
    right.plot(products / products[0], color=COLOURS[0])
    right.set_xlabel("distance of query and key (tokens)")
    right.set_ylabel("product / product at distance 0")
    right.set_title("Rotary: only the distance counts", fontsize=10)
    right.grid(alpha=0.3)
    save_plot(figure, path)


def plot_masks(padded: Tensor, causal: Tensor, path: Path) -> None:
    """The weights of one head under both masks."""
    figure = new_figure(8.0, 3.6)
    panels = (("causal: nobody looks ahead", causal), ("padding: nobody looks at it", padded))
    for axes, (name, weights) in zip(figure.subplots(1, 2), panels, strict=True):
        picture = axes.imshow(weights, vmin=0, cmap="cividis")
        axes.set_xlabel("token that is looked at")
        axes.set_ylabel("token that looks")
        axes.set_title(name, fontsize=10)
        figure.colorbar(picture, ax=axes, label="attention weight")
    save_plot(figure, path)


# --- The key-value cache ------------------------------------------------------------------------


def with_and_without_cache(lengths: Sequence[int]) -> tuple[float, dict[str, list[float]]]:
    """Write token by token with and without a cache: largest difference, milliseconds a token."""
    layer = MultiHeadAttention(256, 4).eval()
    worst, times = 0.0, {"without cache": [], "with cache": []}
    with torch.no_grad():
        for length in lengths:
            x = torch.randn(1, length, 256)
            _, _, cache = layer(x[:, :-1], causal_mask(length - 1))
            runs: dict[str, list[float]] = {name: [] for name in times}
            for _ in range(5):
                start = time.perf_counter()
                full = layer(x, causal_mask(length))[0][:, -1]
                middle = time.perf_counter()
                step = layer(x[:, -1:], cache=cache)[0][:, 0]
                runs["without cache"].append(middle - start)
                runs["with cache"].append(time.perf_counter() - middle)
            worst = max(worst, largest(full, step))
            for name, seconds in runs.items():
                times[name].append(1000 * min(seconds))
    return worst, times


def plot_cache(lengths: Sequence[int], times: dict[str, list[float]], path: Path) -> None:
    """Milliseconds for one more token, over the length of what is there already."""
    figure = new_figure(8.0, 3.2)
    axes = figure.subplots()
    for colour, style, (name, values) in zip(COLOURS, ("o-", "s--"), times.items(), strict=False):
        axes.plot(lengths, values, style, color=colour, label=name)
    axes.set_xlabel("tokens written so far")
    axes.set_ylabel("time for one more token (ms)")
    axes.set_yscale("log")
    axes.set_title("A cache turns writing a text from cubic work into quadratic")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Compare everything with torch, draw it; returns the differences."""
    args = lesson_parser("06_hf_transformers", __doc__).parse_args(argv)
    seed_everything(args.seed)
    folder = args.output_dir
    differences = compare_single_head()
    differences["multi_head"], padded, causal = compare_heads()
    differences["shuffled"] = order_blindness()
    products, differences["rotary_start"] = rotary_products(64, 200)
    lengths = [16, 64, 128] if args.smoke else [16, 64, 128, 256, 512, 1024]
    differences["cache"], times = with_and_without_cache(lengths)
    print("Largest differences (float32 rounds at about 1e-7):")
    for name, value in differences.items():
        print(f"  {name:16} {value:.1e}")
    print("Milliseconds for one more token:")
    for i, length in enumerate(lengths):
        row = ", ".join(f"{values[i]:6.2f} {name}" for name, values in times.items())
        print(f"  after {length:4} tokens: {row}")
    plot_masks(padded, causal, folder / "attention_masks.png")
    plot_positions(sinusoidal_positions(60, 64), products, folder / "positions.png")
    plot_cache(lengths, times, folder / "kv_cache.png")
    print(f"Written: attention_masks.png, positions.png, kv_cache.png in {folder}")
    return {
        "differences": differences,
        "weight_on_padding": float(padded[:, 4:].max()),
        "weight_on_future": float(causal.triu(1).max()),
        "milliseconds": {name: values[-1] for name, values in times.items()},
    }


# Try this next
#  1. Leave the square root out and set D to 512: print the largest weight of each row.
#  2. In compare_heads give torch `keep == 1` as its mask. It runs. How would you have noticed?
#  3. Keep only one key and value head for all query heads (multi-query attention). How much smaller
#     is the cache?

if __name__ == "__main__":
    run_lesson(main)
