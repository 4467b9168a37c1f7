"""Two trained transformers for comparison: a sentiment classifier and a summarizer.

Both come from the Hugging Face cache or hub through ``transformers``' own loader. Where neither can
be had, :func:`load_sentiment` and :func:`load_summarizer` raise ``MissingDependencyError`` with one
sentence within seconds, and nothing heavy has been imported by then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tts_utils.hub import load_pretrained, require_packages, require_weights

SENTIMENT = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
SUMMARIZER = "sshleifer/distilbart-cnn-6-6"
_INSTALL = 'pip install "voice-cloning-pipeline[hf]"'
_MOST_TOKENS = 1024  # that BART reads at once


def load_sentiment(repository: str = SENTIMENT) -> Callable[[Sequence[str]], list[float]]:
    """A function from sentences to valences in (-1, 1), by DistilBERT trained on film reviews."""
    model, tokenizer = _load(
        "DistilBERT", repository, "AutoModelForSequenceClassification", "270 MB"
    )

    def valences(sentences: Sequence[str]) -> list[float]:
        import torch

        found: list[float] = []
        for sentence in sentences:
            encoded = tokenizer(sentence, return_tensors="pt", truncation=True)
            with torch.no_grad():
                probabilities = model(**encoded).logits.softmax(dim=-1)[0]
            found.append(float(probabilities[1] - probabilities[0]))  # 1 is "POSITIVE"
        return found

    return valences


def load_summarizer(repository: str = SUMMARIZER) -> Callable[[str, int], str]:
    """A function from a text and a number of tokens to a newly written summary, by a small BART."""
    model, tokenizer = _load("BART", repository, "AutoModelForSeq2SeqLM", "460 MB")

    def summary(text: str, tokens: int) -> str:
        import torch

        encoded = tokenizer(text, return_tensors="pt", truncation=True, max_length=_MOST_TOKENS)
        with torch.no_grad():
            written = model.generate(**encoded, max_new_tokens=tokens, num_beams=4)
        return str(tokenizer.decode(written[0], skip_special_tokens=True)).strip()

    return summary


def _load(name: str, repository: str, kind: str, size: str) -> tuple[Any, Any]:
    """Model (for inference) and tokenizer of a repository, or of a folder of that form."""
    require_packages(name, ("transformers", "huggingface_hub"), _INSTALL)
    require_weights(name, (repository,), size)
    import transformers

    def load(local_files_only: bool) -> tuple[Any, Any]:
        model = getattr(transformers, kind).from_pretrained(
            repository, local_files_only=local_files_only
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            repository, local_files_only=local_files_only
        )
        return model.eval(), tokenizer

    model, tokenizer = load_pretrained(name, repository, size, load)
    return model, tokenizer
