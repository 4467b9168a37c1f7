"""Floor 07: data. Utterances, manifests, corpus layouts, splits, batches, judging recordings."""

from data_utils.manifest import COLUMNS, read_manifest, read_rows, write_manifest
from data_utils.readers import CORPORA, detect_corpus, read_corpus
from data_utils.sampler import FrameBucketSampler
from data_utils.utterance import Utterance

__all__ = [
    "COLUMNS",
    "CORPORA",
    "FrameBucketSampler",
    "Utterance",
    "detect_corpus",
    "read_corpus",
    "read_manifest",
    "read_rows",
    "write_manifest",
]
