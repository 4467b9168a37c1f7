"""The peer for the whole system: VITS (J. Kim et al., 2021) as transformers builds it by default.

Random weights: speed does not depend on what they say, except through the predicted length, which
is fixed here so that every run speaks the same number of seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def build(seconds: float) -> tuple[Callable[[], Any], float]:
    """(a call that speaks once, the seconds of audio it makes). Needs the extra ``hf``.

    The default configuration makes 62.5 frames a second at 16 kHz. ``speaking_rate`` is searched so
    that fifteen symbols last about a second, as in speech.
    """
    from transformers import VitsConfig, VitsModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    torch.manual_seed(0)
    model = VitsModel(VitsConfig()).eval()
    inputs = torch.randint(1, model.config.vocab_size, (1, round(15 * seconds)))

    def speak() -> Any:
        torch.manual_seed(0)
        with torch.inference_mode():
            return model(input_ids=inputs).waveform

    for _ in range(6):  # the length is nearly proportional to 1 / rate
        made = speak().shape[-1] / model.config.sampling_rate
        if abs(made - seconds) < 0.1 * seconds:
            break
        model.speaking_rate *= made / seconds
    return speak, speak().shape[-1] / model.config.sampling_rate


if __name__ == "__main__":
    _, length = build(10.0)
    print(f"{length:.2f} s of audio a call")
