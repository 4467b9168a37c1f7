"""06.e2  The loss of nothing (broken on purpose)

The loss of a language model over a batch of sentences of unequal length. It runs, training goes
down nicely, and the numbers are better than they should be: the model is praised for guessing
padding. Find the mistake and mend it.

    loss = sum of -log p(target) over the real tokens / number of real tokens

Shapes: logits (B, L, V) float32, targets (B, L) int64, attention_mask (B, L): 1 for real tokens, 0
    for padding -> a scalar tensor. The targets under the padding are 0, the number of [PAD].

Example: a batch with one sentence of 2 tokens and one of 6, padded to 6: the mean is over 8
    positions, not over 12. The same two sentences padded to 100 must give the same loss.
"""

from __future__ import annotations

from torch import Tensor


def language_model_loss(logits: Tensor, targets: Tensor, attention_mask: Tensor) -> Tensor:
    """Mean cross-entropy in nats per token."""
    log_probabilities = logits.log_softmax(dim=-1)
    right = log_probabilities.gather(-1, targets[..., None])[..., 0]  # (B, L)
    loss_per_sentence = -right.mean(dim=1)
    sentences = attention_mask.any(dim=1)  # leave out sentences that are padding altogether
    return loss_per_sentence[sentences].mean()
