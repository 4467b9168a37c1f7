"""Floor 06: pretrained transformers, from a hub, a cache, or a small configuration built here."""

from hf_utils.attention import (
    MultiHeadAttention,
    attention,
    causal_mask,
    padding_mask,
    rotate,
    sinusoidal_positions,
)
from hf_utils.classifier import (
    TextClassifier,
    fine_tune,
    load_classifier,
    predict_probabilities,
    save_classifier,
    with_classification_head,
)
from hf_utils.codecs import Codec, load_codec
from hf_utils.hub import HubError, hub_is_reachable
from hf_utils.loading import Loaded, load_or_build
from hf_utils.metrics import Scores, score, wilson_interval
from hf_utils.sentences import LABELS, Sentence, Split, load_sentences, split_by_scene
from hf_utils.whisper import Whisper, load_whisper, transcribe
from hf_utils.wordpiece import train_tokenizer

# fmt: off
__all__ = [
    "LABELS", "Codec", "HubError", "Loaded", "MultiHeadAttention", "Scores", "Sentence", "Split",
    "TextClassifier", "Whisper", "attention", "causal_mask", "fine_tune", "hub_is_reachable",
    "load_classifier", "load_codec", "load_or_build", "load_sentences", "load_whisper",
    "padding_mask", "predict_probabilities", "rotate", "save_classifier", "score",
    "sinusoidal_positions", "split_by_scene", "train_tokenizer", "transcribe", "wilson_interval",
    "with_classification_head",
]
# fmt: on
