"""A WordPiece tokenizer trained on the spot, in the form that BERT and ``transformers`` expect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from env_utils import InputError, MissingDependencyError

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # numbers 0 to 4
MAX_TOKENS = 64  # the longest sentence that the small models of this floor read


def train_tokenizer(texts: Iterable[str], vocab_size: int = 2000) -> Any:
    """A fast tokenizer for BERT, lower-casing, learned from ``texts``.

    Returns a ``transformers.PreTrainedTokenizerFast``: ``tokenizer("Is it late?")`` gives
    ``input_ids`` and ``attention_mask``, with ``[CLS]`` in front and ``[SEP]`` at the end. Give it
    the training part only: a vocabulary that has seen the test part knows its words. Raises
    ``InputError`` when there is no text.
    """
    try:
        from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
        from tokenizers.processors import TemplateProcessing
        from transformers import PreTrainedTokenizerFast
    except ImportError as error:
        raise MissingDependencyError(
            "transformers and tokenizers are not installed: "
            'pip install "voice-cloning-pipeline[course]".'
        ) from error
    texts = list(texts)
    if not any(text.strip() for text in texts):
        raise InputError("train_tokenizer: there is no text to learn a vocabulary from.")
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size, special_tokens=list(SPECIAL_TOKENS), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, SPECIAL_TOKENS.index(token)) for token in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=MAX_TOKENS,
    )
