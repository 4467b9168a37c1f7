"""Floor 07: data. Utterances, manifests, corpus layouts, splits, batches, judging recordings.

The phone HMM of forced alignment is in ``data_utils.phone_hmm`` (it loads numba).
"""

from data_utils.manifest import COLUMNS, read_manifest, read_rows, write_manifest
from data_utils.quality_classifier import QualityClassifier
from data_utils.readers import CORPORA, detect_corpus, read_corpus
from data_utils.sampler import FrameBucketSampler
from data_utils.splits import prompt_of, split_by_prompt, split_by_speaker
from data_utils.utterance import Utterance

__all__ = [
    "COLUMNS",
    "CORPORA",
    "FrameBucketSampler",
    "QualityClassifier",
    "Utterance",
    "detect_corpus",
    "prompt_of",
    "read_corpus",
    "read_manifest",
    "read_rows",
    "split_by_prompt",
    "split_by_speaker",
    "write_manifest",
]
