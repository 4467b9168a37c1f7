"""Fine-tuning: a pretrained model gets a new last layer and a few minutes of labelled examples.

The training loop is ``transformers.Trainer``. The same function trains DistilBERT and the small
BERT of this floor; only the settings differ.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from env_utils import MissingDependencyError
from numpy.typing import NDArray

from hf_utils.language_model import LanguageModel
from hf_utils.loading import quiet_transformers
from hf_utils.metrics import score
from hf_utils.sentences import LABELS, Sentence, Split
from hf_utils.wordpiece import MAX_TOKENS


@dataclass(frozen=True)
class TextClassifier:
    """A ``...ForSequenceClassification`` model with its tokenizer."""

    model: Any
    tokenizer: Any


@dataclass(frozen=True)
class FineTuned:
    """The classifier after training, with one value per epoch of each curve."""

    classifier: TextClassifier
    history: dict[str, list[float]]  # loss, val_loss, val_accuracy


class _Rows(torch.utils.data.Dataset[dict[str, Any]]):
    """Tokenized sentences without padding: the collator pads each batch to its own longest."""

    def __init__(self, sentences: Sequence[Sentence], tokenizer: Any) -> None:
        self.rows = [
            {**tokenizer(s.text, truncation=True, max_length=MAX_TOKENS), "labels": s.label}
            for s in sentences
        ]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.rows[index]


def with_classification_head(pretrained: LanguageModel, seed: int = 0) -> TextClassifier:
    """The body of ``pretrained`` under a new, random classification layer; the body is copied."""
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(seed)
    with quiet_transformers(), tempfile.TemporaryDirectory() as folder:
        pretrained.model.save_pretrained(folder)
        model = AutoModelForSequenceClassification.from_pretrained(
            folder,
            local_files_only=True,
            id2label=dict(enumerate(LABELS)),
            label2id={label: number for number, label in enumerate(LABELS)},
        )
    return TextClassifier(model, pretrained.tokenizer)


def fine_tune(
    classifier: TextClassifier,
    split: Split,
    *,
    epochs: int,
    learning_rate: float,
    batch_size: int = 16,
    seed: int = 0,
    cpu: bool = False,
) -> FineTuned:
    """Train ``classifier`` in place on ``split.train``, watching ``split.validation``.

    The test part is not looked at. AdamW, 10 % warm-up, then linear to zero. Uses a GPU where
    there is one unless ``cpu``.
    """
    from transformers import DataCollatorWithPadding, PrinterCallback, Trainer, TrainingArguments

    try:
        import accelerate  # noqa: F401 - Trainer needs it and says so less clearly
    except ImportError as error:
        raise MissingDependencyError(
            'transformers.Trainer needs accelerate: pip install "voice-cloning-pipeline[course]".'
        ) from error
    tokenizer = classifier.tokenizer
    steps_per_epoch = -(-len(split.train) // batch_size)
    with tempfile.TemporaryDirectory() as scratch:
        trainer = Trainer(
            model=classifier.model,
            args=TrainingArguments(
                output_dir=scratch,
                num_train_epochs=epochs,
                learning_rate=learning_rate,
                per_device_train_batch_size=batch_size,
                per_device_eval_batch_size=64,
                warmup_steps=max(1, epochs * steps_per_epoch // 10),
                weight_decay=0.01,
                eval_strategy="epoch",
                logging_strategy="epoch",
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                use_cpu=cpu,
                dataloader_pin_memory=False,
                seed=seed,
            ),
            train_dataset=_Rows(split.train, tokenizer),
            eval_dataset=_Rows(split.validation, tokenizer),
            data_collator=DataCollatorWithPadding(tokenizer),
            compute_metrics=_accuracy,
        )
        trainer.remove_callback(PrinterCallback)  # the history below is what is shown
        trainer.train()
    log = trainer.state.log_history
    history = {
        "loss": [float(row["loss"]) for row in log if "loss" in row],
        "val_loss": [float(row["eval_loss"]) for row in log if "eval_loss" in row],
        "val_accuracy": [float(row["eval_accuracy"]) for row in log if "eval_accuracy" in row],
    }
    classifier.model.cpu().eval()
    return FineTuned(classifier, history)


def _accuracy(predicted: Any) -> dict[str, float]:
    answers = np.asarray(predicted.predictions).argmax(axis=-1)
    return {"accuracy": score(predicted.label_ids.tolist(), answers.tolist()).accuracy}


@torch.no_grad()
def predict_probabilities(
    classifier: TextClassifier, texts: Sequence[str], batch_size: int = 64
) -> NDArray[np.float32]:
    """The probability of each label for each text, ``(N, labels)`` float32; rows sum to 1."""
    model = classifier.model.eval()
    device = next(model.parameters()).device
    rows = []
    for start in range(0, len(texts), batch_size):
        batch = classifier.tokenizer(
            list(texts[start : start + batch_size]),
            padding=True,
            truncation=True,
            max_length=MAX_TOKENS,
            return_tensors="pt",
        ).to(device)
        rows.append(model(**batch).logits.softmax(dim=-1).cpu().numpy())
    return np.concatenate(rows) if rows else np.zeros((0, len(LABELS)), np.float32)


def save_classifier(classifier: TextClassifier, folder: Path) -> None:
    """Weights as safetensors, settings, labels and tokenizer as JSON, all in ``folder``."""
    with quiet_transformers():
        classifier.model.save_pretrained(folder)
        classifier.tokenizer.save_pretrained(folder)


def load_classifier(folder: Path) -> TextClassifier:
    """What :func:`save_classifier` wrote (``OSError`` if something is missing)."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    with quiet_transformers():
        model = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return TextClassifier(model.eval(), tokenizer)
