"""06.2  Explore a model

What you will learn: what is inside a BERT: which tensors flow through it in which shape, where its
    parameters are, and what its attention heads look at.
Needs: nothing but the installation (net: BERT itself, 440 MB, if it can be had within two minutes;
    otherwise the small BERT of 06.1)
Writes to outputs/06_hf_transformers/: attention_maps.png, parameters.png, shapes.json
Look for: the length is the only size that changes with the text. Each row of an attention map
    sums to 1. Heads differ: some spread over all tokens, some look at one or two places, often at
    the full stop, [CLS] or [SEP].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from dl_utils import COLOURS, count_parameters, new_figure, save_plot
from env_utils import atomic_write_json, lesson_parser, run_lesson, seed_everything
from hf_utils.standins import pretrained_language_model
from torch import Tensor

MODEL = "google-bert/bert-base-uncased"
SENTENCE = "The old clock stopped when the rain began."


def open_up(model: Any, tokenizer: Any, text: str) -> tuple[list[str], Any]:
    """Tokens of ``text`` and everything that the model computed on the way."""
    model.set_attn_implementation("eager")  # the fast kernels do not hand their weights out
    inputs = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        outputs = model(**inputs, output_hidden_states=True, output_attentions=True)
    return tokenizer.convert_ids_to_tokens(inputs["input_ids"][0]), outputs


def shapes_along_the_way(outputs: Any) -> dict[str, list[int]]:
    """The shape of each tensor, in the order in which they arise."""
    shapes = {"embeddings (B, L, W)": list(outputs.hidden_states[0].shape)}
    for layer, (state, weights) in enumerate(
        zip(outputs.hidden_states[1:], outputs.attentions, strict=True), 1
    ):
        shapes[f"layer {layer}: attention weights (B, H, L, L)"] = list(weights.shape)
        shapes[f"layer {layer}: output (B, L, W)"] = list(state.shape)
    shapes["logits (B, L, V)"] = list(outputs.logits.shape)
    return shapes


def embeddings_by_hand(model: Any, input_ids: Tensor) -> Tensor:
    """Word + position + segment, then layer normalization: ``(1, L, W)``."""
    part = model.bert.embeddings
    length = input_ids.shape[1]
    total = (
        part.word_embeddings.weight[input_ids]
        + part.position_embeddings.weight[:length]
        + part.token_type_embeddings.weight[0]
    )
    mean = total.mean(dim=-1, keepdim=True)
    variance = total.var(dim=-1, keepdim=True, correction=0)
    normal = (total - mean) / torch.sqrt(variance + part.LayerNorm.eps)
    return normal * part.LayerNorm.weight + part.LayerNorm.bias


def parameters_by_formula(config: Any) -> dict[str, int]:
    """How many parameters each part must have, from the sizes alone (weights plus biases)."""
    width, inner = config.hidden_size, config.intermediate_size
    norm = 2 * width
    rows = config.vocab_size + config.max_position_embeddings + config.type_vocab_size
    return {
        "embeddings": rows * width + norm,
        "attention": config.num_hidden_layers * (4 * (width * width + width) + norm),
        "feed-forward": config.num_hidden_layers * (2 * width * inner + inner + width + norm),
        # The head's word matrix is the embedding matrix again (tied): only its bias is new.
        "language head": width * width + width + norm + config.vocab_size,
    }


def entropies(attentions: Sequence[Tensor]) -> list[list[float]]:
    """For each layer and head the mean entropy of its rows in bits: 0 = one token, log2 L = all."""
    bits = [-(w * w.clamp_min(1e-12).log2()).sum(-1).mean(-1)[0] for w in attentions]
    return [[float(value) for value in row] for row in bits]


def plot_attention(tokens: list[str], attentions: Sequence[Tensor], path: Path) -> None:
    """The first four heads of the first and of the last layer."""
    layers = [0, len(attentions) - 1]
    heads = min(4, attentions[0].shape[1])
    figure = new_figure(8.4, 5.4)
    grid = figure.subplots(len(layers), heads, squeeze=False, sharex=True, sharey=True)
    for row, layer in enumerate(layers):
        for head in range(heads):
            axes = grid[row][head]
            picture = axes.imshow(attentions[layer][0, head], vmin=0, vmax=1, cmap="cividis")
            axes.set_title(f"layer {layer + 1}, head {head + 1}", fontsize=9)
            axes.set_xticks(range(len(tokens)), tokens, rotation=90, fontsize=7)
            axes.set_yticks(range(len(tokens)), tokens, fontsize=7)
    figure.supxlabel("token that is looked at", fontsize=9)
    figure.supylabel("token that looks", fontsize=9)
    figure.colorbar(picture, ax=grid, label="attention weight (each row sums to 1)", shrink=0.7)
    figure.suptitle("Every head has its own habit of looking", fontsize=11)
    save_plot(figure, path, dpi=95)


def plot_parameters(parts: dict[str, int], path: Path) -> None:
    """Where the parameters are."""
    figure = new_figure(8.0, 2.6)
    axes = figure.subplots()
    total = sum(parts.values())
    axes.barh(list(parts), [count / 1e6 for count in parts.values()], color=COLOURS[0])
    for row, count in enumerate(parts.values()):
        axes.text(count / 1e6, row, f" {count / total:.0%}", va="center")
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.set_xlabel("parameters (millions)")
    axes.set_title(f"Where the {total:,} parameters are")
    save_plot(figure, path)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Open the model, check it against formulas, draw it; returns what was found."""
    parser = lesson_parser("06_hf_transformers", __doc__)
    parser.add_argument("--text", default=SENTENCE, help="the sentence to look at")
    args = parser.parse_args(argv)
    seed_everything(args.seed)
    loaded = pretrained_language_model(
        args.output_dir, name=MODEL, seed=args.seed, smoke=args.smoke
    )
    model, tokenizer = loaded.value.model, loaded.value.tokenizer
    print(f"Model: {loaded}\n")

    tokens, outputs = open_up(model, tokenizer, args.text)
    print(f"{len(tokens)} tokens: {' '.join(tokens)}")
    shapes = shapes_along_the_way(outputs)
    for name, shape in shapes.items():
        print(f"  {name:42} {tuple(shape)}")

    ids = tokenizer(args.text, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        by_hand = embeddings_by_hand(model, ids)
    error = float((by_hand - outputs.hidden_states[0]).abs().max())
    print(f"\nEmbeddings by hand differ from the model's by at most {error:.1e}.")

    parts = parameters_by_formula(model.config)
    counted = count_parameters(model)
    print(f"Parameters: {counted:,} counted, {sum(parts.values()):,} from the sizes alone.")

    rows = torch.stack([weights.sum(dim=-1) for weights in outputs.attentions])
    bits = entropies(outputs.attentions)
    print(f"Entropy of the heads in bits (looking everywhere: {math.log2(len(tokens)):.2f}):")
    for layer, row in enumerate(bits, 1):
        print(f"  layer {layer:2}: " + " ".join(f"{value:4.2f}" for value in row))

    plot_attention(tokens, outputs.attentions, args.output_dir / "attention_maps.png")
    plot_parameters(parts, args.output_dir / "parameters.png")
    atomic_write_json(args.output_dir / "shapes.json", {"tokens": tokens, "shapes": shapes})
    print(f"\nWritten: attention_maps.png, parameters.png, shapes.json in {args.output_dir}")
    return {
        "source": loaded.source,
        "tokens": tokens,
        "parameters": counted,
        "parameters_by_formula": sum(parts.values()),
        "embedding_error": error,
        "row_sum_error": float((rows - 1).abs().max()),
        "entropy_bits": bits,
    }


# Try this next
#  1. --text "Is it raining, or is it only the clock?": do the heads look at other places?
#  2. Double the width in the formula on paper. Which part grows twofold, which fourfold?
#  3. Shuffle the words. Without positions each word's output would only move along: does it?

if __name__ == "__main__":
    run_lesson(main)
