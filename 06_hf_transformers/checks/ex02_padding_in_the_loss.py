"""Checks 06.e2: padding is not in the loss, and each real token counts the same."""

from types import ModuleType

import torch
from course.expect import expect_close

RULE = "sum of -log p(target) over real tokens / number of real tokens"


def check(exercise: ModuleType) -> None:
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(2, 6, 11, generator=generator)
    targets = torch.randint(1, 11, (2, 6), generator=generator)
    mask = torch.tensor([[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]])
    targets = targets * mask
    wanted = torch.nn.functional.cross_entropy(logits[mask.bool()], targets[mask.bool()])

    sure = torch.zeros(2, 60, 11)
    sure[..., 0] = 20.0  # after the sentences the model says [PAD], and is sure of it
    sure[:, :6] = logits
    long_targets, long_mask = (torch.nn.functional.pad(x, (0, 54)) for x in (targets, mask))
    padded = exercise.language_model_loss(sure, long_targets, long_mask)
    expect_close(
        padded,
        wanted,
        tolerance=1e-4,
        formula=RULE,
        what="the loss of the two sentences padded to 60 tokens",
    )
    got = exercise.language_model_loss(logits, targets, mask)
    expect_close(
        got,
        wanted,
        tolerance=1e-4,
        formula=RULE,
        what="the loss of a sentence of 2 and one of 6 tokens (all 8 count the same)",
    )
    full = exercise.language_model_loss(logits, targets, torch.ones(2, 6, dtype=torch.long))
    expect_close(
        full,
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()),
        tolerance=1e-4,
        formula=RULE,
        what="the loss of a batch without padding",
    )
    strange = logits.clone()
    strange[0, 3] = -torch.inf  # 0 * inf is not a number: choosing is safer than multiplying
    strange[0, 3, 5] = 0.0
    got = exercise.language_model_loss(strange, targets, mask)
    expect_close(
        got,
        wanted,
        tolerance=1e-4,
        formula=RULE,
        what="the loss when a logit under the padding is -inf",
    )
