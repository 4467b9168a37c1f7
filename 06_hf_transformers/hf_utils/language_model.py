"""A small BERT and its first schooling: guessing words that were hidden (masked language model).

Shapes: ``B`` sentences in a batch, ``L`` tokens in the longest of them, ``V`` words in the
vocabulary. Source of the method: Devlin et al. 2018, "BERT", sections 3.1 and A.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from book_utils import read_text, sample_book_path, split_chapters
from dl_utils import get_device
from text_utils import split_sentences
from torch import Tensor

from hf_utils.loading import quiet_transformers
from hf_utils.wordpiece import MAX_TOKENS, train_tokenizer

IGNORED = -100  # cross-entropy passes over targets with this number


@dataclass(frozen=True)
class LanguageModel:
    """A ``BertForMaskedLM`` and the tokenizer that belongs to it."""

    model: Any
    tokenizer: Any


def book_sentences(min_words: int = 3) -> list[str]:
    """The sentences of the sample book, in order, without quotation marks."""
    chapters = split_chapters(read_text(sample_book_path()))
    sentences = [s for chapter in chapters for s in split_sentences(chapter.text)]
    plain = [s.translate(str.maketrans("’", "'", '“”"')).strip() for s in sentences]
    return [s for s in plain if len(s.split()) >= min_words]


def small_bert_config(vocab_size: int, **changes: Any) -> Any:
    """A ``BertConfig`` of about 700,000 parameters: two layers of four heads, 128 wide."""
    from transformers import BertConfig

    settings: dict[str, Any] = {
        "vocab_size": vocab_size,
        "hidden_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 512,
        "max_position_embeddings": MAX_TOKENS,
        # BERT's 0.02 suits a width of 768. A narrow model that starts so small looks at all tokens
        # alike for a long time, and learns nothing that needs more than counting words.
        "initializer_range": 0.06,
    }
    return BertConfig(**{**settings, **changes})


def mask_tokens(
    input_ids: Tensor,
    maskable: Tensor,
    *,
    mask_id: int,
    vocab_size: int,
    generator: torch.Generator,
    share: float = 0.15,
) -> tuple[Tensor, Tensor]:
    """Hide tokens as BERT does: inputs ``(B, L)`` and targets ``(B, L)``.

    Of the ``maskable`` tokens ``share`` are chosen; 80 % of these become ``mask_id``, 10 % a random
    token, 10 % stay. The targets are the old tokens where one was chosen and ``IGNORED`` elsewhere.
    ``input_ids`` is not changed.
    """

    def draw() -> Tensor:
        return torch.rand(input_ids.shape, generator=generator)

    chosen = maskable & (draw() < share)
    targets = input_ids.masked_fill(~chosen, IGNORED)
    fate = draw()
    random_ids = torch.randint(vocab_size, input_ids.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), torch.full_like(input_ids, mask_id), input_ids)
    inputs = torch.where(chosen & (fate >= 0.8) & (fate < 0.9), random_ids, inputs)
    return inputs, targets


def train_language_model(
    texts: Sequence[str],
    *,
    epochs: int = 12,
    vocab_size: int = 1000,
    seed: int = 0,
    on_epoch: Callable[[int, float], None] | None = None,
) -> LanguageModel:
    """A small BERT that has learned to fill gaps in ``texts``, from nothing, on this machine.

    ``on_epoch(epoch, loss)`` is called after each epoch with the mean loss in nats per hidden
    token. The same seed gives the same model on the same kind of machine.
    """
    from transformers import BertForMaskedLM

    torch.manual_seed(seed)
    tokenizer = train_tokenizer(texts, vocab_size)
    device = get_device()
    model = BertForMaskedLM(small_bert_config(len(tokenizer))).to(device)
    batch_size = 32
    steps = epochs * -(-len(texts) // batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=max(steps, 2))
    generator = torch.Generator().manual_seed(seed)
    model.train()
    for epoch in range(1, epochs + 1):
        losses = []
        for batch in _batches(texts, batch_size, generator):
            inputs, targets, attention = _masked_batch(batch, tokenizer, generator)
            answer = model(
                input_ids=inputs.to(device),
                attention_mask=attention.to(device),
                labels=targets.to(device),
            )
            optimizer.zero_grad()
            answer.loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(float(answer.loss.detach()))
        if on_epoch is not None:
            on_epoch(epoch, sum(losses) / len(losses))
    return LanguageModel(model.eval().cpu(), tokenizer)


def _batches(texts: Sequence[str], batch_size: int, generator: torch.Generator) -> list[list[str]]:
    """All texts in a new order; neighbours in length share a batch, so that little is padding."""
    order = torch.randperm(len(texts), generator=generator).tolist()
    batches = []
    for start in range(0, len(order), 8 * batch_size):
        pool = sorted((texts[i] for i in order[start : start + 8 * batch_size]), key=len)
        batches += [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]


def _masked_batch(
    texts: Sequence[str], tokenizer: Any, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, targets and attention mask, each ``(B, L)``; at least one token is hidden."""
    batch = tokenizer(
        list(texts),
        padding=True,
        truncation=True,
        max_length=MAX_TOKENS,
        return_tensors="pt",
        return_special_tokens_mask=True,
    )
    maskable = batch["special_tokens_mask"] == 0
    while True:  # a tiny batch may draw nothing, and the mean over nothing is not a number
        inputs, targets = mask_tokens(
            batch["input_ids"],
            maskable,
            mask_id=tokenizer.mask_token_id,
            vocab_size=len(tokenizer),
            generator=generator,
        )
        if bool((targets != IGNORED).any()) or not bool(maskable.any()):
            return inputs, targets, batch["attention_mask"]


@torch.no_grad()
def gap_accuracy(language_model: LanguageModel, texts: Sequence[str], seed: int = 0) -> float:
    """Share of hidden tokens in ``texts`` that the model's first guess restores, 0 to 1."""
    model, tokenizer = language_model.model.eval(), language_model.tokenizer
    generator = torch.Generator().manual_seed(seed)
    right = total = 0
    for start in range(0, len(texts), 32):
        inputs, targets, attention = _masked_batch(texts[start : start + 32], tokenizer, generator)
        device = next(model.parameters()).device
        logits = model(input_ids=inputs.to(device), attention_mask=attention.to(device)).logits
        asked = targets != IGNORED
        right += int((logits.argmax(-1).cpu() == targets)[asked].sum())
        total += int(asked.sum())
    return right / max(total, 1)


def save_language_model(language_model: LanguageModel, folder: Path) -> None:
    """Weights as safetensors, settings and tokenizer as JSON, all in ``folder``."""
    with quiet_transformers():
        language_model.model.save_pretrained(folder)
        language_model.tokenizer.save_pretrained(folder)


def load_language_model(folder: Path) -> LanguageModel:
    """A masked language model from a folder on the disk (``OSError`` if something is missing)."""
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    with quiet_transformers():
        model = AutoModelForMaskedLM.from_pretrained(folder, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return LanguageModel(model.eval(), tokenizer)
