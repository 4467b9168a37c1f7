"""The two models that the lessons of this floor share, published or built here.

What is built is kept in the lesson's output folder, so that the second lesson finds it. Both are
built without the test part of the sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from env_utils import InputError

from hf_utils.classifier import FineTuned, fine_tune, with_classification_head
from hf_utils.language_model import (
    LanguageModel,
    book_sentences,
    load_language_model,
    save_language_model,
    train_language_model,
)
from hf_utils.loading import Loaded, load_or_build
from hf_utils.sentences import Split, load_sentences, split_by_scene

BASE_MODEL = "distilbert/distilbert-base-uncased"


def pretraining_texts(seed: int = 0) -> list[str]:
    """Text without labels: the sample book and the training part of the sentences."""
    train = split_by_scene(load_sentences(), seed=seed).train
    return book_sentences() + [sentence.text for sentence in train]


def pretrained_language_model(
    folder: Path,
    *,
    name: str = BASE_MODEL,
    seed: int = 0,
    smoke: bool = False,
    say: Callable[[str], None] = print,
) -> Loaded[LanguageModel]:
    """``name`` from the hub or the cache, else a small BERT trained here and kept in ``folder``.

    ``smoke`` trains it for two epochs on a part of the text: the same code, a worse model.
    """
    epochs = 2 if smoke else 12

    def build() -> LanguageModel:
        texts = pretraining_texts(seed)
        return train_language_model(
            texts[::3] if smoke else texts,
            epochs=epochs,
            seed=seed,
            on_epoch=lambda epoch, loss: say(
                f"  epoch {epoch:2} of {epochs}: loss {loss:.2f} nats per hidden token"
            ),
        )

    kept = folder / f"small_bert_seed{seed}{'_smoke' if smoke else ''}"
    return load_or_build(
        name, load_language_model, build, keep=kept, save=save_language_model, say=say
    )


def fine_tuned_classifier(
    base: Loaded[LanguageModel], split: Split, *, seed: int = 0, smoke: bool = False
) -> FineTuned:
    """Dialogue or narration: ``base`` with a new head, trained on ``split.train``.

    Published weights are moved gently (3 epochs, 5e-5); the small model, which knows little that
    could be lost, gets more (8 epochs, 5e-4; ``smoke``: 4 epochs, 1e-3). Raises ``InputError`` when
    there is nothing to train on.
    """
    if not split.train:
        raise InputError("there is no sentence to train on.")
    epochs, learning_rate = (3, 5e-5) if base.pretrained else (4, 1e-3) if smoke else (8, 5e-4)
    classifier = with_classification_head(base.value, seed)
    return fine_tune(classifier, split, epochs=epochs, learning_rate=learning_rate, seed=seed)
